# Keys and indexes are those of slo-dynamo (`table.rs`). On demand, because nobody has to guess; the maximum is the fuse.

resource "aws_dynamodb_table" "definitions" {
  name                        = "${var.name}-slo"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = local.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  attribute {
    name = "service_key"
    type = "S"
  }

  attribute {
    name = "owner_key"
    type = "S"
  }

  # All attributes: a list needs no second request.
  global_secondary_index {
    name            = "by-service"
    hash_key        = "service_key"
    range_key       = "sk"
    projection_type = "ALL"

    on_demand_throughput {
      max_read_request_units  = var.max_read_units
      max_write_request_units = var.max_write_units
    }
  }

  global_secondary_index {
    name            = "by-owner"
    hash_key        = "owner_key"
    range_key       = "sk"
    projection_type = "ALL"

    on_demand_throughput {
      max_read_request_units  = var.max_read_units
      max_write_request_units = var.max_write_units
    }
  }

  on_demand_throughput {
    max_read_request_units  = var.max_read_units
    max_write_request_units = var.max_write_units
  }

  # Without a key of your own it is AWS's managed one: its use shows in CloudTrail, that of a key that AWS owns does not.
  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = local.point_in_time_recovery
  }
}

resource "aws_dynamodb_table" "counts" {
  name                        = "${var.name}-counts"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = local.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  # Measurements say themselves until when they are kept.
  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  on_demand_throughput {
    max_read_request_units  = var.max_read_units
    max_write_request_units = var.max_write_units
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = local.point_in_time_recovery
  }
}
