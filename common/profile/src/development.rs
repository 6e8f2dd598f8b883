//! Material of the development CA, which production commands refuse (THR-62).

use kokuin_asn1::{Certificate, oids};

use crate::view::{Name, View};

/// Stands in O= or OU= of every certificate that the development CA makes.
pub const DEVELOPMENT_MARK: &str = "NOT FOR PRODUCTION";

/// Whether issuer or subject says that the certificate is not for production (THR-62).
#[must_use]
pub fn is_development(certificate: &Certificate) -> bool {
    View::parse(certificate.der()).is_ok_and(|view| is_marked(&view.subject) || is_marked(&view.issuer))
}

pub(crate) fn is_marked(name: &Name<'_>) -> bool {
    [oids::O, oids::OU]
        .iter()
        .any(|oid| name.all(oid).any(|attribute| attribute.text().to_uppercase().contains(DEVELOPMENT_MARK)))
}
