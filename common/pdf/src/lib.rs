//! PDF revisions, byte ranges, signature dictionaries, the incremental update and change classification.
//!
//! Lives here: everything about PDF syntax that sealing and validation need. May use: a PDF library. Must not know: CMS, keys, HTTP.
