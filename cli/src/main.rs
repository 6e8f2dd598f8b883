//! The operator's front door.
fn main() {}
