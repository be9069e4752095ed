# Two functions of one package, so that who calls the API can neither publish alerts nor use up
# the time of the rounds. They share the account's concurrency: `reserved_concurrency` keeps some for the worker.

resource "aws_lambda_function" "api" {
  function_name = "${var.name}-api"
  description   = "Service level objectives and error budgets: answers the API."
  role          = aws_iam_role.api.arn

  package_type     = local.zip ? "Zip" : "Image"
  filename         = local.zip ? local.zip_path : null
  source_code_hash = local.zip && fileexists(local.zip_path) ? filebase64sha256(local.zip_path) : null
  runtime          = local.zip ? "provided.al2023" : null
  handler          = local.zip ? "bootstrap" : null
  image_uri        = var.image_uri
  architectures    = [var.architecture]

  memory_size                    = var.memory_size
  timeout                        = var.api_timeout
  reserved_concurrent_executions = coalesce(var.reserved_concurrency, -1)
  kms_key_arn                    = var.kms_key_arn

  environment {
    variables = {
      SLO_TABLE_PREFIX      = "${var.name}-"
      SLO_METRICS_NAMESPACE = local.metrics_namespace
      SLO_AUTH              = local.auth
    }
  }

  # Lambda's own lines of each invocation say less than the service's line of metrics and cost as much; failures are WARN.
  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.api.name
    application_log_level = var.log_level
    system_log_level      = "WARN"
  }

  lifecycle {
    # Not a validation of the variable: that would keep from destroying, too.
    precondition {
      condition     = !local.zip || fileexists(local.zip_path)
      error_message = "There is no package at ${local.zip_path}. Make it with: bash slo-lambda/package zip${var.architecture == "arm64" ? " arm64" : ""}"
    }
  }

  # It may be called as soon as it is there.
  depends_on = [aws_iam_role_policy.api]
}

resource "aws_lambda_function" "worker" {
  function_name = "${var.name}-worker"
  description   = "Service level objectives and error budgets: rounds of alerts, reconciliation, and the queue."
  role          = aws_iam_role.worker.arn

  package_type     = local.zip ? "Zip" : "Image"
  filename         = local.zip ? local.zip_path : null
  source_code_hash = local.zip && fileexists(local.zip_path) ? filebase64sha256(local.zip_path) : null
  runtime          = local.zip ? "provided.al2023" : null
  handler          = local.zip ? "bootstrap" : null
  image_uri        = var.image_uri
  architectures    = [var.architecture]

  memory_size = var.memory_size
  timeout     = var.worker_timeout
  kms_key_arn = var.kms_key_arn

  environment {
    variables = {
      SLO_TABLE_PREFIX      = "${var.name}-"
      SLO_METRICS_NAMESPACE = local.metrics_namespace
      SLO_ALERT_TOPIC_ARN   = aws_sns_topic.alerts.arn
    }
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.worker.name
    application_log_level = var.log_level
    system_log_level      = "WARN"
  }

  depends_on = [aws_iam_role_policy.worker]
}

# A round that failed or waited is out of date: the next one comes anyway.
resource "aws_lambda_function_event_invoke_config" "worker" {
  function_name                = aws_lambda_function.worker.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
