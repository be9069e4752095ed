//! slo
fn main() {}
