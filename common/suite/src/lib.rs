//! Algorithm registry, digests, dated suitability and `trait Verify`.
//!
//! Lives here: which algorithms exist, how strong they are and until when. May use: `asn1`, `sha2`. Must not know: private keys, who signs, what "now" is.
