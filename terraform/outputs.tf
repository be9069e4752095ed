locals {
  url = (
    local.domain != null ? "https://${local.domain}" :
    local.aws ? aws_api_gateway_stage.slo.invoke_url :
    # LocalStack's name for it; the port is the endpoint's.
    "http://${aws_api_gateway_rest_api.slo.id}.execute-api.localhost.localstack.cloud:${split(":", var.endpoint)[2]}/${aws_api_gateway_stage.slo.stage_name}"
  )

  curl_signed = local.authorization == "AWS_IAM" ? " --aws-sigv4 \"aws:amz:${var.region}:execute-api\" --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" -H \"x-amz-security-token: $AWS_SESSION_TOKEN\"" : ""
  curl_token  = local.auth == "token" ? " -H \"authorization: Bearer $SLO_TOKEN\"" : ""
  curl_key    = var.usage_plan == null ? "" : " -H \"x-api-key: $(terraform output -raw api_key)\""
}

output "url" {
  description = "Where the API is."
  value       = local.url
}

output "example" {
  description = "A first request, to be pasted into a shell."
  value       = "curl -s${local.curl_signed}${local.curl_token}${local.curl_key} \"${local.url}/api/v1\""
}

output "first_token" {
  description = "Makes a token of the user admin and prints it, to be pasted into a shell by who may invoke the function; null where the service asks for none."
  value       = local.auth == "token" ? "aws lambda invoke${local.aws ? "" : " --endpoint-url ${var.endpoint}"} --region ${var.region} --function-name ${aws_lambda_function.api.function_name} --cli-binary-format raw-in-base64-out --payload '{\"kind\":\"adminTokenRequested\"}' /dev/stdout" : null
}

output "invoke_resource" {
  description = "What a policy of IAM names, with the action execute-api:Invoke, to let somebody call the API."
  value       = "${aws_api_gateway_rest_api.slo.execution_arn}/${var.stage}/*"
}

output "api_function" {
  description = "Name of the function that answers the API."
  value       = aws_lambda_function.api.function_name
}

output "worker_function" {
  description = "Name of the function that answers schedules and the queue."
  value       = aws_lambda_function.worker.function_name
}

output "definitions_table" {
  description = "Name of the table with definitions."
  value       = aws_dynamodb_table.definitions.name
}

output "counts_table" {
  description = "Name of the table with measurements."
  value       = aws_dynamodb_table.counts.name
}

output "alerts_topic_arn" {
  description = "Topic that is told of the service's alerts."
  value       = aws_sns_topic.alerts.arn
}

output "operations_topic_arn" {
  description = "Topic that is told of CloudWatch's alarms and of the budget."
  value       = aws_sns_topic.operations.arn
}

output "measurement_queue_url" {
  description = "Queue for measurements, if there is one."
  value       = one(aws_sqs_queue.measurements[*].url)
}

output "domain_target" {
  description = "Where a record of DNS for the domain has to lead, if there is a domain without a zone_id."
  value       = one(aws_api_gateway_domain_name.slo[*].regional_domain_name)
}

output "api_key" {
  description = "Value of the API key, if there is a usage plan."
  value       = one(aws_api_gateway_api_key.slo[*].value)
  sensitive   = true
}
