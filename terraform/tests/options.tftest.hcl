# Everything that can be asked for, and what an emulator gets.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "all_options" {
  variables {
    package_type           = "image"
    image_uri              = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/slo-lambda:1"
    architecture           = "arm64"
    kms_key_arn            = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000001"
    measurement_queue      = true
    usage_plan             = { quota_per_day = 10000, rate = 5, burst = 10 }
    domain_name            = "slo.example.com"
    zone_id                = "Z0123456789"
    notify_emails          = ["ops@example.com"]
    alert_interval_minutes = 15
    reserved_concurrency   = 20
    manage_gateway_logging = false
    max_read_units         = 7
    max_write_units        = 3
  }

  # Image

  assert {
    condition = alltrue([
      for function in [aws_lambda_function.api, aws_lambda_function.worker] :
      function.package_type == "Image" && function.image_uri == var.image_uri && function.filename == null && function.runtime == null && function.handler == null && function.architectures == tolist(["arm64"])
    ])
    error_message = "An image needs no zip."
  }

  assert {
    condition     = aws_lambda_function.api.reserved_concurrent_executions == 20
    error_message = "Concurrency of the API is what was asked for."
  }

  # Key

  assert {
    condition = alltrue(concat(
      [for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] : one(table.server_side_encryption).enabled && one(table.server_side_encryption).kms_key_arn == var.kms_key_arn],
      [for function in [aws_lambda_function.api, aws_lambda_function.worker] : function.kms_key_arn == var.kms_key_arn],
      [for group in [aws_cloudwatch_log_group.api, aws_cloudwatch_log_group.worker, aws_cloudwatch_log_group.gateway] : group.kms_key_id == var.kms_key_arn],
      [for topic in [aws_sns_topic.alerts, aws_sns_topic.operations] : topic.kms_master_key_id == var.kms_key_arn],
      [for queue in [aws_sqs_queue.measurements[0], aws_sqs_queue.failed[0]] : queue.kms_master_key_id == var.kms_key_arn],
    ))
    error_message = "Everything that can be is encrypted with the key."
  }

  assert {
    condition = {
      for role, policy in { api = aws_iam_role_policy.api, worker = aws_iam_role_policy.worker } : role => [
        for statement in jsondecode(policy.policy).Statement : jsonencode([sort(statement.Action), statement.Resource, statement.Condition]) if statement.Sid == "Key"
      ]
      } == {
      api = [jsonencode([["kms:Decrypt", "kms:GenerateDataKey"], var.kms_key_arn, { StringEquals = { "kms:ViaService" = ["dynamodb.eu-west-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com"] } }])]
      worker = [jsonencode([["kms:Decrypt", "kms:GenerateDataKey"], var.kms_key_arn, { StringEquals = { "kms:ViaService" = [
        "dynamodb.eu-west-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"
      ] } }])]
    }
    error_message = "The functions use the key only through the services that they use."
  }

  # Policies, with all statements that there can be

  assert {
    condition = alltrue([
      for statement in flatten([for policy in [
        aws_iam_role_policy.api.policy, aws_iam_role_policy.worker.policy, aws_iam_role_policy.schedules.policy,
        aws_sns_topic_policy.alerts[0].policy, aws_sns_topic_policy.operations[0].policy, aws_sqs_queue_policy.measurements[0].policy, aws_sqs_queue_policy.failed[0].policy,
      ] : jsondecode(policy).Statement]) :
      alltrue([for action in flatten([statement.Action]) : !strcontains(action, "*")]) &&
      alltrue([for resource in flatten([statement.Resource]) : startswith(resource, "arn:aws:") && !strcontains(trimsuffix(resource, ":*"), "*") && (!endswith(resource, "*") || statement.Sid == "Logs")])
    ])
    error_message = "No policy has a star."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.worker.policy).Statement : statement.Sid => jsonencode([sort(statement.Action), statement.Resource]) if statement.Sid == "Queue"
      } == {
      Queue = jsonencode([["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], aws_sqs_queue.measurements[0].arn])
    }
    error_message = "The worker reads the queue."
  }

  assert {
    condition     = length([for action in flatten([for statement in jsondecode(aws_iam_role_policy.api.policy).Statement : statement.Action]) : action if startswith(action, "sqs:") || startswith(action, "sns:")]) == 0
    error_message = "The API function neither reads the queue nor publishes."
  }

  # Queue

  assert {
    condition     = aws_lambda_event_source_mapping.measurements[0].function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "Messages that could not be written come again."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.measurements[0].event_source_arn == aws_sqs_queue.measurements[0].arn && aws_lambda_event_source_mapping.measurements[0].function_name == aws_lambda_function.worker.arn &&
      aws_lambda_event_source_mapping.measurements[0].batch_size == 10 && one(aws_lambda_event_source_mapping.measurements[0].scaling_config).maximum_concurrency == 5
    )
    error_message = "The worker reads the queue, ten messages at a time and not with all its concurrency."
  }

  assert {
    condition     = aws_sqs_queue.measurements[0].visibility_timeout_seconds == 720 && jsondecode(aws_sqs_queue.measurements[0].redrive_policy) == { deadLetterTargetArn = aws_sqs_queue.failed[0].arn, maxReceiveCount = 5 }
    error_message = "A message has six times the worker's time, five times."
  }

  assert {
    condition = aws_sqs_queue.measurements[0].message_retention_seconds == 345600 && {
      for name in ["waiting-messages", "failed-messages"] : name => [
        aws_cloudwatch_metric_alarm.slo[name].metric_name, aws_cloudwatch_metric_alarm.slo[name].dimensions.QueueName, tostring(aws_cloudwatch_metric_alarm.slo[name].threshold)
      ]
      } == {
      waiting-messages = ["ApproximateAgeOfOldestMessage", "slo-measurements", "3600"]
      failed-messages  = ["ApproximateNumberOfMessagesVisible", "slo-measurements-failed", "0"]
    }
    error_message = "Messages that nobody reads are told long before they are lost, and those that failed at once."
  }

  assert {
    condition = (
      aws_sqs_queue.failed[0].message_retention_seconds == 1209600 && aws_sqs_queue_redrive_allow_policy.failed[0].queue_url == aws_sqs_queue.failed[0].id &&
      jsondecode(aws_sqs_queue_redrive_allow_policy.failed[0].redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.measurements[0].arn] }
    )
    error_message = "What failed is kept for two weeks, and comes from our queue only."
  }

  assert {
    condition = alltrue([
      for pair in [[aws_sqs_queue.measurements[0], aws_sqs_queue_policy.measurements[0]], [aws_sqs_queue.failed[0], aws_sqs_queue_policy.failed[0]]] :
      pair[1].queue_url == pair[0].id && jsondecode(pair[1].policy).Statement == [{
        Sid       = "OnlyEncrypted"
        Effect    = "Deny"
        Action    = ["sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"]
        Principal = "*"
        Resource  = pair[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }]
    ])
    error_message = "Nobody sends or receives without TLS."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.slo["failed-messages"].dimensions == tomap({ QueueName = "slo-measurements-failed" }) && aws_cloudwatch_metric_alarm.slo["failed-messages"].threshold == 0 && aws_cloudwatch_metric_alarm.slo["failed-messages"].alarm_actions == toset([aws_sns_topic.operations.arn])
    error_message = "One message in the dead-letter queue is an alarm."
  }

  # Usage plan

  assert {
    condition     = alltrue([for method in [aws_api_gateway_method.root, aws_api_gateway_method.proxy] : method.api_key_required]) && aws_lambda_function.api.environment[0].variables.SLO_AUTH == "token"
    error_message = "Requests need the key, and a token all the same."
  }

  assert {
    condition = (
      one(aws_api_gateway_usage_plan.slo[0].quota_settings).limit == 10000 && one(aws_api_gateway_usage_plan.slo[0].quota_settings).period == "DAY" &&
      one(aws_api_gateway_usage_plan.slo[0].throttle_settings).rate_limit == 5 && one(aws_api_gateway_usage_plan.slo[0].throttle_settings).burst_limit == 10 &&
      one(aws_api_gateway_usage_plan.slo[0].api_stages).stage == "v1" && aws_api_gateway_usage_plan_key.slo[0].usage_plan_id == aws_api_gateway_usage_plan.slo[0].id
    )
    error_message = "The key has a quota."
  }

  assert {
    condition     = issensitive(output.api_key) && output.api_key != null && strcontains(output.example, "x-api-key: $(terraform output -raw api_key)")
    error_message = "The key is shown only to who asks for it."
  }

  # Domain

  assert {
    condition     = aws_api_gateway_rest_api.slo.disable_execute_api_endpoint && output.url == "https://slo.example.com"
    error_message = "The domain is the only way in."
  }

  assert {
    condition = (
      aws_api_gateway_domain_name.slo[0].security_policy == "TLS_1_2" && one(aws_api_gateway_domain_name.slo[0].endpoint_configuration).types == tolist(["REGIONAL"]) &&
      aws_api_gateway_domain_name.slo[0].regional_certificate_arn == aws_acm_certificate_validation.slo[0].certificate_arn
    )
    error_message = "The domain speaks TLS 1.2 or newer, with a certificate that is validated."
  }

  assert {
    condition = (
      aws_acm_certificate.slo[0].validation_method == "DNS" && aws_route53_record.validation[0].name == "_a.slo.example.com." && aws_route53_record.validation[0].type == "CNAME" && aws_route53_record.validation[0].records == toset(["_b.acm-validations.aws."]) &&
      aws_route53_record.validation[0].allow_overwrite
    )
    error_message = "The certificate is validated by DNS, a second time too."
  }

  assert {
    condition = alltrue([
      for record in [aws_route53_record.a[0], aws_route53_record.aaaa[0]] :
      record.zone_id == "Z0123456789" && record.name == "slo.example.com" && one(record.alias).name == aws_api_gateway_domain_name.slo[0].regional_domain_name
    ]) && [aws_route53_record.a[0].type, aws_route53_record.aaaa[0].type] == ["A", "AAAA"]
    error_message = "The name leads to the API."
  }

  assert {
    condition     = aws_api_gateway_base_path_mapping.slo[0].stage_name == "v1" && aws_api_gateway_base_path_mapping.slo[0].api_id == aws_api_gateway_rest_api.slo.id && aws_api_gateway_base_path_mapping.slo[0].base_path == null
    error_message = "The API is at the root of the domain."
  }

  # The rest

  assert {
    condition     = length(aws_api_gateway_account.slo) + length(aws_iam_role.gateway_logs) + length(aws_iam_role_policy_attachment.gateway_logs) == 0 && length(aws_api_gateway_stage.slo.access_log_settings) == 1
    error_message = "Where the account has a role for logs, it is left alone and used."
  }

  assert {
    condition     = aws_scheduler_schedule.alerts.schedule_expression == "rate(15 minutes)" && aws_cloudwatch_metric_alarm.worker_idle[0].period == 1800
    error_message = "Rounds come when they were asked for, and are missed after two intervals."
  }

  assert {
    condition     = aws_sns_topic_subscription.operations["ops@example.com"].protocol == "email" && alltrue([for notification in aws_budgets_budget.slo[0].notification : notification.subscriber_email_addresses == toset(["ops@example.com"])])
    error_message = "People are told by e-mail."
  }

  assert {
    condition = alltrue([
      for limit in concat(
        [for table in [aws_dynamodb_table.definitions, aws_dynamodb_table.counts] : one(table.on_demand_throughput)],
        [for index in aws_dynamodb_table.definitions.global_secondary_index : one(index.on_demand_throughput)],
      ) : limit.max_read_request_units == 7 && limit.max_write_request_units == 3
    ])
    error_message = "The fuse is the one that was asked for."
  }
}

run "certificate_of_your_own" {
  command = plan

  variables {
    zip_path           = "versions.tf"
    domain_name        = "slo.example.com"
    certificate_arn    = "arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-000000000002"
    monthly_budget_usd = 0
  }

  assert {
    condition     = aws_api_gateway_domain_name.slo[0].regional_certificate_arn == var.certificate_arn && length(aws_acm_certificate.slo) + length(aws_route53_record.validation) + length(aws_route53_record.a) + length(aws_route53_record.aaaa) == 0
    error_message = "With a certificate and no zone, names are your business."
  }

  assert {
    condition     = length(aws_budgets_budget.slo) == 0
    error_message = "A budget of 0 is none."
  }
}
