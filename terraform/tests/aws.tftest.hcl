# What AWS gets when nothing is said, applied to a mock.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  # Any file: what is in the package is tested elsewhere.
  zip_path = "versions.tf"
}

run "aws" {
  # Tables

  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] : table.deletion_protection_enabled])
    error_message = "Tables are protected from deletion."
  }

  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] : one(table.point_in_time_recovery).enabled])
    error_message = "Tables can be restored."
  }

  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] : one(table.server_side_encryption).enabled])
    error_message = "Tables are encrypted with a key that leaves a trace."
  }

  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] :
      table.billing_mode == "PAY_PER_REQUEST" && one(table.on_demand_throughput).max_read_request_units == 200 && one(table.on_demand_throughput).max_write_request_units == 50
    ])
    error_message = "Tables are on demand, with a fuse."
  }

  assert {
    condition = alltrue([
      for index in aws_dynamodb_table.definitions.global_secondary_index :
      try(one(index.on_demand_throughput).max_read_request_units, 0) == 200 && try(one(index.on_demand_throughput).max_write_request_units, 0) == 50
    ])
    error_message = "Indexes have the fuse as well."
  }

  assert {
    condition = [aws_dynamodb_table.definitions.name, aws_dynamodb_table.counts.name] == ["slo-slo", "slo-counts"] && alltrue([
      for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] : table.hash_key == "pk" && table.range_key == "sk"
    ])
    error_message = "Tables have the names and keys that the service asks for."
  }

  assert {
    condition = {
      for index in aws_dynamodb_table.definitions.global_secondary_index : index.name => "${index.hash_key} ${index.range_key} ${index.projection_type}"
      } == {
      by-owner   = "owner_key sk ALL"
      by-service = "service_key sk ALL"
    }
    error_message = "The definitions have the two indexes that the service asks for."
  }

  assert {
    condition     = toset([for attribute in aws_dynamodb_table.definitions.attribute : "${attribute.name} ${attribute.type}"]) == toset(["pk S", "sk S", "owner_key S", "service_key S"])
    error_message = "All keys are strings."
  }

  assert {
    condition     = one(aws_dynamodb_table.counts.ttl).attribute_name == "ttl" && one(aws_dynamodb_table.counts.ttl).enabled && length(aws_dynamodb_table.counts.global_secondary_index) == 0
    error_message = "Counts expire, and have no index."
  }

  assert {
    condition     = length([for ttl in aws_dynamodb_table.definitions.ttl : ttl if ttl.enabled == true]) == 0
    error_message = "Definitions never expire."
  }

  # Functions

  assert {
    condition     = aws_lambda_function.api.environment[0].variables == tomap({ SLO_TABLE_PREFIX = "slo-", SLO_METRICS_NAMESPACE = "ErrorBudgets/slo", SLO_AUTH = "token" })
    error_message = "The API function knows its tables and its metrics, and no topic."
  }

  assert {
    condition     = aws_lambda_function.worker.environment[0].variables == tomap({ SLO_TABLE_PREFIX = "slo-", SLO_METRICS_NAMESPACE = "ErrorBudgets/slo", SLO_ALERT_TOPIC_ARN = aws_sns_topic.alerts.arn })
    error_message = "The worker knows its tables, its metrics and the topic."
  }

  assert {
    condition     = aws_lambda_function.api.timeout == 25 && aws_lambda_function.worker.timeout == 120
    error_message = "A request ends before the gateway's 29 s, a round may take longer."
  }

  assert {
    condition = alltrue([
      for function in [aws_lambda_function.api, aws_lambda_function.worker] :
      function.package_type == "Zip" && function.runtime == "provided.al2023" && function.handler == "bootstrap" && function.filename == "versions.tf" &&
      function.source_code_hash == filebase64sha256("versions.tf") && function.architectures == tolist(["x86_64"]) && function.memory_size == 256
    ])
    error_message = "Both functions run the one package, and are updated when it changes."
  }

  assert {
    condition     = [aws_lambda_function.api.function_name, aws_lambda_function.worker.function_name] == ["slo-api", "slo-worker"]
    error_message = "The functions have their names."
  }

  assert {
    condition     = aws_lambda_function.api.role == aws_iam_role.api.arn && aws_lambda_function.worker.role == aws_iam_role.worker.arn
    error_message = "Each function has its own role."
  }

  assert {
    condition     = aws_lambda_function.api.reserved_concurrent_executions == -1
    error_message = "Concurrency is not reserved unless somebody says so."
  }

  assert {
    condition = alltrue([
      for name, function in { api = aws_lambda_function.api, worker = aws_lambda_function.worker } :
      one(function.logging_config).log_format == "JSON" && one(function.logging_config).log_group == "/aws/lambda/slo-${name}" &&
      one(function.logging_config).application_log_level == "INFO" && one(function.logging_config).system_log_level == "WARN"
    ])
    error_message = "Functions log JSON into their own groups."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.worker.function_name == "slo-worker" && aws_lambda_function_event_invoke_config.worker.maximum_retry_attempts == 0 && aws_lambda_function_event_invoke_config.worker.maximum_event_age_in_seconds == 60
    error_message = "A round is not tried again: the next one comes."
  }

  # Logs

  assert {
    condition     = alltrue([for group in [aws_cloudwatch_log_group.api, aws_cloudwatch_log_group.worker, aws_cloudwatch_log_group.gateway] : group.retention_in_days == 30 && group.skip_destroy != true])
    error_message = "All logs end after 30 days, and are deleted with the rest."
  }

  # API

  assert {
    condition     = alltrue([for method in [aws_api_gateway_method.root, aws_api_gateway_method.proxy] : method.authorization == "NONE" && method.http_method == "ANY" && !method.api_key_required]) && aws_lambda_function.api.environment[0].variables.SLO_AUTH == "token"
    error_message = "The service asks for tokens, and the gateway leaves their header alone."
  }

  assert {
    condition = alltrue([
      for integration in [aws_api_gateway_integration.root, aws_api_gateway_integration.proxy] :
      integration.type == "AWS_PROXY" && integration.integration_http_method == "POST" && integration.uri == aws_lambda_function.api.invoke_arn
    ])
    error_message = "Every path is answered by the API function."
  }

  assert {
    condition     = one(aws_api_gateway_rest_api.slo.endpoint_configuration).types == tolist(["REGIONAL"]) && !aws_api_gateway_rest_api.slo.disable_execute_api_endpoint && aws_api_gateway_resource.proxy.path_part == "{proxy+}"
    error_message = "The API is regional and reachable."
  }

  assert {
    condition     = one(aws_api_gateway_method_settings.slo.settings).throttling_rate_limit == 50 && one(aws_api_gateway_method_settings.slo.settings).throttling_burst_limit == 100 && aws_api_gateway_method_settings.slo.method_path == "*/*"
    error_message = "All methods are throttled."
  }

  assert {
    condition     = !one(aws_api_gateway_method_settings.slo.settings).data_trace_enabled && one(aws_api_gateway_method_settings.slo.settings).logging_level == "OFF" && !one(aws_api_gateway_method_settings.slo.settings).metrics_enabled
    error_message = "No bodies in logs, no group of AWS's own, no metrics by method."
  }

  assert {
    condition     = one(aws_api_gateway_stage.slo.access_log_settings).destination_arn == aws_cloudwatch_log_group.gateway.arn
    error_message = "Requests are logged."
  }

  assert {
    condition = length(setsubtract(
      ["$context.requestId", "$context.identity.sourceIp", "$context.httpMethod", "$context.path", "$context.status", "$context.responseLatency", "$context.integrationErrorMessage", "$context.identity.userAgent"],
      values(jsondecode(one(aws_api_gateway_stage.slo.access_log_settings).format)),
    )) == 0
    error_message = "The access log says who asked for what, and what came of it."
  }

  assert {
    condition     = length(regexall("(?i)apikey|authoriz|header|query|body|principalId", one(aws_api_gateway_stage.slo.access_log_settings).format)) == 0
    error_message = "The access log has no credentials."
  }

  assert {
    condition     = aws_lambda_permission.gateway.source_arn == "arn:aws:execute-api:eu-west-1:123456789012:abcdefghij/v1/*" && aws_lambda_permission.gateway.function_name == "slo-api" && aws_lambda_permission.gateway.principal == "apigateway.amazonaws.com" && aws_lambda_permission.gateway.action == "lambda:InvokeFunction"
    error_message = "Only this stage may call the function."
  }

  assert {
    condition     = aws_api_gateway_account.slo[0].cloudwatch_role_arn == aws_iam_role.gateway_logs[0].arn && aws_iam_role_policy_attachment.gateway_logs[0].policy_arn == "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    error_message = "API Gateway has a role for its logs."
  }

  assert {
    condition     = length(aws_api_gateway_usage_plan.slo) + length(aws_api_gateway_domain_name.slo) + length(aws_sqs_queue.measurements) + length(aws_lambda_event_source_mapping.measurements) == 0
    error_message = "What nobody asked for is not there."
  }

  # Topics

  assert {
    condition     = aws_sns_topic.alerts.kms_master_key_id == "alias/aws/sns" && aws_sns_topic.operations.kms_master_key_id == null
    error_message = "Alerts are encrypted; the key of SNS would keep CloudWatch from telling of alarms."
  }

  assert {
    condition = alltrue([
      for topic, policy in { alerts = aws_sns_topic_policy.alerts[0], operations = aws_sns_topic_policy.operations[0] } :
      policy.arn == "arn:aws:sns:eu-west-1:123456789012:slo-${topic}" && length([
        for statement in jsondecode(policy.policy).Statement : statement
        if statement.Effect == "Deny" && statement.Action == "sns:Publish" && statement.Principal == "*" && statement.Resource == policy.arn &&
        try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
      ]) == 1
    ])
    error_message = "Nobody publishes without TLS."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_sns_topic_policy.operations[0].policy).Statement : jsonencode([statement.Action, sort(statement.Principal.Service), statement.Resource, statement.Condition]) if statement.Effect == "Allow"
      ] == [
      jsonencode(["sns:Publish", ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"], aws_sns_topic.operations.arn, { StringEquals = { "aws:SourceAccount" = "123456789012" } }])
    ]
    error_message = "CloudWatch and Budgets of this account tell the operations topic, and nobody else."
  }

  assert {
    condition = local.deployed == [
      false, aws_api_gateway_resource.proxy.id, "NONE", false, "NONE", false,
      aws_api_gateway_integration.root.id, aws_lambda_function.api.invoke_arn, aws_api_gateway_integration.proxy.id, aws_lambda_function.api.invoke_arn,
    ] && aws_api_gateway_deployment.slo.triggers.api == sha1(jsonencode(local.deployed))
    error_message = "Whatever changes what clients see makes a new deployment."
  }

  # Schedules

  assert {
    condition = alltrue([
      for schedule in [aws_scheduler_schedule.reconciliation, aws_scheduler_schedule.alerts] :
      one(schedule.target).arn == aws_lambda_function.worker.arn && one(schedule.target).role_arn == aws_iam_role.schedules.arn &&
      schedule.group_name == "slo" && one(schedule.flexible_time_window).mode == "OFF" &&
      one(one(schedule.target).retry_policy).maximum_retry_attempts <= 2 && one(one(schedule.target).retry_policy).maximum_event_age_in_seconds <= 600
    ])
    error_message = "Schedules call the worker, and rounds do not pile up."
  }

  assert {
    condition     = aws_scheduler_schedule.reconciliation.schedule_expression == "rate(1 hour)" && one(aws_scheduler_schedule.reconciliation.target).input == "{\"kind\":\"reconciliationRequested\"}"
    error_message = "Reconciliation runs every hour."
  }

  assert {
    condition     = aws_scheduler_schedule.alerts.schedule_expression == "rate(1 minute)" && one(aws_scheduler_schedule.alerts.target).input == "{\"kind\":\"alertEvaluationRequested\"}"
    error_message = "Alerts are evaluated every minute."
  }

  # Operation

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.slo : name => join(" ", [
        alarm.namespace, alarm.metric_name, join(" ", [for key, value in coalesce(alarm.dimensions, {}) : "${key}=${value}"]),
        coalesce(alarm.statistic, alarm.extended_statistic), ">", "${alarm.threshold},", alarm.datapoints_to_alarm, "of", alarm.evaluation_periods,
      ])
      } == {
      "api-duration"                    = "AWS/Lambda Duration FunctionName=slo-api Maximum > 20000, 2 of 25"
      "api-errors"                      = "AWS/Lambda Errors FunctionName=slo-api Sum > 0, 1 of 1"
      "api-throttles"                   = "AWS/Lambda Throttles FunctionName=slo-api Sum > 0, 1 of 1"
      "by-owner-read-throttles"         = "AWS/DynamoDB ReadThrottleEvents GlobalSecondaryIndexName=by-owner TableName=slo-slo Sum > 0, 2 of 3"
      "by-owner-write-throttles"        = "AWS/DynamoDB WriteThrottleEvents GlobalSecondaryIndexName=by-owner TableName=slo-slo Sum > 0, 2 of 3"
      "by-service-read-throttles"       = "AWS/DynamoDB ReadThrottleEvents GlobalSecondaryIndexName=by-service TableName=slo-slo Sum > 0, 2 of 3"
      "by-service-write-throttles"      = "AWS/DynamoDB WriteThrottleEvents GlobalSecondaryIndexName=by-service TableName=slo-slo Sum > 0, 2 of 3"
      "counts-read-system-errors"       = "AWS/DynamoDB SystemErrors Operation=Query TableName=slo-counts Sum > 0, 2 of 3"
      "counts-read-throttles"           = "AWS/DynamoDB ReadThrottleEvents TableName=slo-counts Sum > 0, 2 of 3"
      "counts-write-system-errors"      = "AWS/DynamoDB SystemErrors Operation=UpdateItem TableName=slo-counts Sum > 0, 2 of 3"
      "counts-write-throttles"          = "AWS/DynamoDB WriteThrottleEvents TableName=slo-counts Sum > 0, 2 of 3"
      "definitions-read-system-errors"  = "AWS/DynamoDB SystemErrors Operation=GetItem TableName=slo-slo Sum > 0, 2 of 3"
      "definitions-read-throttles"      = "AWS/DynamoDB ReadThrottleEvents TableName=slo-slo Sum > 0, 2 of 3"
      "definitions-write-system-errors" = "AWS/DynamoDB SystemErrors Operation=TransactWriteItems TableName=slo-slo Sum > 0, 2 of 3"
      "definitions-write-throttles"     = "AWS/DynamoDB WriteThrottleEvents TableName=slo-slo Sum > 0, 2 of 3"
      "gateway-errors"                  = "AWS/ApiGateway 5XXError ApiName=slo Stage=v1 Average > 0.01, 2 of 3"
      "gateway-latency"                 = "AWS/ApiGateway Latency ApiName=slo Stage=v1 p99 > 3000, 3 of 3"
      "schedule-errors"                 = "AWS/Scheduler TargetErrorCount ScheduleGroup=slo Sum > 0, 2 of 25"
      "service-errors"                  = "ErrorBudgets/slo Errors  Sum > 0, 2 of 3"
      "worker-duration"                 = "AWS/Lambda Duration FunctionName=slo-worker Maximum > 96000, 2 of 25"
      "worker-errors"                   = "AWS/Lambda Errors FunctionName=slo-worker Sum > 0, 2 of 25"
      "worker-throttles"                = "AWS/Lambda Throttles FunctionName=slo-worker Sum > 0, 1 of 1"
    }
    error_message = "There is an alarm for everything that fails, and it looks at what it says."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.slo), [aws_cloudwatch_metric_alarm.worker_idle[0]]) :
      alarm.alarm_actions == toset([aws_sns_topic.operations.arn]) && alarm.ok_actions == toset([aws_sns_topic.operations.arn]) &&
      alarm.actions_enabled != false && length(alarm.alarm_description) > 20
    ])
    error_message = "Every alarm is told to the operations topic when it begins and when it ends, and says what it means."
  }

  assert {
    condition = alltrue([
      for alarm in values(aws_cloudwatch_metric_alarm.slo) :
      alarm.treat_missing_data == "notBreaching" && alarm.comparison_operator == "GreaterThanThreshold" && alarm.period == 300 && alarm.datapoints_to_alarm <= alarm.evaluation_periods &&
      (alarm.statistic == null) != (alarm.extended_statistic == null)
    ])
    error_message = "Where nothing is asked, nothing fails."
  }

  assert {
    condition = [
      aws_cloudwatch_metric_alarm.worker_idle[0].metric_name, aws_cloudwatch_metric_alarm.worker_idle[0].comparison_operator, aws_cloudwatch_metric_alarm.worker_idle[0].treat_missing_data,
      aws_cloudwatch_metric_alarm.worker_idle[0].namespace, aws_cloudwatch_metric_alarm.worker_idle[0].dimensions.ScheduleGroup, aws_cloudwatch_metric_alarm.worker_idle[0].statistic
    ] == ["InvocationAttemptCount", "LessThanThreshold", "breaching", "AWS/Scheduler", "slo", "Sum"] && aws_cloudwatch_metric_alarm.worker_idle[0].period == 900 && aws_cloudwatch_metric_alarm.worker_idle[0].threshold == 1
    error_message = "A worker that does not run is an alarm, and has no data."
  }

  assert {
    condition     = aws_budgets_budget.slo[0].limit_amount == "20" && aws_budgets_budget.slo[0].limit_unit == "USD" && aws_budgets_budget.slo[0].time_unit == "MONTHLY" && aws_budgets_budget.slo[0].budget_type == "COST" && length(aws_budgets_budget.slo[0].cost_filter) == 0
    error_message = "There is a budget of the whole account."
  }

  assert {
    condition = toset([
      for notification in aws_budgets_budget.slo[0].notification : "${notification.notification_type} ${notification.threshold} ${notification.threshold_type} ${join(" ", notification.subscriber_sns_topic_arns)}"
    ]) == toset(["ACTUAL 80 PERCENTAGE arn:aws:sns:eu-west-1:123456789012:slo-operations", "FORECASTED 100 PERCENTAGE arn:aws:sns:eu-west-1:123456789012:slo-operations"])
    error_message = "People are told at 80 % and when 100 % are foreseen."
  }

  assert {
    condition = alltrue([
      for text in ["Duration", "StoreCalls", "ReadUnits", "WriteUnits", "Errors", "ColdStarts", "5XXError", "Latency", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "cost fuse"] :
      strcontains(aws_cloudwatch_dashboard.slo[0].dashboard_body, "\"${text}\"")
    ]) && length(jsondecode(aws_cloudwatch_dashboard.slo[0].dashboard_body).widgets) == 8
    error_message = "The dashboard shows traffic, latency, errors, our own metrics and the fuse."
  }

  # Outputs

  assert {
    condition     = output.url == "https://abcdefghij.execute-api.eu-west-1.amazonaws.com/v1"
    error_message = "The URL is the stage's."
  }

  assert {
    condition     = output.first_token == "aws lambda invoke --region eu-west-1 --function-name slo-api --cli-binary-format raw-in-base64-out --payload '{\"kind\":\"adminTokenRequested\"}' /dev/stdout" && output.example == "curl -s -H \"authorization: Bearer $SLO_TOKEN\" \"https://abcdefghij.execute-api.eu-west-1.amazonaws.com/v1/api/v1\""
    error_message = "The first token, and a request with it."
  }

  assert {
    condition     = output.invoke_resource == "arn:aws:execute-api:eu-west-1:123456789012:abcdefghij/v1/*"
    error_message = "Who may call is allowed this stage."
  }

  assert {
    condition     = output.measurement_queue_url == null && output.api_key == null
    error_message = "Outputs of what is not there are empty."
  }
}
