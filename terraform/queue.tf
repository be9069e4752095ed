# Measurements by message, for those who cannot wait for an answer. They may come twice and in any order; each counts once.

resource "aws_sqs_queue" "measurements" {
  count = var.measurement_queue ? 1 : 0

  name                       = "${var.name}-measurements"
  message_retention_seconds  = 345600
  visibility_timeout_seconds = 6 * var.worker_timeout
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.failed[0].arn
    maxReceiveCount     = 5
  })
}

# What could not be written, for as long as SQS keeps anything: it was acknowledged to whoever sent it.
resource "aws_sqs_queue" "failed" {
  count = var.measurement_queue ? 1 : 0

  name                      = "${var.name}-measurements-failed"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn
}

resource "aws_sqs_queue_redrive_allow_policy" "failed" {
  count = var.measurement_queue ? 1 : 0

  queue_url = aws_sqs_queue.failed[0].id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.measurements[0].arn]
  })
}

resource "aws_sqs_queue_policy" "measurements" {
  # Emulators are reached without TLS.
  count = local.aws && var.measurement_queue ? 1 : 0

  queue_url = aws_sqs_queue.measurements[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncrypted"
      Effect    = "Deny"
      Action    = ["sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"]
      Principal = "*"
      Resource  = aws_sqs_queue.measurements[0].arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sqs_queue_policy" "failed" {
  count = local.aws && var.measurement_queue ? 1 : 0

  queue_url = aws_sqs_queue.failed[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncrypted"
      Effect    = "Deny"
      Action    = ["sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"]
      Principal = "*"
      Resource  = aws_sqs_queue.failed[0].arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_lambda_event_source_mapping" "measurements" {
  count = var.measurement_queue ? 1 : 0

  event_source_arn = aws_sqs_queue.measurements[0].arn
  function_name    = aws_lambda_function.worker.arn
  batch_size       = 10

  # Without it Lambda takes every message of a batch for written.
  function_response_types = ["ReportBatchItemFailures"]

  # A full queue is emptied at the pace of the table's fuse, and leaves room for the rounds.
  scaling_config {
    maximum_concurrency = 5
  }

  # Lambda tries to read the queue at once.
  depends_on = [aws_iam_role_policy.worker]
}
