//! Walks the whole API through a gateway as a user would.

fn main() {}
