# A domain of one's own. The API is below no base path there, and links of the service have none either.

resource "aws_acm_certificate" "slo" {
  count = local.domain != null && var.certificate_arn == null ? 1 : 0

  domain_name       = local.domain
  validation_method = "DNS"

  # One in use cannot be deleted.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  count = local.domain != null && var.certificate_arn == null ? 1 : 0

  zone_id = var.zone_id
  name    = one(aws_acm_certificate.slo[0].domain_validation_options).resource_record_name
  type    = one(aws_acm_certificate.slo[0].domain_validation_options).resource_record_type
  records = [one(aws_acm_certificate.slo[0].domain_validation_options).resource_record_value]
  ttl     = 300

  # It is the same for every certificate of a name in an account: an earlier one may have left it.
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "slo" {
  count = local.domain != null && var.certificate_arn == null ? 1 : 0

  certificate_arn         = aws_acm_certificate.slo[0].arn
  validation_record_fqdns = [aws_route53_record.validation[0].fqdn]
}

resource "aws_api_gateway_domain_name" "slo" {
  count = local.domain != null ? 1 : 0

  domain_name              = local.domain
  regional_certificate_arn = var.certificate_arn == null ? aws_acm_certificate_validation.slo[0].certificate_arn : var.certificate_arn
  security_policy          = "TLS_1_2"

  endpoint_configuration {
    types           = ["REGIONAL"]
    ip_address_type = "dualstack"
  }
}

resource "aws_api_gateway_base_path_mapping" "slo" {
  count = local.domain != null ? 1 : 0

  domain_name = aws_api_gateway_domain_name.slo[0].domain_name
  api_id      = aws_api_gateway_rest_api.slo.id
  stage_name  = aws_api_gateway_stage.slo.stage_name
}

resource "aws_route53_record" "a" {
  count = local.domain != null && var.zone_id != null ? 1 : 0

  zone_id = var.zone_id
  name    = local.domain
  type    = "A"

  alias {
    name                   = aws_api_gateway_domain_name.slo[0].regional_domain_name
    zone_id                = aws_api_gateway_domain_name.slo[0].regional_zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "aaaa" {
  count = local.domain != null && var.zone_id != null ? 1 : 0

  zone_id = var.zone_id
  name    = local.domain
  type    = "AAAA"

  alias {
    name                   = aws_api_gateway_domain_name.slo[0].regional_domain_name
    zone_id                = aws_api_gateway_domain_name.slo[0].regional_zone_id
    evaluate_target_health = false
  }
}
