//! Keys in YubiHSM 2 devices, made in the device and never out of it but under wrap.
//!
//! The device has the private key; `DIR/yubihsm/NAME/ID.toml` says what kind of key it is, what for, under which object id and with which public key
//! it was made; `DIR/yubihsm/NAME/ID.suspended` stops it while it is there. Types of the library that speaks to devices stay in `hsm-config`.

#![allow(dead_code, reason = "the back end on top of the connection follows")]

mod call;
mod config;
pub(crate) mod connection;
pub(crate) mod login;
pub mod manage;

pub use call::CallError;
pub use config::{ConnectorUrl, ConnectorUrlError, DeviceConfig, OnUnexplained};
