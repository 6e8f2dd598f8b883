//! Whether time tells of secrets (THR-70): two classes of input, one of them drawn anew for each measurement, compared by Welch's t-test as dudect does
//! (Reparaz, Balasch, Verbauwhede 2017). What disturbs the machine disturbs both classes; what depends on the input does so in every run.

#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test stops at the first surprise")]

use std::fs::{self, Permissions};
use std::hint::black_box;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::{KeyId, Prepared, Purpose};
use kokuin_settings::Secret;
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm};

/// Above it dudect speaks of a leak.
const LEAK: f64 = 4.5;
/// An honest pair is above it by chance once in 150,000 runs; a machine that is disturbed, more often. A leak is there each time.
const RUNS: u32 = 3;

#[derive(Default)]
struct Class {
    times: Vec<f64>,
}

impl Class {
    /// Mean and variance of the mean, without the tenth that took longest: there the machine was elsewhere.
    fn moments(&mut self) -> (f64, f64) {
        self.times.sort_by(f64::total_cmp);
        self.times.truncate(self.times.len() * 9 / 10);
        let count = f64::from(u32::try_from(self.times.len()).unwrap());
        let mean = self.times.iter().sum::<f64>() / count;
        let variance = self.times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    }
}

/// The smallest |t| of the runs: `input` makes what one class or the other is measured with.
fn t_of<T>(samples: usize, mut input: impl FnMut(bool) -> T, mut measured: impl FnMut(&T)) -> f64 {
    let mut smallest = f64::INFINITY;
    for _ in 0..RUNS {
        let (mut fixed, mut random) = (Class::default(), Class::default());
        for _ in 0..samples {
            let of_fixed = octets::<1>()[0].is_multiple_of(2);
            let value = input(of_fixed);
            let begun = Instant::now();
            measured(black_box(&value));
            let time = f64::from(u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX));
            if of_fixed { fixed.times.push(time) } else { random.times.push(time) }
        }
        let ((one, of_one), (other, of_other)) = (fixed.moments(), random.moments());
        smallest = smallest.min(((one - other) / (of_one + of_other).sqrt()).abs());
        if smallest < LEAK {
            break;
        }
    }
    smallest
}

fn octets<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).unwrap();
    octets
}

/// The fixed octets or random ones. Both classes read the same memory, run the same instructions and leave the result at the same address:
/// where a buffer lies changes the time of what reads it.
fn fixed_or_random<const N: usize>(fixed: &[u8; N], of_fixed: bool) -> Vec<u8> {
    let mask = black_box(if of_fixed { u8::MAX } else { 0 });
    let mut chosen = octets::<N>().to_vec();
    for (octet, fixed) in chosen.iter_mut().zip(fixed) {
        *octet = (fixed & mask) | (*octet & !mask);
    }
    chosen
}

#[test]
fn comparing_a_secret_takes_equally_long_for_every_candidate_thr_70() {
    // Long, so that a difference is above the clock's own steps.
    let value = octets::<4096>();
    let secret = Secret::new(value.to_vec());
    let compared = |tried: &Vec<u8>| {
        black_box(secret.matches(tried));
    };
    let t = t_of(100_000, |right| fixed_or_random(&value, right), compared);
    assert!(t < LEAK, "|t| = {t}");
}

/// The measure itself: a comparison that ends at the first difference is seen.
#[test]
fn a_comparison_that_ends_early_is_seen() {
    let value = octets::<4096>();
    let early = |tried: &Vec<u8>| {
        black_box(value.iter().zip(tried).all(|(one, other)| black_box(one) == black_box(other)));
    };
    let t = t_of(10_000, |right| fixed_or_random(&value, right), early);
    assert!(t > LEAK, "|t| = {t}");
}

#[test]
fn a_software_key_signs_chosen_messages_as_fast_as_others_thr_70() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("passphrase");
    fs::write(&passphrase, "for the test of times").unwrap();
    fs::set_permissions(&passphrase, Permissions::from_mode(0o600)).unwrap();
    let store = SoftStore::open(&folder.path().join("keys"), &passphrase).unwrap();
    let key = store.create(&KeyId::new("k").unwrap(), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    let mut signer = key.open().unwrap();
    let chosen = [0; 64];
    let t = t_of(
        100_000,
        |is_chosen| fixed_or_random(&chosen, is_chosen),
        |message| {
            signer.sign(Prepared::new(Purpose::Tst, SignatureAlgorithm::EcdsaSha256, message)).unwrap();
        },
    );
    assert!(t < LEAK, "|t| = {t}");
}
