//! The measured clock against NTP servers on loopback that are honest, lie, drift, smear, announce leap seconds, fall
//! silent or say kiss-o'-death.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod agreement;
mod bounds;
mod leaps;
mod moved;
mod network;
mod order;
mod server;
mod smears;
