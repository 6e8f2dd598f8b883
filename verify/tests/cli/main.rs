//! The program as its users call it: arguments, exit codes, renderings, receipts and logs.

#[path = "../../../common/validate/tests/rules/material.rs"]
#[allow(dead_code, reason = "the abuse cases of the validator use more of it")]
mod material;

mod evidence;
mod folder;
mod hostile;
mod logged;
mod usage;
mod verdicts;
