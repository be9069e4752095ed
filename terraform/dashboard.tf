# What happens, how fast, what fails, and what it costs. Only on AWS.

locals {
  gateway = ["ApiName", aws_api_gateway_rest_api.slo.name, "Stage", var.stage]

  # Names and values in turns, as a graph has them.
  graphed = { for name, dimensions in local.throttled : name => flatten([for key, value in dimensions : [key, value]]) }

  graphs = [
    {
      title   = "Requests"
      stat    = "Sum"
      metrics = [for metric in ["Count", "4XXError", "5XXError"] : concat(["AWS/ApiGateway", metric], local.gateway)]
    },
    {
      title = "Latency at the gateway, ms"
      stat  = "p99"
      metrics = concat(
        [for metric in ["Latency", "IntegrationLatency"] : concat(["AWS/ApiGateway", metric], local.gateway)],
        [concat(["AWS/ApiGateway", "Latency"], local.gateway, [{ stat = "p50", label = "Latency p50" }])],
      )
    },
    {
      title = "Errors and throttles"
      stat  = "Sum"
      metrics = concat(
        [for name, function in local.functions : ["AWS/Lambda", "Errors", "FunctionName", function.name]],
        [for name, function in local.functions : ["AWS/Lambda", "Throttles", "FunctionName", function.name]],
        [for dimensions in values(local.graphed) : concat(["AWS/DynamoDB", "WriteThrottleEvents"], dimensions)],
        [for dimensions in values(local.graphed) : concat(["AWS/DynamoDB", "ReadThrottleEvents"], dimensions)],
        [[local.metrics_namespace, "Errors"]],
      )
    },
    {
      title = "Invocations"
      stat  = "Sum"
      metrics = concat(
        [for name, function in local.functions : ["AWS/Lambda", "Invocations", "FunctionName", function.name]],
        [[local.metrics_namespace, "ColdStarts"]],
      )
    },
    {
      title = "In the handler, µs"
      stat  = "p99"
      metrics = [
        [local.metrics_namespace, "Duration", { label = "p99" }],
        [local.metrics_namespace, "Duration", { stat = "p50", label = "p50" }],
      ]
    },
    {
      title   = "An invocation at the store, mean"
      stat    = "Average"
      metrics = [for metric in ["StoreCalls", "ReadUnits", "WriteUnits"] : [local.metrics_namespace, metric]]
    },
  ]

  fuses = [
    { title = "Read units a second", metric = "ConsumedReadCapacityUnits", maximum = var.max_read_units },
    { title = "Write units a second", metric = "ConsumedWriteCapacityUnits", maximum = var.max_write_units },
  ]
}

resource "aws_cloudwatch_dashboard" "slo" {
  count = local.aws ? 1 : 0

  dashboard_name = local.global

  # Two columns of twelve.
  dashboard_body = jsonencode({
    widgets = concat(
      [for i, graph in local.graphs : {
        type   = "metric"
        x      = 12 * (i % 2)
        y      = 6 * floor(i / 2)
        width  = 12
        height = 6
        properties = {
          title   = graph.title
          region  = var.region
          view    = "timeSeries"
          period  = 300
          stat    = graph.stat
          metrics = graph.metrics
        }
      }],
      [for i, fuse in local.fuses : {
        type   = "metric"
        x      = 12 * i
        y      = 18
        width  = 12
        height = 6
        properties = {
          title  = fuse.title
          region = var.region
          view   = "timeSeries"
          period = 60
          stat   = "Sum"
          # Consumption is counted by the period, the fuse by the second.
          metrics = concat(
            [for i, name in keys(local.graphed) : concat(["AWS/DynamoDB", fuse.metric], local.graphed[name], [{ id = "consumed${i}", visible = false }])],
            [for i, name in keys(local.graphed) : [{ id = "rate${i}", expression = "consumed${i} / PERIOD(consumed${i})", label = name }]],
          )
          annotations = { horizontal = [{ label = "cost fuse", value = fuse.maximum }] }
        }
      }],
    )
  })
}
