//! The development certification authority: certificates and CRLs built from profiles, signed through `key`.
//!
//! Lives here: a root, its intermediates, what they issue and revoke. May use: `asn1`, `suite`, `profile`, `key`.
//! Must not know: production. Every certificate made here says that it is not for production, and production commands
//! refuse it (THR-62).

mod authority;
mod error;
mod extension;
mod fields;
#[cfg(feature = "hostile")]
pub mod hostile;
mod revocation;
mod serial;
mod subject;
mod validity;

pub use authority::DevCa;
pub use error::DevCaError;
pub use fields::{CertificateFields, ExtensionField};
pub use kokuin_profile::is_development;
pub use revocation::{Reason, Revoked};
pub use serial::Serial;
pub use subject::Subject;
pub use validity::Validity;
