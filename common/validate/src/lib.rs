//! Path building, revocation, proof of existence, validation of time-stamps and seals, and the report.
//!
//! Lives here: EN 319 102-1. May use: `asn1`, `suite`, `profile`, `pdf`. Must not know: sockets, files, system time; evidence and time arrive as values.
