# A role for each function and each service that acts for us, with the actions that it uses, on what they are used on.

resource "aws_iam_role" "api" {
  name        = "${local.global}-api"
  description = "The API function of ${var.name}."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

# Transactions need no permission but those of the writes in them.
resource "aws_iam_role_policy" "api" {
  name = "api"
  role = aws_iam_role.api.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Definitions"
        Effect   = "Allow"
        Action   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
        Resource = aws_dynamodb_table.definitions.arn
      },
      {
        Sid    = "Lists"
        Effect = "Allow"
        Action = "dynamodb:Query"
        Resource = [
          "${aws_dynamodb_table.definitions.arn}/index/by-owner",
          "${aws_dynamodb_table.definitions.arn}/index/by-service",
        ]
      },
      {
        # Everything that is ever deleted. Not among it: past versions, whose pk is `<kind>#<name>`, and the audit.
        Sid      = "DeleteCurrentDefinitions"
        Effect   = "Allow"
        Action   = "dynamodb:DeleteItem"
        Resource = aws_dynamodb_table.definitions.arn
        Condition = {
          "ForAllValues:StringLike" = {
            "dynamodb:LeadingKeys" = [
              "indicator", "objective", "service", "user",
              "indicator@*", "objective@*", "user@*",
              "uses#*",
            ]
          }
        }
      },
      {
        Sid      = "Counts"
        Effect   = "Allow"
        Action   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
        Resource = aws_dynamodb_table.counts.arn
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.api.arn}:*"
      },
      ], var.kms_key_arn == null ? [] : [{
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.kms_key_arn
        Condition = {
          StringEquals = {
            "kms:ViaService" = [for service in ["dynamodb", "lambda"] : "${service}.${var.region}.amazonaws.com"]
          }
        }
    }])
  })
}

resource "aws_iam_role" "worker" {
  name        = "${local.global}-worker"
  description = "The worker function of ${var.name}."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "worker" {
  name = "worker"
  role = aws_iam_role.worker.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Definitions"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:Query"]
        Resource = aws_dynamodb_table.definitions.arn
      },
      {
        # What fires, and what people are still to be told. Definitions are for users to write.
        Sid      = "State"
        Effect   = "Allow"
        Action   = "dynamodb:PutItem"
        Resource = aws_dynamodb_table.definitions.arn
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["state"] }
        }
      },
      {
        Sid      = "Counts"
        Effect   = "Allow"
        Action   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
        Resource = aws_dynamodb_table.counts.arn
      },
      {
        Sid      = "Alerts"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = aws_sns_topic.alerts.arn
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.worker.arn}:*"
      },
      ], [for queue in aws_sqs_queue.measurements : {
        Sid      = "Queue"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = queue.arn
        }], var.kms_key_arn == null ? [] : [{
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.kms_key_arn
        Condition = {
          StringEquals = {
            "kms:ViaService" = [
              for service in concat(["dynamodb", "lambda", "sns"], var.measurement_queue ? ["sqs"] : []) :
              "${service}.${var.region}.amazonaws.com"
            ]
          }
        }
    }])
  })
}

resource "aws_iam_role" "schedules" {
  name        = "${local.global}-schedules"
  description = "The schedules of ${var.name}."

  # Of our schedules only: Scheduler acts for everybody.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account
          "aws:SourceArn"     = aws_scheduler_schedule_group.slo.arn
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "schedules" {
  name = "schedules"
  role = aws_iam_role.schedules.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Worker"
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = aws_lambda_function.worker.arn
    }]
  })
}

# API Gateway writes logs by a role that is one per account and region.
resource "aws_iam_role" "gateway_logs" {
  count = local.aws && var.manage_gateway_logging ? 1 : 0

  name        = "${local.global}-gateway-logs"
  description = "API Gateway's logs of this account and region."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })
}

# AWS's own policy: API Gateway takes no role that can do less, even where one group is all that it will write to.
resource "aws_iam_role_policy_attachment" "gateway_logs" {
  count = local.aws && var.manage_gateway_logging ? 1 : 0

  role       = aws_iam_role.gateway_logs[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}
