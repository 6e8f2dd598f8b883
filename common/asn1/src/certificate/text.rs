//! The names in a certificate as text.

use super::{Certificate, parsed};
use crate::{Oid, name};

impl Certificate {
    /// The subject's attributes, the root's side first; what is no text as `#` and hexadecimal.
    #[must_use]
    pub fn subject_attributes(&self) -> Vec<(Oid, String)> {
        pairs(self.subject())
    }

    /// The issuer's attributes, the root's side first; what is no text as `#` and hexadecimal.
    #[must_use]
    pub fn issuer_attributes(&self) -> Vec<(Oid, String)> {
        pairs(self.issuer())
    }

    /// The subject's name for people, escaped (RFC 4514).
    #[must_use]
    pub fn subject_text(&self) -> String {
        name::to_text(&parsed(name::parse(self.subject())))
    }

    /// The issuer's name for people, escaped (RFC 4514).
    #[must_use]
    pub fn issuer_text(&self) -> String {
        name::to_text(&parsed(name::parse(self.issuer())))
    }
}

fn pairs(name: &[u8]) -> Vec<(Oid, String)> {
    parsed(name::parse(name)).into_iter().map(|attribute| (attribute.oid.clone(), attribute.text())).collect()
}
