//! A simulated YubiHSM 2: the connector's HTTP, the secure channel, objects with capabilities and domains, the hash-chained
//! command log, the device's pace, and faults to switch on.
//!
//! Not simulated, and answered with «invalid command»: templates and SSH certificates, Yubico OTP, symmetric keys, RSA wrap keys,
//! FIPS mode, algorithm toggles.
//!
//! Lives here: the device as `standards/yubihsm.md` describes it, section by section. May use: OpenSSL, the standard library's
//! threads. Must not know: Kokuin. It is a test's device: keys lie in memory, and nothing here is a defence.
//!
//! By hand, with the factory key 1 and its password `password`:
//!
//! ```text
//! cargo run --release -p kokuin-yubihsm-sim -- --listen 127.0.0.1:12345 --control 127.0.0.1:12346 --pace 100 --state device.json
//! curl http://127.0.0.1:12345/connector/status
//! yubihsm-shell --connector http://127.0.0.1:12345 --password password --action get-device-info
//! ```
//!
//! The control address switches faults and shows the log ([`control`]):
//!
//! ```text
//! curl -d '{"fault": {"fault": "answer-lost", "on": "signing", "times": 1}}' http://127.0.0.1:12346/orders
//! curl -d '"power-cycle"' http://127.0.0.1:12346/orders
//! curl http://127.0.0.1:12346/state
//! ```
//!
//! In a test:
//!
//! ```
//! use kokuin_yubihsm_sim::{Fault, On, Settings, Simulator};
//!
//! let simulator = Simulator::start(Settings::default())?;
//! simulator.fault(Fault::AnswerLost.on(On::Signing));
//! println!("{} has {} log entries", simulator.url(), simulator.log().len());
//! # Ok::<(), kokuin_yubihsm_sim::StartError>(())
//! ```

pub mod algorithm;
pub mod channel;
pub mod command_log;
mod connector;
pub mod control;
pub mod device;
pub mod fault;
mod http;
pub mod keys;
pub mod object;
mod refusal;
mod saved;
mod server;
mod settings;
mod simulator;
pub mod wire;

pub use algorithm::Algorithm;
pub use command_log::Entry;
pub use control::{Control, Order};
pub use device::{FACTORY_KEY, FACTORY_PASSWORD, SignatureMade};
pub use fault::{Armed, Fault, On};
pub use refusal::Refusal;
pub use settings::{Choices, Firmware, Latency, Settings};
pub use simulator::{Simulator, StartError};
pub use wire::Command;
