//! The only outgoing HTTP, guarded: TSP with the answer checked against its request, CRL.
//!
//! May use: `asn1`. Must not know: trust decisions.
