# Who may do what, applied to a mock in which every resource has an ARN of its own.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  zip_path = "versions.tf"
}

run "permissions" {
  assert {
    condition = alltrue([
      for statement in flatten([for policy in [
        aws_iam_role_policy.api.policy, aws_iam_role_policy.worker.policy, aws_iam_role_policy.schedules.policy,
        aws_sns_topic_policy.alerts[0].policy, aws_sns_topic_policy.operations[0].policy,
        aws_iam_role.api.assume_role_policy, aws_iam_role.worker.assume_role_policy, aws_iam_role.schedules.assume_role_policy, aws_iam_role.gateway_logs[0].assume_role_policy,
      ] : jsondecode(policy).Statement]) :
      alltrue([for action in flatten([statement.Action]) : !strcontains(action, "*")]) && !can(statement.NotAction)
    ])
    error_message = "No policy has an action with a star."
  }

  assert {
    condition = alltrue([
      for statement in flatten([for policy in [
        aws_iam_role_policy.api.policy, aws_iam_role_policy.worker.policy, aws_iam_role_policy.schedules.policy,
        aws_sns_topic_policy.alerts[0].policy, aws_sns_topic_policy.operations[0].policy,
      ] : jsondecode(policy).Statement]) :
      !can(statement.NotResource) && alltrue([
        for resource in flatten([statement.Resource]) :
        # The streams of a log group are the only things that have no name beforehand.
        startswith(resource, "arn:aws:") && !strcontains(trimsuffix(resource, ":*"), "*") && (!endswith(resource, "*") || statement.Sid == "Logs")
      ])
    ])
    error_message = "No policy has a resource with a star, but the streams of the own log group."
  }

  assert {
    condition = alltrue([
      for statement in flatten([for policy in [
        aws_sns_topic_policy.alerts[0].policy, aws_sns_topic_policy.operations[0].policy,
        aws_iam_role.api.assume_role_policy, aws_iam_role.worker.assume_role_policy, aws_iam_role.schedules.assume_role_policy, aws_iam_role.gateway_logs[0].assume_role_policy,
      ] : jsondecode(policy).Statement]) :
      statement.Effect == "Deny" || try(join(" ", keys(statement.Principal)), "everybody") == "Service"
    ])
    error_message = "Nobody is allowed anything by name but services of AWS."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.api.policy).Statement : statement.Sid => jsonencode([statement.Effect, sort(flatten([statement.Action])), sort(flatten([statement.Resource]))])
      } == {
      Definitions              = jsonencode(["Allow", ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], [aws_dynamodb_table.definitions.arn]])
      Lists                    = jsonencode(["Allow", ["dynamodb:Query"], ["${aws_dynamodb_table.definitions.arn}/index/by-owner", "${aws_dynamodb_table.definitions.arn}/index/by-service"]])
      DeleteCurrentDefinitions = jsonencode(["Allow", ["dynamodb:DeleteItem"], [aws_dynamodb_table.definitions.arn]])
      Counts                   = jsonencode(["Allow", ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"], [aws_dynamodb_table.counts.arn]])
      Logs                     = jsonencode(["Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], ["${aws_cloudwatch_log_group.api.arn}:*"]])
    }
    error_message = "The API function may do what it does and no more: it publishes nothing."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.api.policy).Statement :
      try(statement.Condition, {}) == {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["indicator", "objective", "service", "user", "indicator@*", "objective@*", "user@*", "uses#*"] }
      }
      if contains(flatten([statement.Action]), "dynamodb:DeleteItem")
    ])
    error_message = "Past versions (indicator#…, objective#…, user#…) cannot be deleted."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.worker.policy).Statement : statement.Sid => jsonencode([statement.Effect, sort(flatten([statement.Action])), sort(flatten([statement.Resource]))])
      } == {
      Definitions = jsonencode(["Allow", ["dynamodb:GetItem", "dynamodb:Query"], [aws_dynamodb_table.definitions.arn]])
      State       = jsonencode(["Allow", ["dynamodb:PutItem"], [aws_dynamodb_table.definitions.arn]])
      Counts      = jsonencode(["Allow", ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"], [aws_dynamodb_table.counts.arn]])
      Alerts      = jsonencode(["Allow", ["sns:Publish"], [aws_sns_topic.alerts.arn]])
      Logs        = jsonencode(["Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], ["${aws_cloudwatch_log_group.worker.arn}:*"]])
    }
    error_message = "The worker may do what it does and no more: it deletes nothing."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.worker.policy).Statement :
      try(statement.Condition, {}) == {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["state"] }
      }
      if contains(flatten([statement.Action]), "dynamodb:PutItem")
    ])
    error_message = "The worker writes its own state, and no definitions."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.schedules.policy).Statement : [statement.Effect, statement.Action, statement.Resource]] == [["Allow", "lambda:InvokeFunction", aws_lambda_function.worker.arn]]
    error_message = "Schedules may call the worker and nothing else."
  }

  assert {
    condition = {
      for role in [aws_iam_role.api, aws_iam_role.worker, aws_iam_role.schedules, aws_iam_role.gateway_logs[0]] :
      role.name => join(" ", [for statement in jsondecode(role.assume_role_policy).Statement : "${statement.Effect} ${statement.Action} ${statement.Principal.Service}"])
      } == {
      slo-eu-west-1-api          = "Allow sts:AssumeRole lambda.amazonaws.com"
      slo-eu-west-1-worker       = "Allow sts:AssumeRole lambda.amazonaws.com"
      slo-eu-west-1-schedules    = "Allow sts:AssumeRole scheduler.amazonaws.com"
      slo-eu-west-1-gateway-logs = "Allow sts:AssumeRole apigateway.amazonaws.com"
    }
    error_message = "Each role is for one service, and has a name that another region does not have."
  }

  assert {
    condition     = jsondecode(aws_iam_role.schedules.assume_role_policy).Statement[0].Condition.StringEquals == { "aws:SourceAccount" = "123456789012", "aws:SourceArn" = aws_scheduler_schedule_group.slo.arn }
    error_message = "Scheduler takes the role for our schedules only."
  }

  assert {
    condition     = [aws_iam_role_policy.api.role, aws_iam_role_policy.worker.role, aws_iam_role_policy.schedules.role] == ["api", "worker", "schedules"]
    error_message = "Each policy belongs to its role."
  }
}
