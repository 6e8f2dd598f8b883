//! The control address: orders and a look inside, as JSON over HTTP, for tests that start the simulator as a program.
//!
//! `POST /orders` takes an [`Order`], for example `{"fault": {"fault": "answer-lost", "on": "signing"}}` or `"power-cycle"`.
//! `GET /attestation-root` is the simulated maker's root certificate, DER. `GET /state` tells serial number, sessions, waiting faults, log and signatures.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    fault::Armed,
    http::{Reply, Request},
    server::{Server, Service},
    settings::Latency,
    simulator::Simulator,
};

const JSON: &str = "application/json";

/// What a test can ask of a running simulator.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// [`Simulator::fault`].
    Fault(Armed),
    /// [`Simulator::clear_faults`].
    ClearFaults,
    /// [`Simulator::power_cycle`].
    PowerCycle,
    /// [`Simulator::plug`] with false.
    Unplug,
    /// [`Simulator::plug`] with true.
    PlugIn,
    /// [`Simulator::swap`].
    Swap {
        /// Serial number of the new device.
        serial: u32,
        /// Whether it has what the old one had.
        with_objects: bool,
    },
    /// [`Simulator::fill_log`].
    FillLog,
    /// [`Simulator::lose_log_entry`].
    LoseLogEntry,
    /// [`Simulator::break_log_chain`].
    BreakLogChain,
    /// [`Simulator::stop_connector`].
    StopConnector,
    /// [`Simulator::start_connector`].
    StartConnector,
    /// [`Simulator::restart_connector`].
    RestartConnector,
    /// [`Simulator::set_latency`], by the pace of signatures.
    Pace {
        /// 0 is no waiting, 100 a real device.
        percent: u32,
    },
    /// [`Simulator::advance`].
    Advance {
        /// How far.
        seconds: u64,
    },
    /// [`Simulator::rogue_sign_ecdsa`].
    RogueSign {
        /// Authentication key whose rights are used.
        key: u16,
        /// Key that signs.
        signing_key: u16,
        /// Digest, in hex.
        digest: String,
    },
}

/// A control address. Dropping it closes it.
#[derive(Debug)]
pub struct Control {
    server: Server,
}

impl Control {
    /// Opens one for `simulator`.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn open(address: SocketAddr, simulator: Arc<Simulator>) -> io::Result<Self> {
        Ok(Self { server: Server::open(address, None, Arc::new(Desk(simulator)))? })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

#[derive(Debug)]
struct Desk(Arc<Simulator>);

impl Desk {
    fn carry_out(&self, order: Order) -> Result<(), String> {
        let simulator = &self.0;
        match order {
            Order::Fault(armed) => simulator.fault(armed),
            Order::ClearFaults => simulator.clear_faults(),
            Order::PowerCycle => simulator.power_cycle(),
            Order::Unplug => simulator.plug(false),
            Order::PlugIn => simulator.plug(true),
            Order::Swap { serial, with_objects } => {
                return simulator.swap(serial, with_objects).map_err(|refusal| refusal.to_string());
            }
            Order::FillLog => simulator.fill_log(),
            Order::LoseLogEntry => simulator.lose_log_entry(),
            Order::BreakLogChain => simulator.break_log_chain(),
            Order::StopConnector => simulator.stop_connector(),
            Order::StartConnector => return simulator.start_connector().map_err(|error| error.to_string()),
            Order::RestartConnector => return simulator.restart_connector().map_err(|error| error.to_string()),
            Order::Pace { percent } => simulator.set_latency(Latency::pace(percent)),
            Order::Advance { seconds } => simulator.advance(Duration::from_secs(seconds)),
            Order::RogueSign { key, signing_key, digest } => {
                let digest = hex::decode(digest).map_err(|error| error.to_string())?;
                let signed = simulator.rogue_sign_ecdsa(key, signing_key, &digest);
                return signed.map(drop).map_err(|refusal| refusal.to_string());
            }
        }
        Ok(())
    }

    fn state(&self) -> serde_json::Value {
        let log: Vec<_> = self.0.log().iter().map(|entry| json!(entry)).collect();
        let made = self.0.signatures();
        let signatures = made.iter().map(|made| {
            json!({
                "key": made.key,
                "session_key": made.session_key,
                "command": made.command.0,
                "data": hex::encode(&made.data),
            })
        });
        json!({
            "serial": self.0.serial(),
            "sessions": self.0.sessions(),
            "faults": self.0.faults_waiting(),
            "log": log,
            "signatures": signatures.collect::<Vec<_>>(),
        })
    }
}

impl Service for Desk {
    fn answer(&self, request: &Request) -> Reply {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/state") => Reply::new("200 OK", JSON, &[], self.state().to_string().as_bytes()),
            ("GET", "/attestation-root") => match self.0.attestation_root() {
                Ok(root) => Reply::new("200 OK", "application/pkix-cert", &[], &root),
                Err(refusal) => Reply::new(
                    "500 Internal Server Error",
                    JSON,
                    &[],
                    json!({ "error": refusal.to_string() }).to_string().as_bytes(),
                ),
            },
            ("POST", "/orders") => {
                let order = serde_json::from_slice(&request.body).map_err(|error| error.to_string());
                match order.and_then(|order| self.carry_out(order)) {
                    Ok(()) => Reply::new("200 OK", JSON, &[], b"{}"),
                    Err(error) => {
                        let body = json!({ "error": error }).to_string();
                        Reply::new("400 Bad Request", JSON, &[], body.as_bytes())
                    }
                }
            }
            _ => Reply::new("404 Not Found", JSON, &[], b"{}"),
        }
    }
}
