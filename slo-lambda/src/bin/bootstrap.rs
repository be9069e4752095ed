//! The service as a Lambda function.

fn main() {}
