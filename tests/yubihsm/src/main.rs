//! A simulated YubiHSM 2 to start by hand.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, thread};

use clap::Parser;
use kokuin_yubihsm_sim::{Control, Firmware, Latency, Settings, Simulator};

/// A simulated YubiHSM 2 behind its connector. For tests: keys lie in memory.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the connector listens
    #[arg(long, default_value = "127.0.0.1:12345")]
    listen: SocketAddr,
    /// Serial number of the device
    #[arg(long, default_value_t = 7_550_000)]
    serial: u32,
    /// Firmware to be like
    #[arg(long, value_parser = ["2.2.0", "2.4.1"], default_value = "2.2.0")]
    firmware: String,
    /// Time that a signature takes, in percent of a real device's: 100 is 73 ms for P-256, 0 is no waiting
    #[arg(long, default_value_t = 0)]
    pace: u32,
    /// Where orders are taken, faults among them; none without it
    #[arg(long)]
    control: Option<SocketAddr>,
    /// File that the device is kept in; keys stand in it as they are
    #[arg(long)]
    state: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let settings = Settings {
        listen: arguments.listen,
        serial: arguments.serial,
        firmware: if arguments.firmware == "2.4.1" { Firmware::V2_4_1 } else { Firmware::V2_2_0 },
        latency: Latency::pace(arguments.pace),
        state: arguments.state,
        ..Settings::default()
    };
    let simulator = match Simulator::start(settings) {
        Ok(simulator) => Arc::new(simulator),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    println!("listening on {}", simulator.url());
    let control = arguments.control.map(|address| Control::open(address, Arc::clone(&simulator)));
    match &control {
        Some(Ok(control)) => println!("orders at http://{}", control.address()),
        Some(Err(error)) => {
            eprintln!("the control address cannot be listened at: {error}");
            return ExitCode::FAILURE;
        }
        None => {}
    }
    loop {
        thread::park();
    }
}
