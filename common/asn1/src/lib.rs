//! Strict DER types of TSP, CMS, ESS, CAdES attributes, QcStatements and the raw parts of certificates and CRLs.
//!
//! Lives here: parsing into borrowed parts and building DER from parts, with size limits. May use: `der`, `x509-cert`, `spki`, `const-oid`.
//! Must not know: keys, clocks, policy, files, HTTP.
