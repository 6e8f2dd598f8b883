//! What one signature costs: the measure that a token's cost is given in.

mod aws_lc;
mod openssl;

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::options::KeyKind;

/// How long is measured.
const LONG_ENOUGH: Duration = Duration::from_millis(1_000);

/// Processor time of one signature by each library: one thread, one key used again and again, a 32-byte digest.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Raw {
    /// OpenSSL, vendored, one reused context.
    pub(crate) openssl_us: f64,
    /// aws-lc-rs.
    pub(crate) aws_lc_us: f64,
}

impl Raw {
    /// Measures both, one after the other.
    pub(crate) fn measure(kind: KeyKind) -> anyhow::Result<Self> {
        Ok(Self {
            openssl_us: micros(time(openssl::signing(kind)?)?),
            aws_lc_us: micros(time(aws_lc::signing(kind)?)?),
        })
    }

    /// The mean of two measurements.
    pub(crate) fn mean(self, other: Self) -> Self {
        Self {
            openssl_us: f64::midpoint(self.openssl_us, other.openssl_us),
            aws_lc_us: f64::midpoint(self.aws_lc_us, other.aws_lc_us),
        }
    }

    /// What a token is held against: OpenSSL for P-256, which the figures of other products are given in; otherwise whichever
    /// library is faster.
    pub(crate) fn yardstick_us(self, kind: KeyKind) -> f64 {
        match kind {
            KeyKind::P256 => self.openssl_us,
            KeyKind::P384 | KeyKind::Ed25519 | KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
                self.openssl_us.min(self.aws_lc_us)
            }
        }
    }
}

/// Signs a digest and gives one octet of the signature, so that no signature can be left out.
type Signing = Box<dyn FnMut(&[u8; 32]) -> anyhow::Result<u8>>;

fn time(mut sign: Signing) -> anyhow::Result<Duration> {
    let mut digest = [0x5a_u8; 32];
    // Tables that are made at the first use.
    sign(&digest)?;
    let (start, processor) = (Instant::now(), thread_time());
    let mut signatures: u32 = 0;
    while start.elapsed() < LONG_ENOUGH {
        for _ in 0..8 {
            digest[0] = digest[0].wrapping_add(sign(&digest)?);
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

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_signatures_of_both_libraries() {
        for kind in [KeyKind::P256, KeyKind::Ed25519] {
            let Raw { openssl_us, aws_lc_us } = Raw::measure(kind).unwrap();
            assert!((2.0..50_000.0).contains(&openssl_us), "{openssl_us}");
            assert!((2.0..50_000.0).contains(&aws_lc_us), "{aws_lc_us}");
        }
    }

    #[test]
    fn holds_tokens_against_openssl_or_the_faster_library() {
        let raw = Raw { openssl_us: 18.0, aws_lc_us: 15.0 };
        assert_eq!([raw.yardstick_us(KeyKind::P256), raw.yardstick_us(KeyKind::Rsa3072)], [18.0, 15.0]);
    }
}
