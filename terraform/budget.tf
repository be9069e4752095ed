# Of the whole account: a filter by tag sees nothing until somebody activates the tag for cost allocation, and a budget that
# never fires is worse than one that fires for a neighbour. People are told directly too: a subscription to the topic may
# not be confirmed.
resource "aws_budgets_budget" "slo" {
  count = local.aws && var.monthly_budget_usd > 0 ? 1 : 0

  name         = local.global
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"

  notification {
    notification_type          = "ACTUAL"
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_sns_topic_arns  = [aws_sns_topic.operations.arn]
    subscriber_email_addresses = var.notify_emails
  }

  notification {
    notification_type          = "FORECASTED"
    comparison_operator        = "GREATER_THAN"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_sns_topic_arns  = [aws_sns_topic.operations.arn]
    subscriber_email_addresses = var.notify_emails
  }

  # Budgets looks whether it may publish.
  depends_on = [aws_sns_topic_policy.operations]
}
