# Where

variable "target" {
  description = "Where to deploy: \"aws\", or \"localstack\" for an emulator at `endpoint`."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = contains(["aws", "localstack"], var.target)
    error_message = "target must be \"aws\" or \"localstack\"."
  }
}

variable "name" {
  description = "Prefix of every resource name. Two deployments in one account and region need two names, and the second `manage_gateway_logging = false`."
  type        = string
  default     = "slo"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 24 lower-case letters, digits or hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-west-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "endpoint" {
  description = "URL of the emulator, with its port. Only for `target = \"localstack\"`."
  type        = string
  default     = "http://localhost:4566"
  nullable    = false

  validation {
    # The URL of the API is one of this machine.
    condition     = can(regex("^http://(localhost|localhost[.]localstack[.]cloud|127[.]0[.]0[.]1):[0-9]+$", var.endpoint))
    error_message = "endpoint must be on this machine, with a port and without a path, such as http://localhost:4566."
  }
}

variable "stage" {
  description = "Name of the API's stage: the first part of every path, and of every link that the service writes."
  type        = string
  default     = "v1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_]{1,128}$", var.stage))
    error_message = "stage must be letters, digits or underscores, 128 at most."
  }
}

variable "tags" {
  description = "Tags of every resource, beside `service` and `managed-by`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "tags that begin with aws: are reserved."
  }
}

# Data

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the tables. null: on AWS yes, on an emulator no."
  type        = bool
  default     = null
}

variable "point_in_time_recovery" {
  description = "Whether the tables can be restored to any second of the last 35 days. null: on AWS yes, on an emulator no."
  type        = bool
  default     = null
}

variable "kms_key_arn" {
  description = "Key of your own for tables, environments of the functions, logs, topics and queues. null: keys that AWS owns or manages. Its key policy must admit the services that the README lists."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (…:key/…), not of an alias: permissions are about keys."
  }
}

variable "max_read_units" {
  description = "Cost fuse: read request units a second of each table and index; what is above is throttled and answered with 503. One budget reads about 5. At the limit all month each costs units × 2,628,000 s × $0.125 per million, so 200 are about $66; with two tables and two indexes four times that."
  type        = number
  default     = 200
  nullable    = false

  validation {
    condition     = var.max_read_units >= 1 && floor(var.max_read_units) == var.max_read_units
    error_message = "max_read_units must be a whole number, 1 at least."
  }
}

variable "max_write_units" {
  description = "Cost fuse: write request units a second of each table and index; what is above is throttled and answered with 503. One POST of measurements costs 2, so 50 are 25 POSTs a second, or 1,500 series with one a minute. At the limit all month each costs units × 2,628,000 s × $0.625 per million, so 50 are about $82; with two tables and two indexes four times that."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.max_write_units >= 1 && floor(var.max_write_units) == var.max_write_units
    error_message = "max_write_units must be a whole number, 1 at least."
  }
}

# Functions

variable "package_type" {
  description = "What the functions run: \"zip\", or \"image\" for a container image at `image_uri`."
  type        = string
  default     = "zip"
  nullable    = false

  validation {
    condition     = contains(["zip", "image"], var.package_type)
    error_message = "package_type must be \"zip\" or \"image\"."
  }
}

variable "architecture" {
  description = "Processor of the functions, which is that of the package: \"x86_64\" or \"arm64\"."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be \"x86_64\" or \"arm64\"."
  }
}

variable "zip_path" {
  description = "Path of the zip. null: where `bash slo-lambda/package zip` puts it."
  type        = string
  default     = null
}

variable "image_uri" {
  description = "Image in a registry (ECR) of the same account and region. Only for `package_type = \"image\"`."
  type        = string
  default     = null

  validation {
    condition     = (var.package_type == "image") == (var.image_uri != null)
    error_message = "image_uri and package_type = \"image\" need each other; leave both out for a zip."
  }
}

variable "memory_size" {
  description = "Memory of each function in MB. CPU is in proportion."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "memory_size must be 128 to 10240."
  }
}

variable "api_timeout" {
  description = "Seconds until Lambda ends a request. API Gateway gives up after 29."
  type        = number
  default     = 25
  nullable    = false

  validation {
    condition     = var.api_timeout >= 3 && var.api_timeout <= 28
    error_message = "api_timeout must be 3 to 28: API Gateway gives up after 29 s."
  }
}

variable "worker_timeout" {
  description = "Seconds until Lambda ends a round of alerts, a reconciliation or a batch of the queue."
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.worker_timeout >= 10 && var.worker_timeout <= 900
    error_message = "worker_timeout must be 10 to 900."
  }
}

variable "reserved_concurrency" {
  description = "Cost fuse: how many requests the API function answers at once; 0 stops it. null: as many as the account allows. Lambda keeps 100 of the account's concurrency for other functions."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null ? true : var.reserved_concurrency >= 0
    error_message = "reserved_concurrency must not be negative."
  }
}

