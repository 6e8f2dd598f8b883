//! Signed attributes on their way to be signed.

use std::borrow::Cow;

use crate::enc;

/// Attributes that will be signed: encoded ones, in any order. [`crate::cades`] makes them; constant ones can be borrowed.
#[derive(Clone, Debug, Default)]
pub struct SignedAttributes<'a> {
    attributes: Vec<Cow<'a, [u8]>>,
}

impl<'a> SignedAttributes<'a> {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self { attributes: Vec::with_capacity(6) }
    }

    /// Adds an encoded `Attribute`.
    pub fn push(&mut self, attribute: impl Into<Cow<'a, [u8]>>) {
        self.attributes.push(attribute.into());
    }

    /// Adds an encoded `Attribute`.
    #[must_use]
    pub fn with(mut self, attribute: impl Into<Cow<'a, [u8]>>) -> Self {
        self.push(attribute);
        self
    }

    /// The octets to sign: the DER of `SET OF Attribute`, sorted (CAD-01).
    #[must_use]
    pub fn der_set(&self) -> Vec<u8> {
        let attributes: Vec<&[u8]> = self.attributes.iter().map(|attribute| &**attribute).collect();
        enc::set_of(&attributes)
    }
}

impl<'a, T: Into<Cow<'a, [u8]>>> FromIterator<T> for SignedAttributes<'a> {
    fn from_iter<I: IntoIterator<Item = T>>(attributes: I) -> Self {
        Self { attributes: attributes.into_iter().map(Into::into).collect() }
    }
}
