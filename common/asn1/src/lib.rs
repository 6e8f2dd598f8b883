//! Strict DER types of TSP, CMS, ESS, CAdES attributes, QcStatements and the raw parts of certificates and CRLs.
//!
//! Lives here: parsing into borrowed parts and building DER from parts, with limits on size, count and depth. May use: `sha2`, `thiserror`.
//! Must not know: keys, clocks, policy, files, HTTP.
//!
//! Nothing received is re-encoded: every parsed part carries the octets it came from (`raw`), and what a caller hashes, shows or stores is those.
//! Times are UNIX seconds or microseconds, UTC.

mod algorithm;
pub mod ber;
pub mod cades;
mod calendar;
mod certificate;
pub mod cms;
mod crl;
mod csr;
pub mod enc;
mod error;
pub mod ess;
mod extension;
pub mod general_name;
pub mod integer;
pub mod name;
mod oid;
pub mod oids;
pub mod pem;
pub mod qc;
mod reader;
pub mod tag;
pub mod tsp;

pub use algorithm::AlgorithmId;
pub use calendar::parse_time;
pub use certificate::{Access, AuthorityKeyId, BasicConstraints, Certificate, KeyUsage, PrivateKeyUsagePeriod};
pub use crl::{Crl, IssuingDistributionPoint, Revoked};
pub use csr::CertificationRequestInfo;
pub use error::{Asn1Error, Place};
pub use extension::Extension;
pub use oid::Oid;
pub use reader::{BitString, Reader, Tlv, check_der};
