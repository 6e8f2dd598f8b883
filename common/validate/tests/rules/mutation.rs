//! Every byte of a token and of a CAdES B-T seal is flipped: no flip inside what is protected passes, and none panics.

use std::ops::Range;

use kokuin_validate::ValidationReport;

use crate::material::{Asked, DATA, NOW, World, world};

/// Where `part` lies in `whole`.
pub(crate) fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let at = whole.windows(part.len()).position(|window| window == part).expect("a part of the whole");
    at..at + part.len()
}

/// Offsets of bytes whose flip left the verdict a pass.
pub(crate) fn survivors(artifact: &[u8], judge: impl Fn(&[u8]) -> ValidationReport) -> Vec<usize> {
    assert!(judge(artifact).is_total_passed());
    let mut bytes = artifact.to_vec();
    let mut survivors = Vec::new();
    for at in 0..bytes.len() {
        for bit in [0x01, 0x80] {
            bytes[at] ^= bit;
            if judge(&bytes).is_total_passed() {
                survivors.push(at);
            }
            bytes[at] ^= bit;
        }
    }
    survivors
}

/// Not protected, and why that is no loss: (range, reason).
pub(crate) type Unprotected = Vec<(Range<usize>, &'static str)>;

pub(crate) fn check(survivors: &[usize], unprotected: &Unprotected) {
    let outside: Vec<_> =
        survivors.iter().filter(|at| !unprotected.iter().any(|(range, _)| range.contains(at))).collect();
    assert!(outside.is_empty(), "flips at {outside:?} pass");
    for (range, reason) in unprotected {
        assert!(survivors.iter().any(|at| range.contains(at)), "nothing in {range:?} survives any more: {reason}");
    }
}

/// Judges with what is made once.
fn judge(a: &World) -> impl Fn(&[u8]) -> ValidationReport {
    let (trust, crls) = (a.trust_both(), a.crls());
    move |artifact| Asked::new(artifact, &trust, &crls).run()
}

#[test]
fn no_flip_inside_a_token_passes() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let survivors = survivors(&token, judge(&a));
    check(&survivors, &framing(&token));
}

#[test]
fn no_flip_inside_a_seal_passes() {
    let (a, t) = (world("a"), world("a"));
    let seal = a.cades_t(DATA, &t, NOW - 60);
    let bytes = seal.build();
    let survivors = survivors(&bytes, judge(&a));
    let mut unprotected = framing(&bytes);
    // A broken time-stamp proves nothing; the seal falls back to B-B and its report says so (VAL-04, THR-30).
    unprotected.push((place(&bytes, &seal.signers[0].unsigned[0]), "unsigned attribute"));
    check(&survivors, &unprotected);
}

/// What no signature covers and no verdict rests on. The versions say which syntax follows, and that syntax is checked itself;
/// `digestAlgorithms` is a hint for one-pass readers (RFC 5652 5.1) and never used: the signer's own algorithm is.
pub(crate) fn framing(bytes: &[u8]) -> Unprotected {
    let mut outer = kokuin_asn1::Reader::enter_only(bytes, 0x30, "ContentInfo").expect("a ContentInfo");
    outer.next().expect("the type");
    let mut inner = outer.enter(0xa0, "content").and_then(|mut wrapper| wrapper.enter(0x30, "SignedData")).expect("it");
    let version = inner.next().expect("the version").raw;
    let digests = inner.next().expect("the digest algorithms").raw;
    let parsed = kokuin_asn1::cms::SignedData::parse(bytes).expect("a SignedData");
    let signer = place(bytes, parsed.signer_infos[0].fixed).start;
    vec![
        (place(bytes, version), "SignedData.version"),
        (place(bytes, digests), "digestAlgorithms"),
        (signer..signer + 3, "SignerInfo.version"),
    ]
}

#[test]
fn cutting_a_token_anywhere_neither_passes_nor_panics() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let judge = judge(&a);
    for end in 0..token.len() {
        assert!(!judge(&token[..end]).is_total_passed(), "cut at {end}");
    }
}
