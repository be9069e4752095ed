provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ service = var.name, managed-by = "terraform" }, var.tags)
  }

  # An emulator takes any credentials. Those of the shell stay out of it, and nothing below is set on AWS.
  access_key                  = local.aws ? null : "test"
  secret_key                  = local.aws ? null : "test"
  skip_credentials_validation = local.aws ? null : true
  skip_metadata_api_check     = local.aws ? null : "true"
  skip_requesting_account_id  = local.aws ? null : true

  endpoints {
    apigateway = local.endpoint
    dynamodb   = local.endpoint
    iam        = local.endpoint
    lambda     = local.endpoint
    logs       = local.endpoint
    scheduler  = local.endpoint
    sns        = local.endpoint
    sqs        = local.endpoint
    sts        = local.endpoint
  }
}
