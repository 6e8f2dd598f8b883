//! Certificate and token profiles as data, and the checker that builds and lints with them.
//!
//! Lives here: TSU, seal and issuing-CA profiles. May use: `asn1`, `suite`. Must not know: path building, network.
