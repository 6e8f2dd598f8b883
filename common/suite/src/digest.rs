//! Digest algorithms and the digests they make.

use std::fmt;
use std::str::FromStr;

use kokuin_asn1::{Oid, enc, oids};
use sha2::Digest as _;

/// A digest algorithm that Kokuin can compute.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum DigestAlgorithm {
    /// FIPS 180-4, 20 octets. For reading the past only: no policy lets it be used for anything new (ALG-03).
    Sha1,
    /// FIPS 180-4, 32 octets.
    Sha256,
    /// FIPS 180-4, 48 octets.
    Sha384,
    /// FIPS 180-4, 64 octets.
    Sha512,
    /// FIPS 202, 32 octets.
    Sha3_256,
    /// FIPS 202, 48 octets.
    Sha3_384,
    /// FIPS 202, 64 octets.
    Sha3_512,
}

/// No digest algorithm has this name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no digest algorithm is called {0:?}")]
pub struct UnknownDigest(pub String);

impl DigestAlgorithm {
    /// Every algorithm, oldest first.
    pub const ALL: [Self; 7] =
        [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512, Self::Sha3_256, Self::Sha3_384, Self::Sha3_512];

    /// Its object identifier (for SHA-384 with its last arc, ALG-16).
    #[must_use]
    pub fn oid(self) -> Oid {
        match self {
            Self::Sha1 => oids::SHA1,
            Self::Sha256 => oids::SHA256,
            Self::Sha384 => oids::SHA384,
            Self::Sha512 => oids::SHA512,
            Self::Sha3_256 => oids::SHA3_256,
            Self::Sha3_384 => oids::SHA3_384,
            Self::Sha3_512 => oids::SHA3_512,
        }
    }

    /// The algorithm an object identifier names, or `None` if it is not one of ours.
    #[must_use]
    pub fn from_oid(oid: &Oid) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.oid() == *oid)
    }

    /// Size of the digest, in octets.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 | Self::Sha3_256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }

    /// Its name in configuration, reports and policy files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_384 => "sha3-384",
            Self::Sha3_512 => "sha3-512",
        }
    }

    /// Its `AlgorithmIdentifier` as we write it: DER, parameters absent (RFC 5754 section 2).
    #[must_use]
    pub fn algorithm_id_der(self) -> Vec<u8> {
        enc::sequence(&[&enc::oid(&self.oid())])
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DigestAlgorithm {
    type Err = UnknownDigest;

    fn from_str(name: &str) -> Result<Self, UnknownDigest> {
        Self::ALL.into_iter().find(|a| a.name() == name).ok_or_else(|| UnknownDigest(name.to_owned()))
    }
}

/// The digest of `message`, [`DigestAlgorithm::output_len`] octets.
#[must_use]
pub fn digest(algorithm: DigestAlgorithm, message: &[u8]) -> Vec<u8> {
    match algorithm {
        DigestAlgorithm::Sha1 => sha1::Sha1::digest(message).to_vec(),
        DigestAlgorithm::Sha256 => sha2::Sha256::digest(message).to_vec(),
        DigestAlgorithm::Sha384 => sha2::Sha384::digest(message).to_vec(),
        DigestAlgorithm::Sha512 => sha2::Sha512::digest(message).to_vec(),
        DigestAlgorithm::Sha3_256 => sha3::Sha3_256::digest(message).to_vec(),
        DigestAlgorithm::Sha3_384 => sha3::Sha3_384::digest(message).to_vec(),
        DigestAlgorithm::Sha3_512 => sha3::Sha3_512::digest(message).to_vec(),
    }
}

/// A digest in the making, for what arrives in pieces.
#[derive(Clone, Debug)]
pub struct Hasher(State);

#[derive(Clone, Debug)]
enum State {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Sha3_256(sha3::Sha3_256),
    Sha3_384(sha3::Sha3_384),
    Sha3_512(sha3::Sha3_512),
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self(match algorithm {
            DigestAlgorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            DigestAlgorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            DigestAlgorithm::Sha384 => State::Sha384(sha2::Sha384::new()),
            DigestAlgorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
            DigestAlgorithm::Sha3_256 => State::Sha3_256(sha3::Sha3_256::new()),
            DigestAlgorithm::Sha3_384 => State::Sha3_384(sha3::Sha3_384::new()),
            DigestAlgorithm::Sha3_512 => State::Sha3_512(sha3::Sha3_512::new()),
        })
    }

    /// Takes in the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.0 {
            State::Sha1(state) => state.update(piece),
            State::Sha256(state) => state.update(piece),
            State::Sha384(state) => state.update(piece),
            State::Sha512(state) => state.update(piece),
            State::Sha3_256(state) => state.update(piece),
            State::Sha3_384(state) => state.update(piece),
            State::Sha3_512(state) => state.update(piece),
        }
    }

    /// The digest of all pieces in their order.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Sha1(state) => state.finalize().to_vec(),
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha384(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
            State::Sha3_256(state) => state.finalize().to_vec(),
            State::Sha3_384(state) => state.finalize().to_vec(),
            State::Sha3_512(state) => state.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4 and FIPS 202 example values for the message "abc".
    const ABC: [(DigestAlgorithm, &str); 7] = [
        (DigestAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (DigestAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            DigestAlgorithm::Sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            DigestAlgorithm::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (DigestAlgorithm::Sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        (
            DigestAlgorithm::Sha3_384,
            "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
        ),
        (
            DigestAlgorithm::Sha3_512,
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
             10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
        ),
    ];

    #[test]
    fn digests_are_those_of_the_standards() {
        for (algorithm, expected) in ABC {
            assert_eq!(hex::encode(digest(algorithm, b"abc")), expected, "{algorithm}");
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"a");
            hasher.update(b"bc");
            assert_eq!(hex::encode(hasher.finish()), expected, "{algorithm}");
            assert_eq!(expected.len(), 2 * algorithm.output_len(), "{algorithm}");
        }
    }

    #[test]
    fn sha384_keeps_its_last_arc() {
        // ALG-16: a widely copied list lost it.
        assert_eq!(DigestAlgorithm::Sha384.oid().to_string(), "2.16.840.1.101.3.4.2.2");
        assert_eq!(DigestAlgorithm::Sha3_512.oid().to_string(), "2.16.840.1.101.3.4.2.10");
        assert_eq!(DigestAlgorithm::Sha1.oid().to_string(), "1.3.14.3.2.26");
    }

    #[test]
    fn names_and_oids_lead_back() {
        for algorithm in DigestAlgorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
            assert_eq!(DigestAlgorithm::from_oid(&algorithm.oid()), Some(algorithm));
        }
        assert_eq!("SHA256".parse::<DigestAlgorithm>(), Err(UnknownDigest("SHA256".into())));
    }
}
