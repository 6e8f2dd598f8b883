//! `SignedData` (RFC 5652): split into borrowed parts, and built from parts.

mod attribute;
mod build;
mod insert;
mod signed_attributes;
mod signed_data;
mod signer_info;

pub use attribute::{Attribute, Attributes};
pub use build::{SignedDataParts, SignedDataTemplate, SignerIdParts, SignerParts, TemplateParts, build_signed_data};
pub use insert::{add_validation_material, insert_unsigned_attribute, insert_unsigned_attribute_at};
pub use signed_attributes::SignedAttributes;
pub use signed_data::{CertificateChoice, RevocationChoice, SignedData};
pub use signer_info::{SignerId, SignerInfo};

pub use crate::ber;
