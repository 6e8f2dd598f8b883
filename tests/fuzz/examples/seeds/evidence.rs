//! Evidence records: of a batch, renewed, and plain.

use kokuin_asn1::{enc, oids, tsp::MessageImprint};
use kokuin_evidence::{Batch, Digests, encode};
use kokuin_suite::{DigestAlgorithm, digest};

use crate::{Seeds, message};

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
const SHA512: DigestAlgorithm = DigestAlgorithm::Sha512;

fn token(algorithm: DigestAlgorithm, imprint: &[u8]) -> Vec<u8> {
    message::token_on(&MessageImprint::encode(&algorithm.oid(), imprint))
}

fn batch() -> Vec<u8> {
    let digests: Vec<Vec<u8>> = (0..5_u8).map(|number| digest(SHA256, &[number])).collect();
    let batch = Batch::new(Digests::collect(SHA256, digests.iter().map(Vec::as_slice)).expect("digests"), &[1; 32]);
    let token = token(SHA256, batch.root());
    batch.stamped(token).expect("its token").record(&digests[2]).expect("a record")
}

/// A time-stamp renewed once, and then the hash tree.
fn renewed() -> Vec<u8> {
    let value = digest(SHA256, b"data");
    let first = token(SHA256, &value);
    let stamps = [
        encode::archive_time_stamp(SHA256, &[vec![&value]], &first),
        encode::archive_time_stamp(SHA256, &[], &token(SHA256, &digest(SHA256, &first))),
    ];
    let chain = encode::chain(&[&stamps[0], &stamps[1]]);
    let earlier = digest(SHA512, &enc::sequence(&[&chain]));
    let covered = digest(SHA512, &[digest(SHA512, b"data"), earlier].concat());
    let second = encode::chain(&[&encode::archive_time_stamp(SHA512, &[vec![&covered]], &token(SHA512, &covered))]);
    encode::record(&[SHA256, SHA512], &[&chain, &second])
}

/// Every optional field; the algorithm is the imprint's.
fn full() -> Vec<u8> {
    let algorithms = enc::sequence(&[&enc::sequence(&[&enc::oid(&oids::SHA256), &enc::null()])]);
    let (crypto, encryption) = (enc::implicit_constructed(0, &[5, 0]), enc::implicit_constructed(1, &[5, 0]));
    let attributes = enc::implicit_constructed(1, &enc::sequence(&[]));
    let stamp = enc::sequence(&[&attributes, &token(SHA256, &[0; 32])]);
    let chains = enc::sequence(&[&enc::sequence(&[&stamp])]);
    enc::sequence(&[&enc::uint_u64(1), &algorithms, &crypto, &encryption, &chains])
}

pub(crate) fn all() -> Seeds {
    vec![("batch", batch()), ("renewed", renewed()), ("full", full())]
}
