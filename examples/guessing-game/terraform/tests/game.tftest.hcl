# The game's table, function and gateway, applied to a mock; the module has tests of its own.

mock_provider "aws" {}

override_module {
  target = module.slo
  outputs = {
    definitions_table = "play-slo"
    counts_table      = "play-counts"
    url               = "https://api.example.com"
  }
}

override_resource {
  target = aws_dynamodb_table.games
  values = { arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/play-games" }
}

override_resource {
  target = aws_cloudwatch_log_group.game
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/play-game" }
}

override_resource {
  target = aws_iam_role.game
  values = { id = "game", arn = "arn:aws:iam::123456789012:role/game" }
}

override_resource {
  target = aws_lambda_function.game
  values = { invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/game/invocations" }
}

override_resource {
  target = aws_api_gateway_rest_api.game
  values = { id = "rest", root_resource_id = "root", execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:rest" }
}

override_resource {
  target = aws_api_gateway_resource.proxy
  values = { id = "proxy" }
}

override_resource {
  target = aws_api_gateway_stage.game
  values = { invoke_url = "https://rest.execute-api.eu-west-1.amazonaws.com/v1" }
}

variables {
  # Any file: what is in the package is tested elsewhere.
  zip_path = "main.tf"
}

run "game" {
  assert {
    condition     = aws_api_gateway_resource.proxy.path_part == "{proxy+}" && aws_api_gateway_resource.proxy.parent_id == "root"
    error_message = "Every path below the root is the router's."
  }

  assert {
    condition = [for method in [aws_api_gateway_method.root, aws_api_gateway_method.proxy] : "${method.resource_id} ${method.http_method} ${method.authorization}"] == [
      "root ANY AWS_IAM", "proxy ANY AWS_IAM",
    ]
    error_message = "Every method of the root and of what is below it wants a signature."
  }

  assert {
    condition = [for integration in [aws_api_gateway_integration.root, aws_api_gateway_integration.proxy] : "${integration.resource_id} ${integration.type} ${integration.integration_http_method} ${integration.uri}"] == [
      for resource in ["root", "proxy"] : "${resource} AWS_PROXY POST ${aws_lambda_function.game.invoke_arn}"
    ]
    error_message = "Both go to the function as they are."
  }

  assert {
    condition     = aws_lambda_permission.gateway.principal == "apigateway.amazonaws.com" && aws_lambda_permission.gateway.source_arn == "arn:aws:execute-api:eu-west-1:123456789012:rest/v1/*" && aws_lambda_permission.gateway.function_name == "play-game"
    error_message = "The stage of this gateway may invoke the function, and nothing else."
  }

  assert {
    condition     = one(aws_api_gateway_method_settings.game.settings).throttling_rate_limit == 10 && one(aws_api_gateway_method_settings.game.settings).throttling_burst_limit == 20 && aws_api_gateway_method_settings.game.method_path == "*/*"
    error_message = "All players together are throttled."
  }

  assert {
    condition     = output.url == "https://rest.execute-api.eu-west-1.amazonaws.com/v1"
    error_message = "The URL is that of the stage."
  }

  assert {
    condition     = aws_lambda_function.game.environment[0].variables == tomap({ SLO_TABLE_PREFIX = "play-", GAMES_TABLE = "play-games" })
    error_message = "The function knows the module's tables and its own."
  }
}

run "open" {
  variables {
    authorization = "NONE"
    stage         = "play"
  }

  assert {
    condition     = alltrue([for method in [aws_api_gateway_method.root, aws_api_gateway_method.proxy] : method.authorization == "NONE"]) && aws_api_gateway_stage.game.stage_name == "play" && endswith(aws_lambda_permission.gateway.source_arn, ":rest/play/*")
    error_message = "Whoever knows the URL may play, if somebody says so."
  }
}

run "refused" {
  command = plan

  variables {
    authorization  = "CUSTOM"
    stage          = "a/b"
    throttle_rate  = 0
    throttle_burst = 1.5
  }

  expect_failures = [var.authorization, var.stage, var.throttle_rate, var.throttle_burst]
}
