# The game beside the service that it is measured by: its table, its function and its role. What it counts and promises goes
# into the tables of the module, whose worker looks after them and raises its alerts.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { service = "${var.name}-game", managed-by = "terraform" }
  }
}

module "slo" {
  source = "../../../terraform"

  name   = var.name
  region = var.region
}

locals {
  function = "${var.name}-game"
  zip_path = coalesce(var.zip_path, "${path.module}/../../../target/guessing-game/x86_64/bootstrap.zip")

  # From an ARN of our own: nothing is read that was not made here.
  tables = "${join(":", slice(split(":", aws_dynamodb_table.games.arn), 0, 5))}:table"
}

resource "aws_dynamodb_table" "games" {
  name         = "${var.name}-games"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }

  # A game is kept for thirty days.
  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  # The fuse: what is above is throttled and answered with 503.
  on_demand_throughput {
    max_read_request_units  = 50
    max_write_request_units = 25
  }
}

resource "aws_cloudwatch_log_group" "game" {
  name              = "/aws/lambda/${local.function}"
  retention_in_days = 30
}

resource "aws_iam_role" "game" {
  name        = "${local.function}-${var.region}"
  description = "The guessing game."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "game" {
  name = "game"
  role = aws_iam_role.game.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Games"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        Resource = aws_dynamodb_table.games.arn
      },
      {
        Sid      = "Definitions"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
        Resource = "${local.tables}/${module.slo.definitions_table}"
      },
      {
        Sid      = "Counts"
        Effect   = "Allow"
        Action   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
        Resource = "${local.tables}/${module.slo.counts_table}"
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.game.arn}:*"
      },
    ]
  })
}

resource "aws_lambda_function" "game" {
  function_name    = local.function
  description      = "The guessing game."
  role             = aws_iam_role.game.arn
  filename         = local.zip_path
  source_code_hash = fileexists(local.zip_path) ? filebase64sha256(local.zip_path) : null
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = ["x86_64"]
  memory_size      = 256
  timeout          = 15

  environment {
    variables = {
      SLO_TABLE_PREFIX = "${var.name}-"
      GAMES_TABLE      = aws_dynamodb_table.games.name
    }
  }

  logging_config {
    log_format       = "JSON"
    log_group        = aws_cloudwatch_log_group.game.name
    system_log_level = "WARN"
  }

  lifecycle {
    precondition {
      condition     = fileexists(local.zip_path)
      error_message = "There is no package at ${local.zip_path}. Make it with: PACKAGE=guessing-game bash slo-lambda/package zip"
    }
  }

  # It may be called as soon as it is there.
  depends_on = [aws_iam_role_policy.game]
}
