# What cannot work is refused before anything is made. Each run expects every one of its variables to be refused.

mock_provider "aws" {}

variables {
  zip_path = "versions.tf"
}

run "malformed" {
  command = plan

  variables {
    target                 = "gcp"
    name                   = "SLO!"
    region                 = "Ireland"
    endpoint               = "localhost"
    stage                  = "v1/x"
    tags                   = { "AWS:x" = "y" }
    kms_key_arn            = "arn:aws:kms:eu-west-1:123456789012:alias/mine"
    max_read_units         = 0
    max_write_units        = 1.5
    package_type           = "jar"
    architecture           = "riscv"
    memory_size            = 64
    api_timeout            = 29
    worker_timeout         = 901
    reserved_concurrency   = -1
    log_level              = "LOUD"
    log_retention_days     = 31
    authorization          = "JWT"
    throttle_rate          = 0
    throttle_burst         = 0
    usage_plan             = { quota_per_day = 0, rate = 1, burst = 1 }
    zone_id                = "example.com"
    alert_interval_minutes = 61
    notify_emails          = ["nobody"]
    monthly_budget_usd     = -1
  }

  expect_failures = [
    var.target, var.name, var.region, var.endpoint, var.stage, var.tags, var.kms_key_arn, var.max_read_units, var.max_write_units,
    var.package_type, var.architecture, var.memory_size, var.api_timeout, var.worker_timeout, var.reserved_concurrency, var.log_level, var.log_retention_days,
    var.authorization, var.throttle_rate, var.throttle_burst, var.usage_plan, var.zone_id,
    var.alert_interval_minutes, var.notify_emails, var.monthly_budget_usd,
  ]
}

run "other_ends" {
  command = plan

  variables {
    name                   = "a-name-of-twenty-six-chars"
    max_read_units         = 0.5
    max_write_units        = 0
    api_timeout            = 2
    worker_timeout         = 5
    memory_size            = 10241
    auth                   = "token"
    authorization          = "AWS_IAM"
    log_retention_days     = 0
    throttle_burst         = 10.5
    alert_interval_minutes = 0
    notify_emails          = ["a@b.cd", "a@b.ce", "a@b.cf", "a@b.cg", "a@b.ch", "a@b.ci", "a@b.cj", "a@b.ck", "a@b.cl", "a@b.cm", "a@b.cn"]
    image_uri              = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/slo-lambda:1"
    certificate_arn        = "arn:aws:acm:us-east-1:123456789012:certificate/x"
  }

  expect_failures = [
    var.authorization,
    var.name, var.max_read_units, var.max_write_units, var.api_timeout, var.worker_timeout, var.memory_size, var.log_retention_days,
    var.throttle_burst, var.alert_interval_minutes, var.notify_emails, var.image_uri, var.certificate_arn,
  ]
}

run "half_a_package_and_half_a_domain" {
  command = plan

  variables {
    package_type = "image"
    zone_id      = "Z0123456789"
  }

  expect_failures = [var.image_uri, var.domain_name]
}

run "a_domain_without_a_certificate" {
  command = plan

  variables {
    domain_name = "slo.example.com"
  }

  expect_failures = [var.domain_name]
}

run "a_domain_without_a_dot" {
  command = plan

  variables {
    domain_name = "nodots"
    zone_id     = "Z0123456789"
  }

  expect_failures = [var.domain_name]
}

run "no_zip" {
  command = plan

  variables {
    zip_path = "no-such.zip"
  }

  expect_failures = [aws_lambda_function.api]
}

run "another_way_in" {
  command = plan

  variables {
    zip_path = "versions.tf"
    auth     = "password"
  }

  expect_failures = [var.auth]
}
