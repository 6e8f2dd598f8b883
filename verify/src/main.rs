//! The relying party's and the auditor's offline tool.
fn main() {}
