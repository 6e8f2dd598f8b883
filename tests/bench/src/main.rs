//! Load generator that takes any TSA URL.
fn main() {}
