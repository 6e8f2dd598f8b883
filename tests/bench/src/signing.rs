//! What OpenSSL needs for one signature: the measure that a token's cost is given in.

use std::time::{Duration, Instant};

use openssl::{
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    md::Md,
    nid::Nid,
    pkey::{PKey, Private},
    pkey_ctx::PkeyCtx,
    rsa::{Padding, Rsa},
};
use rustix::time::{ClockId, clock_gettime};

use crate::options::KeyKind;

/// How long is measured.
const LONG_ENOUGH: Duration = Duration::from_millis(1_000);

/// Processor time of one signature over a 32-byte digest: one thread, one context that is used again and again.
pub(crate) fn measure(kind: KeyKind) -> Result<Duration, ErrorStack> {
    let key = generate(kind)?;
    let mut context = PkeyCtx::new(&key)?;
    context.sign_init()?;
    match kind {
        KeyKind::P256 | KeyKind::P384 => (),
        KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
            context.set_rsa_padding(Padding::PKCS1)?;
            context.set_signature_md(Md::sha256())?;
        }
    }
    let mut signature = vec![0; 1_024];
    let mut digest = [0x5a_u8; 32];
    // Tables that are made at the first use.
    context.sign(&digest, Some(&mut signature))?;
    let (start, processor) = (Instant::now(), thread_time());
    let mut signatures: u32 = 0;
    while start.elapsed() < LONG_ENOUGH {
        for _ in 0..8 {
            let length = context.sign(&digest, Some(&mut signature))?;
            digest[0] = digest[0].wrapping_add(signature[length - 1]);
            signatures += 1;
        }
    }
    Ok((thread_time() - processor) / signatures)
}

/// Processor time of this thread, so that what else runs on the machine does not count.
fn thread_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn generate(kind: KeyKind) -> Result<PKey<Private>, ErrorStack> {
    let curve =
        |curve| EcGroup::from_curve_name(curve).and_then(|group| EcKey::generate(&group)).and_then(PKey::from_ec_key);
    let rsa = |bits| Rsa::generate(bits).and_then(PKey::from_rsa);
    match kind {
        KeyKind::P256 => curve(Nid::X9_62_PRIME256V1),
        KeyKind::P384 => curve(Nid::SECP384R1),
        KeyKind::Rsa2048 => rsa(2_048),
        KeyKind::Rsa3072 => rsa(3_072),
        KeyKind::Rsa4096 => rsa(4_096),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_a_signature() {
        let time = measure(KeyKind::P256).unwrap();
        assert!(time > Duration::from_micros(2) && time < Duration::from_millis(50), "{time:?}");
    }
}
