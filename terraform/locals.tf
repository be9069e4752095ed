locals {
  aws      = var.target == "aws"
  endpoint = local.aws ? null : var.endpoint

  # From an ARN of our own: the module reads nothing that it has not made.
  account   = split(":", aws_cloudwatch_log_group.worker.arn)[4]
  partition = split(":", aws_cloudwatch_log_group.worker.arn)[1]

  # Names of IAM, budgets and dashboards are one per account, so that a second region needs others.
  global = "${var.name}-${var.region}"

  deletion_protection    = coalesce(var.deletion_protection, local.aws)
  point_in_time_recovery = coalesce(var.point_in_time_recovery, local.aws)
  auth                   = coalesce(var.auth, local.aws && var.authorization != "AWS_IAM" ? "token" : "none")
  authorization          = coalesce(var.authorization, local.aws && local.auth == "none" ? "AWS_IAM" : "NONE")
  domain                 = local.aws ? var.domain_name : null

  # By name and not by reference: a deployment is made anew before the old one goes, and so would be everything that it refers
  # to, functions and tables among it, of which there cannot be two of one name.
  api_arn = "arn:${local.partition}:lambda:${var.region}:${local.account}:function:${var.name}-api"

  zip      = var.package_type == "zip"
  zip_path = coalesce(var.zip_path, "${path.module}/../target/lambda/${var.architecture}/bootstrap.zip")

  metrics_namespace = local.aws ? "ErrorBudgets/${var.name}" : ""
}
