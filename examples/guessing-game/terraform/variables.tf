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
