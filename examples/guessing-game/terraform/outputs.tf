output "url" {
  description = "Where the game is: POST it and /games begins one."
  value       = aws_api_gateway_stage.game.invoke_url
}

output "function" {
  description = "Name of the function, for direct invocations."
  value       = aws_lambda_function.game.function_name
}

output "slo_url" {
  description = "Where the API of the module is: alerts, incidents and plans of the game's objective."
  value       = module.slo.url
}
