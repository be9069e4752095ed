# What an emulator gets: the service, and nothing that only AWS has.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "localstack" {
  variables {
    target        = "localstack"
    zip_path      = "versions.tf"
    endpoint      = "http://localhost:4510"
    notify_emails = ["ops@example.com"]
    domain_name   = "slo.example.com"
    zone_id       = "Z0123456789"
  }

  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] : !table.deletion_protection_enabled && !one(table.point_in_time_recovery).enabled])
    error_message = "Tables of an emulator can be deleted."
  }

  assert {
    condition     = alltrue([for method in [aws_api_gateway_method.root, aws_api_gateway_method.proxy] : method.authorization == "NONE"]) && aws_lambda_function.api.environment[0].variables.SLO_AUTH == "none" && output.first_token == null
    error_message = "An emulator asks for neither signature nor token."
  }

  assert {
    condition     = aws_lambda_function.api.environment[0].variables.SLO_METRICS_NAMESPACE == "" && aws_lambda_function.worker.environment[0].variables.SLO_METRICS_NAMESPACE == ""
    error_message = "An emulator gets no metrics."
  }

  assert {
    condition = 0 == sum([
      length(aws_budgets_budget.slo), length(aws_cloudwatch_metric_alarm.slo), length(aws_cloudwatch_metric_alarm.worker_idle), length(aws_cloudwatch_dashboard.slo),
      length(aws_api_gateway_account.slo), length(aws_iam_role.gateway_logs), length(aws_iam_role_policy_attachment.gateway_logs), length(aws_api_gateway_stage.slo.access_log_settings),
      length(aws_api_gateway_domain_name.slo), length(aws_acm_certificate.slo), length(aws_route53_record.a), length(aws_route53_record.aaaa), length(aws_sns_topic_subscription.operations),
      length(aws_sns_topic_policy.alerts), length(aws_sns_topic_policy.operations),
    ])
    error_message = "What only AWS has is left out."
  }

  assert {
    condition     = output.url == "http://abcdefghij.execute-api.localhost.localstack.cloud:4510/v1" && output.example == "curl -s \"http://abcdefghij.execute-api.localhost.localstack.cloud:4510/v1/api/v1\""
    error_message = "The URL is LocalStack's, with the port of the endpoint."
  }

  assert {
    condition     = one(aws_scheduler_schedule.alerts.target).arn == aws_lambda_function.worker.arn && one(aws_api_gateway_method_settings.slo.settings).throttling_rate_limit == 50
    error_message = "The service is there."
  }
}

run "protected_all_the_same" {
  command = plan

  variables {
    target                 = "localstack"
    zip_path               = "versions.tf"
    deletion_protection    = true
    point_in_time_recovery = true
    authorization          = "AWS_IAM"
  }

  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] : table.deletion_protection_enabled && one(table.point_in_time_recovery).enabled]) && aws_api_gateway_method.proxy.authorization == "AWS_IAM"
    error_message = "What is said counts."
  }
}

run "opened_on_aws" {
  command = plan

  variables {
    zip_path               = "versions.tf"
    deletion_protection    = false
    point_in_time_recovery = false
    auth                   = "none"
    authorization          = "NONE"
    measurement_queue      = true
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.measurements[0], aws_sqs_queue.failed[0]] : queue.sqs_managed_sse_enabled && queue.kms_master_key_id == null])
    error_message = "Queues are encrypted without a key of one's own, too."
  }

  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] : !table.deletion_protection_enabled && !one(table.point_in_time_recovery).enabled]) && aws_api_gateway_method.root.authorization == "NONE" && aws_lambda_function.api.environment[0].variables.SLO_AUTH == "none"
    error_message = "What is said counts: protection can be taken off before destroying."
  }
}

run "asked_for_tokens_on_an_emulator" {
  command = plan

  variables {
    target   = "localstack"
    zip_path = "versions.tf"
    auth     = "token"
  }

  assert {
    condition     = aws_lambda_function.api.environment[0].variables.SLO_AUTH == "token" && strcontains(output.first_token, " --endpoint-url http://localhost:4566 ") && strcontains(output.example, "Bearer $SLO_TOKEN")
    error_message = "Tokens can be tried."
  }
}

run "signed_on_aws" {
  variables {
    zip_path      = "versions.tf"
    authorization = "AWS_IAM"
  }

  assert {
    condition     = alltrue([for method in [aws_api_gateway_method.root, aws_api_gateway_method.proxy] : method.authorization == "AWS_IAM"]) && aws_lambda_function.api.environment[0].variables.SLO_AUTH == "none" && output.first_token == null
    error_message = "Who signs needs no token: there is one header for either."
  }

  assert {
    condition     = output.example == "curl -s --aws-sigv4 \"aws:amz:eu-west-1:execute-api\" --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" -H \"x-amz-security-token: $AWS_SESSION_TOKEN\" \"https://abcdefghij.execute-api.eu-west-1.amazonaws.com/v1/api/v1\""
    error_message = "The example signs."
  }
}

run "signed_because_nobody_asks_for_tokens" {
  command = plan

  variables {
    zip_path = "versions.tf"
    auth     = "none"
  }

  assert {
    condition     = alltrue([for method in [aws_api_gateway_method.root, aws_api_gateway_method.proxy] : method.authorization == "AWS_IAM"])
    error_message = "On AWS nothing is open unless it is said."
  }
}
