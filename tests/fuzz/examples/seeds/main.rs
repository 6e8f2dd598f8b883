//! Writes the seeds anew: `cargo run --example seeds`, from `tests/fuzz`. All of them are made here, none is a file of somebody else's.

mod certificate;
mod device;
mod evidence;
mod log;
mod message;
mod pdf;

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (target, files) in [
        ("timestamp_req", message::requests()),
        ("timestamp_resp", message::answers()),
        ("cms", message::messages()),
        ("certificate", certificate::all()),
        ("log_entry", log::all()),
        ("pdf", pdf::all()),
        ("evidence_record", evidence::all()),
        ("device", device::all()),
    ] {
        let folder = seeds.join(target);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}

/// File names and contents.
type Seeds = Vec<(&'static str, Vec<u8>)>;
