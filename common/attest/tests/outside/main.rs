//! Foreign tokens over checkpoints and records of outside audits, by authorities made here.

#[path = "../../../validate/tests/rules/material.rs"]
#[allow(dead_code, reason = "made for another suite as well")]
mod material;
mod records;
mod stamped;
#[path = "../../../audit/src/testing.rs"]
#[allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "made for another suite as well")]
mod testing;
