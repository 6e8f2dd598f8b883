//! The YubiHSM back end on a simulated device that is told to fail.

#![cfg(feature = "yubihsm")]
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test stops at the first surprise")]

#[path = "yubihsm/accounts.rs"]
mod accounts;
#[path = "yubihsm/conformance.rs"]
mod conformance;
#[path = "../../tests/fault_table.rs"]
mod fault_table;
#[path = "yubihsm/matrix.rs"]
mod matrix;
#[path = "yubihsm/place.rs"]
mod place;
#[path = "yubihsm/recovery.rs"]
mod recovery;
#[path = "yubihsm/refusals.rs"]
mod refusals;
