//! The service as a Lambda function.

use std::process::ExitCode;

fn main() -> ExitCode {
    slo_lambda::function::run()
}
