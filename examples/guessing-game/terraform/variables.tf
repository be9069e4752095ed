variable "name" {
  description = "Prefix of every resource name; see the module."
  type        = string
  default     = "play"
  nullable    = false
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-west-1"
  nullable    = false
}

variable "zip_path" {
  description = "Path of the game's zip. null: where `PACKAGE=guessing-game bash slo-lambda/package zip` puts it."
  type        = string
  default     = null
}

variable "authorization" {
  description = "Whom the gateway lets through: \"AWS_IAM\" (signed requests of whom IAM allows execute-api:Invoke), or \"NONE\" for everybody who knows the URL."
  type        = string
  default     = "AWS_IAM"
  nullable    = false

  validation {
    condition     = contains(["AWS_IAM", "NONE"], var.authorization)
    error_message = "authorization must be \"AWS_IAM\" or \"NONE\"."
  }
}

variable "stage" {
  description = "Stage of the gateway: the first part of every path."
  type        = string
  default     = "v1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,128}$", var.stage))
    error_message = "stage must be 1 to 128 letters, digits, hyphens or underscores."
  }
}

variable "throttle_rate" {
  description = "Requests a second of all players together, about; what is above gets 429."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.throttle_rate > 0 && var.throttle_rate <= 10000
    error_message = "throttle_rate must be above 0 and 10000 at most."
  }
}

variable "throttle_burst" {
  description = "Requests at once above which players get 429."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.throttle_burst >= 1 && var.throttle_burst <= 5000 && floor(var.throttle_burst) == var.throttle_burst
    error_message = "throttle_burst must be a whole number, 1 to 5000."
  }
}
