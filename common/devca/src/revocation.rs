//! Certificate revocation lists.

use kokuin_asn1::{Asn1Error, enc, oids, tag};

use crate::{
    extension::authority_key_id,
    fields::{ExtensionField, encode_extensions},
};

/// A certificate that is revoked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revoked {
    /// Content octets of the certificate's serial INTEGER.
    pub serial: Vec<u8>,
    /// Unix seconds.
    pub at: i64,
    /// `None` where nothing is said: unspecified is never encoded (CERT-09).
    pub reason: Option<Reason>,
}

/// Why a certificate is revoked (RFC 5280 5.3.1), as far as a complete CRL says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The certified key may be known to others.
    KeyCompromise,
    /// The CA's key may be known to others.
    CaCompromise,
    /// Name or other facts of the subject changed.
    AffiliationChanged,
    /// Another certificate takes its place.
    Superseded,
    /// The certificate is not needed any more.
    CessationOfOperation,
    /// Not valid for the time being.
    CertificateHold,
    /// A privilege was taken back.
    PrivilegeWithdrawn,
}

impl Reason {
    /// Value of the ENUMERATED.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::PrivilegeWithdrawn => 9,
        }
    }
}

/// DER of the `TBSCertList`.
pub(crate) fn tbs(
    algorithm: &[u8],
    issuer: &[u8],
    authority: &[u8],
    this_update: i64,
    next_update: i64,
    revoked: &[Revoked],
    number: u64,
) -> Result<Vec<u8>, Asn1Error> {
    let entries = revoked.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    // A list that revokes nothing is left out, not empty (CERT-09).
    let entries = if entries.is_empty() { Vec::new() } else { enc::sequence(&entries) };
    let extensions = encode_extensions(&[
        ExtensionField { oid: oids::AKI, critical: false, value: authority_key_id(authority) },
        ExtensionField { oid: oids::CRL_NUMBER, critical: false, value: enc::uint_u64(number) },
    ]);
    Ok(enc::sequence(&[
        &enc::uint_u64(1),
        algorithm,
        issuer,
        &enc::time(this_update)?,
        &enc::time(next_update)?,
        &entries,
        &enc::explicit(0, &extensions),
    ]))
}

fn entry(revoked: &Revoked) -> Result<Vec<u8>, Asn1Error> {
    let extensions = revoked.reason.map_or_else(Vec::new, |reason| {
        let value = enc::tlv(tag::ENUMERATED, &[reason.code()]);
        encode_extensions(&[ExtensionField { oid: oids::CRL_REASON, critical: false, value }])
    });
    Ok(enc::sequence(&[&enc::tlv(tag::INTEGER, &revoked.serial), &enc::time(revoked.at)?, &extensions]))
}
