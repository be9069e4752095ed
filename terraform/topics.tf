# Told by the service when an alert begins or ends to fire, in JSON. Who wants to know subscribes.
resource "aws_sns_topic" "alerts" {
  name              = "${var.name}-alerts"
  kms_master_key_id = coalesce(var.kms_key_arn, "alias/aws/sns")
}

resource "aws_sns_topic_policy" "alerts" {
  # Emulators are reached without TLS.
  count = local.aws ? 1 : 0

  arn = aws_sns_topic.alerts.arn

  # It allows nothing: the worker's role does.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncrypted"
      Effect    = "Deny"
      Action    = "sns:Publish"
      Principal = "*"
      Resource  = aws_sns_topic.alerts.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

# Told by CloudWatch and Budgets. They cannot use the key that AWS manages for SNS, so this topic is encrypted only by a key of
# your own; its messages hold names and figures of alarms.
resource "aws_sns_topic" "operations" {
  name              = "${var.name}-operations"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_policy" "operations" {
  count = local.aws ? 1 : 0

  arn = aws_sns_topic.operations.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsAndBudget"
        Effect    = "Allow"
        Action    = "sns:Publish"
        Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] }
        Resource  = aws_sns_topic.operations.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Sid       = "OnlyEncrypted"
        Effect    = "Deny"
        Action    = "sns:Publish"
        Principal = "*"
        Resource  = aws_sns_topic.operations.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "operations" {
  for_each = toset(local.aws ? var.notify_emails : [])

  topic_arn = aws_sns_topic.operations.arn
  protocol  = "email"
  endpoint  = each.value
}
