# What AWS would fill in: ARNs that look like ARNs, and each its own, so that a test sees which resource a permission is about.

override_resource {
  target = aws_dynamodb_table.definitions
  values = { arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/slo-slo" }
}

override_resource {
  target = aws_dynamodb_table.counts
  values = { arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/slo-counts" }
}

override_resource {
  target = aws_cloudwatch_log_group.api
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/slo-api" }
}

override_resource {
  target = aws_cloudwatch_log_group.worker
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/slo-worker" }
}

override_resource {
  target = aws_cloudwatch_log_group.gateway
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/apigateway/slo" }
}

override_resource {
  target = aws_iam_role.api
  values = { id = "api", arn = "arn:aws:iam::123456789012:role/api" }
}

override_resource {
  target = aws_iam_role.worker
  values = { id = "worker", arn = "arn:aws:iam::123456789012:role/worker" }
}

override_resource {
  target = aws_iam_role.schedules
  values = { id = "schedules", arn = "arn:aws:iam::123456789012:role/schedules" }
}

override_resource {
  target = aws_iam_role.gateway_logs
  values = { id = "gateway-logs", arn = "arn:aws:iam::123456789012:role/gateway-logs" }
}

override_resource {
  target = aws_lambda_function.api
  values = {
    arn        = "arn:aws:lambda:eu-west-1:123456789012:function:slo-api"
    invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:slo-api/invocations"
  }
}

override_resource {
  target = aws_lambda_function.worker
  values = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:slo-worker" }
}

override_resource {
  target = aws_sns_topic.alerts
  values = { arn = "arn:aws:sns:eu-west-1:123456789012:slo-alerts" }
}

override_resource {
  target = aws_sns_topic.operations
  values = { arn = "arn:aws:sns:eu-west-1:123456789012:slo-operations" }
}

override_resource {
  target = aws_scheduler_schedule_group.slo
  values = { arn = "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/slo" }
}

override_resource {
  target = aws_sqs_queue.measurements
  values = { arn = "arn:aws:sqs:eu-west-1:123456789012:slo-measurements", id = "https://queue/slo-measurements", url = "https://queue/slo-measurements" }
}

override_resource {
  target = aws_sqs_queue.failed
  values = { arn = "arn:aws:sqs:eu-west-1:123456789012:slo-measurements-failed", id = "https://queue/slo-measurements-failed", url = "https://queue/slo-measurements-failed" }
}

override_resource {
  target = aws_api_gateway_rest_api.slo
  values = {
    id               = "abcdefghij"
    root_resource_id = "root"
    execution_arn    = "arn:aws:execute-api:eu-west-1:123456789012:abcdefghij"
  }
}

override_resource {
  target = aws_api_gateway_stage.slo
  values = { invoke_url = "https://abcdefghij.execute-api.eu-west-1.amazonaws.com/v1" }
}

override_resource {
  target = aws_acm_certificate.slo
  values = {
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-000000000001"
    domain_validation_options = [{
      domain_name           = "slo.example.com"
      resource_record_name  = "_a.slo.example.com."
      resource_record_type  = "CNAME"
      resource_record_value = "_b.acm-validations.aws."
    }]
  }
}
