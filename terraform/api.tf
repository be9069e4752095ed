# Two methods and no more: which routes there are is the router's business.

locals {
  api_uri = "arn:${local.partition}:apigateway:${var.region}:lambda:path/2015-03-31/functions/${local.api_arn}/invocations"

  # A deployment is a copy: whatever of this changes has to make a new one to reach clients.
  deployed = [
    aws_api_gateway_rest_api.slo.disable_execute_api_endpoint,
    aws_api_gateway_resource.proxy.id,
    aws_api_gateway_method.root.authorization,
    aws_api_gateway_method.root.api_key_required,
    aws_api_gateway_method.proxy.authorization,
    aws_api_gateway_method.proxy.api_key_required,
    aws_api_gateway_integration.root.id,
    aws_api_gateway_integration.root.uri,
    aws_api_gateway_integration.proxy.id,
    aws_api_gateway_integration.proxy.uri,
  ]
}

resource "aws_api_gateway_rest_api" "slo" {
  name        = var.name
  description = "Service level objectives and error budgets."

  # Else it would be a way around the domain; which is there by then.
  disable_execute_api_endpoint = length(aws_api_gateway_domain_name.slo) > 0

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "proxy" {
  rest_api_id = aws_api_gateway_rest_api.slo.id
  parent_id   = aws_api_gateway_rest_api.slo.root_resource_id
  path_part   = "{proxy+}"
}

resource "aws_api_gateway_method" "root" {
  rest_api_id      = aws_api_gateway_rest_api.slo.id
  resource_id      = aws_api_gateway_rest_api.slo.root_resource_id
  http_method      = "ANY"
  authorization    = local.authorization
  api_key_required = var.usage_plan != null
}

resource "aws_api_gateway_method" "proxy" {
  rest_api_id      = aws_api_gateway_rest_api.slo.id
  resource_id      = aws_api_gateway_resource.proxy.id
  http_method      = "ANY"
  authorization    = local.authorization
  api_key_required = var.usage_plan != null
}

resource "aws_api_gateway_integration" "root" {
  rest_api_id             = aws_api_gateway_rest_api.slo.id
  resource_id             = aws_api_gateway_rest_api.slo.root_resource_id
  http_method             = aws_api_gateway_method.root.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = local.api_uri
}

resource "aws_api_gateway_integration" "proxy" {
  rest_api_id             = aws_api_gateway_rest_api.slo.id
  resource_id             = aws_api_gateway_resource.proxy.id
  http_method             = aws_api_gateway_method.proxy.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = local.api_uri
}

# Of this stage, and not of the console's test button, which asks nobody for authorization.
resource "aws_lambda_permission" "gateway" {
  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.api.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.slo.execution_arn}/${var.stage}/*"
}

resource "aws_api_gateway_deployment" "slo" {
  rest_api_id = aws_api_gateway_rest_api.slo.id

  triggers = {
    api = sha1(jsonencode(local.deployed))
  }

  # One that a stage uses cannot be deleted.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "slo" {
  rest_api_id   = aws_api_gateway_rest_api.slo.id
  deployment_id = aws_api_gateway_deployment.slo.id
  stage_name    = var.stage

  # One line a request: neither headers nor queries, so no credentials. LocalStack's free edition has no such logs.
  dynamic "access_log_settings" {
    for_each = local.aws ? [aws_cloudwatch_log_group.gateway.arn] : []

    content {
      destination_arn = access_log_settings.value
      format = jsonencode({
        requestId          = "$context.requestId"
        extendedRequestId  = "$context.extendedRequestId"
        time               = "$context.requestTimeEpoch"
        ip                 = "$context.identity.sourceIp"
        caller             = "$context.identity.userArn"
        userAgent          = "$context.identity.userAgent"
        method             = "$context.httpMethod"
        path               = "$context.path"
        status             = "$context.status"
        error              = "$context.error.message"
        latency            = "$context.responseLatency"
        integrationLatency = "$context.integrationLatency"
        integrationStatus  = "$context.integrationStatus"
        integrationError   = "$context.integrationErrorMessage"
        responseLength     = "$context.responseLength"
      })
    }
  }

  # Another name is another stage, and a usage plan keeps the old one until it has the new one.
  lifecycle {
    create_before_destroy = true
  }

  # API Gateway refuses logs without a role.
  depends_on = [aws_api_gateway_account.slo]
}

resource "aws_api_gateway_method_settings" "slo" {
  rest_api_id = aws_api_gateway_rest_api.slo.id
  stage_name  = aws_api_gateway_stage.slo.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = var.throttle_rate
    throttling_burst_limit = var.throttle_burst

    # The stage has its metrics for nothing. Those by method are billed as up to sixty of one's own, and say no more: the
    # function's line of metrics has the route.
    metrics_enabled = false

    # Execution logs go to a group that AWS makes, without retention; the access log has the integration's error. Traces
    # would have bodies and headers.
    logging_level      = "OFF"
    data_trace_enabled = false
  }
}

# One per account and region. Destroying it unsets the role for all APIs there.
resource "aws_api_gateway_account" "slo" {
  count = local.aws && var.manage_gateway_logging ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.gateway_logs[0].arn

  # API Gateway looks at what the role may do.
  depends_on = [aws_iam_role_policy_attachment.gateway_logs]
}

resource "aws_api_gateway_usage_plan" "slo" {
  count = var.usage_plan == null ? 0 : 1

  name        = var.name
  description = "Quota of the API key of ${var.name}."

  api_stages {
    api_id = aws_api_gateway_rest_api.slo.id
    stage  = aws_api_gateway_stage.slo.stage_name
  }

  quota_settings {
    limit  = var.usage_plan.quota_per_day
    period = "DAY"
  }

  throttle_settings {
    rate_limit  = var.usage_plan.rate
    burst_limit = var.usage_plan.burst
  }
}

resource "aws_api_gateway_api_key" "slo" {
  count = var.usage_plan == null ? 0 : 1

  name        = var.name
  description = "Key of ${var.name}."
}

resource "aws_api_gateway_usage_plan_key" "slo" {
  count = var.usage_plan == null ? 0 : 1

  key_id        = aws_api_gateway_api_key.slo[0].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.slo[0].id
}
