# The game's own way in, as the module has one: every path and method goes to the function, whose router knows which there are.

locals {
  # A deployment is a copy: whatever of this changes has to make a new one to reach players.
  deployed = [
    aws_api_gateway_resource.proxy.id,
    aws_api_gateway_method.root.authorization,
    aws_api_gateway_method.proxy.authorization,
    aws_api_gateway_integration.root.id,
    aws_api_gateway_integration.root.uri,
    aws_api_gateway_integration.proxy.id,
    aws_api_gateway_integration.proxy.uri,
  ]
}

resource "aws_api_gateway_rest_api" "game" {
  name        = local.function
  description = "The guessing game."

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "proxy" {
  rest_api_id = aws_api_gateway_rest_api.game.id
  parent_id   = aws_api_gateway_rest_api.game.root_resource_id
  path_part   = "{proxy+}"
}

# Links lead to the root too, which `{proxy+}` does not match.
resource "aws_api_gateway_method" "root" {
  rest_api_id   = aws_api_gateway_rest_api.game.id
  resource_id   = aws_api_gateway_rest_api.game.root_resource_id
  http_method   = "ANY"
  authorization = var.authorization
}

resource "aws_api_gateway_method" "proxy" {
  rest_api_id   = aws_api_gateway_rest_api.game.id
  resource_id   = aws_api_gateway_resource.proxy.id
  http_method   = "ANY"
  authorization = var.authorization
}

resource "aws_api_gateway_integration" "root" {
  rest_api_id             = aws_api_gateway_rest_api.game.id
  resource_id             = aws_api_gateway_rest_api.game.root_resource_id
  http_method             = aws_api_gateway_method.root.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.game.invoke_arn
}

resource "aws_api_gateway_integration" "proxy" {
  rest_api_id             = aws_api_gateway_rest_api.game.id
  resource_id             = aws_api_gateway_resource.proxy.id
  http_method             = aws_api_gateway_method.proxy.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.game.invoke_arn
}

# Of this stage, and not of the console's test button, which asks nobody for authorization.
resource "aws_lambda_permission" "gateway" {
  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.game.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.game.execution_arn}/${var.stage}/*"
}

resource "aws_api_gateway_deployment" "game" {
  rest_api_id = aws_api_gateway_rest_api.game.id

  triggers = {
    api = sha1(jsonencode(local.deployed))
  }

  # One that a stage uses cannot be deleted.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "game" {
  rest_api_id   = aws_api_gateway_rest_api.game.id
  deployment_id = aws_api_gateway_deployment.game.id
  stage_name    = var.stage
}

resource "aws_api_gateway_method_settings" "game" {
  rest_api_id = aws_api_gateway_rest_api.game.id
  stage_name  = aws_api_gateway_stage.game.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = var.throttle_rate
    throttling_burst_limit = var.throttle_burst
  }
}
