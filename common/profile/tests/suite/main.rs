//! Profiles against certificates and CRLs that break one rule each, and against their own documentation.

mod crl;
mod documentation;
mod rules;
mod support;
