//! What comes from beyond a connector, and what names devices (THR-58): lines of a device's own log, manifests, URIs of keys. Lines that are accepted are
//! exactly what would be written, and a manifest is read or refused without a panic.

#![no_main]

use std::path::Path;

use kokuin_hsm_config::{
    manifest::Manifest,
    pkcs11::Pkcs11Uri,
    yubihsm::{
        YubiHsmUri,
        device_log::{LogLine, breaks, parse},
    },
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check_lines(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    drop(Manifest::parse(Path::new("manifest.toml"), text));
    if text.parse::<YubiHsmUri>().is_ok() {
        assert_eq!(text.matches('/').count(), 1);
    }
    if text.parse::<Pkcs11Uri>().is_ok() {
        // No PIN stands in a URI, however it is written.
        assert!(!text.contains("pin-"));
    }
});

fn check_lines(data: &[u8]) {
    let Some(lines) = parse(data) else { return };
    let written: Vec<u8> = lines.iter().flat_map(LogLine::to_bytes).collect();
    assert_eq!(written, data);
    // A chain that holds is one whose every line follows; a changed octet of a line that has another before it breaks it.
    let broken = breaks(None, &lines);
    let follows =
        |pair: &[LogLine]| pair[1].number == pair[0].number.wrapping_add(1) && pair[1].follows(&pair[0].digest);
    assert_eq!(broken.is_empty(), lines.windows(2).all(follows));
}
