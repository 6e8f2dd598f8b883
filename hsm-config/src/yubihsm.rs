//! Keys in YubiHSM 2 devices, made in the device and never out of it but under wrap.
//!
//! The device has the private key; `DIR/yubihsm/NAME/ID.toml` says what kind of key it is, what for, under which object id and with which public key
//! it was made; `DIR/yubihsm/NAME/ID.suspended` stops it while it is there. Types of the library that speaks to devices stay in `hsm-config`.

mod audit;
mod backoff;
mod book;
mod call;
mod calls;
mod ceremony;
mod config;
pub(crate) mod connection;
mod device;
pub mod device_log;
mod error;
mod identity;
mod key;
mod kind;
pub(crate) mod login;
pub mod manage;
mod store;
mod uri;
mod way;

pub use call::CallError;
pub use config::{DeviceConfig, OnUnexplained};
pub use error::{ConfigRule, KeyWeakness, YubiHsmError};
pub use store::YubiHsmStore;
pub use uri::{KeyName, YubiHsmUri, YubiHsmUriError};
pub use way::{Way, WayError};