variable "log_level" {
  description = "What the functions log: TRACE, DEBUG, INFO, WARN, ERROR or FATAL. Metrics are written at each of them."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.log_level)
    error_message = "log_level must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one that CloudWatch takes: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

# API

variable "auth" {
  description = "Whom the service lets in: \"token\" (who shows a token of one of its users), or \"none\" (whoever reaches it may do everything). null: token on AWS unless `authorization` is AWS_IAM, none on an emulator. The first token: see the output first_token."
  type        = string
  default     = null

  validation {
    condition     = var.auth == null ? true : contains(["token", "none"], var.auth)
    error_message = "auth must be \"token\" or \"none\"."
  }
}

variable "authorization" {
  description = "Whom the gateway lets through: \"AWS_IAM\" (signed requests of whom IAM allows execute-api:Invoke), or \"NONE\" for everybody who knows the URL. null: NONE where the service asks for tokens or on an emulator, AWS_IAM otherwise."
  type        = string
  default     = null

  validation {
    condition     = var.authorization == null ? true : contains(["AWS_IAM", "NONE"], var.authorization)
    error_message = "authorization must be \"AWS_IAM\" or \"NONE\"."
  }

  # A request has one header Authorization, which is either a signature or a token.
  validation {
    condition     = !(var.authorization == "AWS_IAM" && var.auth == "token")
    error_message = "authorization \"AWS_IAM\" goes with auth \"none\": a request is either signed or has a token."
  }
}

variable "throttle_rate" {
  description = "Requests a second of all clients together, about; what is above gets 429. At the list price of $3.50 per million, 50 all month are $460."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.throttle_rate > 0 && var.throttle_rate <= 10000
    error_message = "throttle_rate must be above 0 and 10000 at most."
  }
}

variable "throttle_burst" {
  description = "Requests at once above which clients get 429."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.throttle_burst >= 1 && var.throttle_burst <= 5000 && floor(var.throttle_burst) == var.throttle_burst
    error_message = "throttle_burst must be a whole number, 1 to 5000."
  }
}

variable "usage_plan" {
  description = "Quota and throttling of an API key, which is then created and demanded of each request. A key counts; it is no protection, that is `authorization`. null: no key."
  type        = object({ quota_per_day = number, rate = number, burst = number })
  default     = null

  validation {
    condition     = var.usage_plan == null ? true : alltrue([for value in values(var.usage_plan) : value == null ? false : value > 0])
    error_message = "usage_plan needs a quota_per_day, a rate and a burst above 0."
  }
}

variable "manage_gateway_logging" {
  description = "Whether to set the role by which API Gateway writes logs. It is one per account and region: false where it is set already."
  type        = bool
  default     = true
  nullable    = false
}

variable "domain_name" {
  description = "Domain of your own for the API; the default URL is switched off then. null: none."
  type        = string
  default     = null

  validation {
    condition     = var.domain_name == null ? true : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name must be a name in lower case such as slo.example.com."
  }

  validation {
    condition     = (var.domain_name != null) == (var.zone_id != null || var.certificate_arn != null)
    error_message = "domain_name needs a zone_id (a certificate is requested, and the name leads to the API) or a certificate_arn (the name is your business); they need a domain_name."
  }
}

variable "zone_id" {
  description = "Hosted zone of Route 53 in which `domain_name` is made to lead to the API. null: none."
  type        = string
  default     = null

  validation {
    condition     = var.zone_id == null ? true : can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "zone_id must be the id of a hosted zone (Z…)."
  }
}

variable "certificate_arn" {
  description = "Certificate of ACM for `domain_name`, in the same region. null: with a zone_id one is requested and validated."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null ? true : can(regex("^arn:aws[a-z-]*:acm:${var.region}:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate of ACM in the same region."
  }
}

# Operation

variable "alert_interval_minutes" {
  description = "Minutes between two rounds of alerts."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.alert_interval_minutes >= 1 && var.alert_interval_minutes <= 60 && floor(var.alert_interval_minutes) == var.alert_interval_minutes
    error_message = "alert_interval_minutes must be a whole number, 1 to 60."
  }
}

variable "measurement_queue" {
  description = "Whether measurements may come through an SQS queue too."
  type        = bool
  default     = false
  nullable    = false
}

variable "notify_emails" {
  description = "E-mail addresses that are told of alarms and of the budget. Each has to confirm its subscription once."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    # Budgets takes no more than ten.
    condition     = length(var.notify_emails) <= 10 && alltrue([for address in var.notify_emails : can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", address))])
    error_message = "notify_emails must be at most 10 e-mail addresses."
  }
}

variable "monthly_budget_usd" {
  description = "Dollars a month of the whole account above which people are told; nothing is switched off. 0: no budget."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.monthly_budget_usd >= 0
    error_message = "monthly_budget_usd must not be negative."
  }
}
