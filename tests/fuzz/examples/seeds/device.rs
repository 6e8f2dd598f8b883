//! Lines of a device's log whose chain holds, a manifest, URIs of keys.

use kokuin_hsm_config::yubihsm::device_log::LogLine;
use kokuin_suite::{DigestAlgorithm, digest};

use crate::Seeds;

/// So many signatures after a start; the number wraps in between.
fn lines(count: u16) -> Vec<u8> {
    let mut written = Vec::new();
    let mut before = [0; 16];
    for place in 0..count {
        let number = place.wrapping_add(u16::MAX - 1);
        let (command, length, target, result) = if place == 0 { (0, 0, 0, 0) } else { (0x56, 34, 0x0101, 0xd6) };
        let (session_key, second, tick) = (0x0010, 0xffff, u32::from(place) * 73);
        let mut line = LogLine { number, command, length, session_key, target, second, result, tick, digest: [0; 16] };
        let head = line.to_bytes();
        line.digest.copy_from_slice(&digest(DigestAlgorithm::Sha256, &[&head[..16], &before].concat())[..16]);
        before = line.digest;
        written.extend_from_slice(&line.to_bytes());
    }
    written
}

pub(crate) fn all() -> Seeds {
    vec![
        ("lines", lines(5)),
        ("manifest", include_bytes!("../../../../hsm-config/examples/yubihsm-tsa.toml").to_vec()),
        ("pkcs11", b"pkcs11:token=hsm;object=tsu-1;id=%01?module-name=softhsm2".to_vec()),
        ("yubihsm", b"hsm-1/0x0101".to_vec()),
    ]
}
