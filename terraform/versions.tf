terraform {
  # Validations that look at other variables came with 1.9, the lock file of the S3 backend and mocks while planning with 1.11.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}
