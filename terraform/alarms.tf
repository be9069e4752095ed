# What somebody has to look at, told to the operations topic when it begins and when it ends. Only on AWS. Each says what
# no data means: nothing was asked of it, except for the worker, which always has something to do.

locals {
  functions = {
    api    = { name = aws_lambda_function.api.function_name, timeout = var.api_timeout }
    worker = { name = aws_lambda_function.worker.function_name, timeout = var.worker_timeout }
  }

  # An index is throttled by itself, and holds up the writes of its table.
  throttled = {
    definitions = { TableName = aws_dynamodb_table.definitions.name }
    by-service  = { TableName = aws_dynamodb_table.definitions.name, GlobalSecondaryIndexName = "by-service" }
    by-owner    = { TableName = aws_dynamodb_table.definitions.name, GlobalSecondaryIndexName = "by-owner" }
    counts      = { TableName = aws_dynamodb_table.counts.name }
  }

  # DynamoDB counts its own errors by operation only: those that matter most.
  operations = {
    definitions-read  = { TableName = aws_dynamodb_table.definitions.name, Operation = "GetItem" }
    definitions-write = { TableName = aws_dynamodb_table.definitions.name, Operation = "TransactWriteItems" }
    counts-read       = { TableName = aws_dynamodb_table.counts.name, Operation = "Query" }
    counts-write      = { TableName = aws_dynamodb_table.counts.name, Operation = "UpdateItem" }
  }

  # `of` is how many periods of five minutes are looked at, `bad` how many of them make an alarm.
  alarms = merge(
    {
      api-errors = {
        about      = "Requests ended in a crash or a timeout of the API function."
        namespace  = "AWS/Lambda", metric = "Errors", statistic = "Sum"
        dimensions = { FunctionName = aws_lambda_function.api.function_name }
        above      = 0, bad = 1, of = 1
      }
      worker-errors = {
        # Two in two hours, because reconciliation runs every hour.
        about      = "Rounds of alerts, reconciliations or batches fail, again: see the worker's log for the cause."
        namespace  = "AWS/Lambda", metric = "Errors", statistic = "Sum"
        dimensions = { FunctionName = aws_lambda_function.worker.function_name }
        above      = 0, bad = 2, of = 25
      }
      gateway-errors = {
        about      = "More than 1 % of the requests were answered with 5xx."
        namespace  = "AWS/ApiGateway", metric = "5XXError", statistic = "Average"
        dimensions = { ApiName = aws_api_gateway_rest_api.slo.name, Stage = var.stage }
        above      = 0.01, bad = 2, of = 3
      }
      gateway-latency = {
        about      = "The slowest of a hundred requests, or of fewer the slowest, takes more than 3 s."
        namespace  = "AWS/ApiGateway", metric = "Latency", statistic = "p99"
        dimensions = { ApiName = aws_api_gateway_rest_api.slo.name, Stage = var.stage }
        above      = 3000, bad = 3, of = 3
      }
      schedule-errors = {
        about      = "Scheduler cannot call the worker: see its role, and whether the function is there."
        namespace  = "AWS/Scheduler", metric = "TargetErrorCount", statistic = "Sum"
        dimensions = { ScheduleGroup = aws_scheduler_schedule_group.slo.name }
        above      = 0, bad = 2, of = 25
      }
      service-errors = {
        about      = "Answers of 5xx, failed events, or messages that come again: mostly the store did not answer in time."
        namespace  = "ErrorBudgets/${var.name}", metric = "Errors", statistic = "Sum"
        dimensions = {}
        above      = 0, bad = 2, of = 3
      }
    },
    { for name, function in local.functions : "${name}-throttles" => {
      about      = "Lambda turned away calls of the ${name} function: the account's concurrency, or what is reserved, is used up."
      namespace  = "AWS/Lambda", metric = "Throttles", statistic = "Sum"
      dimensions = { FunctionName = function.name }
      above      = 0, bad = 1, of = 1
    } },
    { for name, function in local.functions : "${name}-duration" => {
      about      = "The ${name} function takes more than 80 % of its time limit, again."
      namespace  = "AWS/Lambda", metric = "Duration", statistic = "Maximum"
      dimensions = { FunctionName = function.name }
      above      = function.timeout * 800, bad = 2, of = 25
    } },
    { for name, dimensions in local.throttled : "${name}-read-throttles" => {
      about      = "Reads of ${name} are throttled: max_read_units is reached, or a partition is too hot."
      namespace  = "AWS/DynamoDB", metric = "ReadThrottleEvents", statistic = "Sum"
      dimensions = dimensions
      above      = 0, bad = 2, of = 3
    } },
    { for name, dimensions in local.throttled : "${name}-write-throttles" => {
      about      = "Writes to ${name} are throttled: max_write_units is reached, or a partition is too hot."
      namespace  = "AWS/DynamoDB", metric = "WriteThrottleEvents", statistic = "Sum"
      dimensions = dimensions
      above      = 0, bad = 2, of = 3
    } },
    { for name, dimensions in local.operations : "${name}-system-errors" => {
      about      = "DynamoDB itself fails in ${dimensions.Operation} on ${dimensions.TableName}."
      namespace  = "AWS/DynamoDB", metric = "SystemErrors", statistic = "Sum"
      dimensions = dimensions
      above      = 0, bad = 2, of = 3
    } },
    { for queue in aws_sqs_queue.failed : "failed-messages" => {
      about      = "Measurements could not be written and wait in ${queue.name}. They are not counted until somebody sends them again."
      namespace  = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum"
      dimensions = { QueueName = queue.name }
      above      = 0, bad = 1, of = 1
    } },
    { for queue in aws_sqs_queue.measurements : "waiting-messages" => {
      about      = "Measurements wait in ${queue.name} for more than an hour: the worker does not read them. After four days they are lost."
      namespace  = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum"
      dimensions = { QueueName = queue.name }
      above      = 3600, bad = 1, of = 1
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "slo" {
  for_each = { for name, alarm in local.alarms : name => alarm if local.aws }

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = each.value.about

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  period              = 300
  evaluation_periods  = each.value.of
  datapoints_to_alarm = each.value.bad
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above

  # All of these count what happens: no data is nothing.
  treat_missing_data = "notBreaching"

  alarm_actions = [aws_sns_topic.operations.arn]
  ok_actions    = [aws_sns_topic.operations.arn]
}

resource "aws_cloudwatch_metric_alarm" "worker_idle" {
  count = local.aws ? 1 : 0

  alarm_name        = "${var.name}-worker-idle"
  alarm_description = "No schedule has called the worker for two intervals, or 15 minutes: nobody is told of alerts. Also once after the first apply."

  # Not the worker's invocations: messages of the queue would hide that its schedules are dead.
  namespace           = "AWS/Scheduler"
  metric_name         = "InvocationAttemptCount"
  dimensions          = { ScheduleGroup = aws_scheduler_schedule_group.slo.name }
  statistic           = "Sum"
  period              = 60 * max(15, 2 * var.alert_interval_minutes)
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 1

  # Where nothing is called there is no data at all.
  treat_missing_data = "breaching"

  alarm_actions = [aws_sns_topic.operations.arn]
  ok_actions    = [aws_sns_topic.operations.arn]
}
