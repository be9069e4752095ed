resource "aws_scheduler_schedule_group" "slo" {
  name = var.name
}

resource "aws_scheduler_schedule" "reconciliation" {
  name                = "reconciliation"
  description         = "Completes what writers left half done, and condenses finished days."
  group_name          = aws_scheduler_schedule_group.slo.name
  schedule_expression = "rate(1 hour)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.worker.arn
    role_arn = aws_iam_role.schedules.arn
    input    = jsonencode({ kind = "reconciliationRequested" })

    # By default Scheduler tries for a day; rounds would pile up.
    retry_policy {
      maximum_event_age_in_seconds = 600
      maximum_retry_attempts       = 2
    }
  }

  depends_on = [aws_iam_role_policy.schedules]
}

resource "aws_scheduler_schedule" "alerts" {
  name                = "alerts"
  description         = "Judges every objective, and tells people of what has changed."
  group_name          = aws_scheduler_schedule_group.slo.name
  schedule_expression = var.alert_interval_minutes == 1 ? "rate(1 minute)" : "rate(${var.alert_interval_minutes} minutes)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.worker.arn
    role_arn = aws_iam_role.schedules.arn
    input    = jsonencode({ kind = "alertEvaluationRequested" })

    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 1
    }
  }

  depends_on = [aws_iam_role_policy.schedules]
}
