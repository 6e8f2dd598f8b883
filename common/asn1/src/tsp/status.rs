//! `PKIStatus` and `PKIFailureInfo` (RFC 3161 2.4.2).

use crate::{Asn1Error, enc};

/// What became of a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PkiStatus {
    /// There is a token.
    Granted,
    /// There is a token, not quite what was asked for.
    GrantedWithMods,
    /// Refused.
    Rejection,
    /// Not yet.
    Waiting,
    /// A revocation is near.
    RevocationWarning,
    /// A revocation has happened.
    RevocationNotification,
}

impl PkiStatus {
    /// The number in the response.
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::Granted => 0,
            Self::GrantedWithMods => 1,
            Self::Rejection => 2,
            Self::Waiting => 3,
            Self::RevocationWarning => 4,
            Self::RevocationNotification => 5,
        }
    }

    /// The name in the ASN.1 module.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::GrantedWithMods => "grantedWithMods",
            Self::Rejection => "rejection",
            Self::Waiting => "waiting",
            Self::RevocationWarning => "revocationWarning",
            Self::RevocationNotification => "revocationNotification",
        }
    }

    /// Reads the number in a response.
    ///
    /// # Errors
    /// [`Asn1Error::StatusUnknown`] (TSP-20).
    pub const fn from_value(value: i64) -> Result<Self, Asn1Error> {
        match value {
            0 => Ok(Self::Granted),
            1 => Ok(Self::GrantedWithMods),
            2 => Ok(Self::Rejection),
            3 => Ok(Self::Waiting),
            4 => Ok(Self::RevocationWarning),
            5 => Ok(Self::RevocationNotification),
            found => Err(Asn1Error::StatusUnknown { found }),
        }
    }

    /// Whether a token must be there; otherwise it must not (TSP-18).
    #[must_use]
    pub const fn has_token(self) -> bool {
        match self {
            Self::Granted | Self::GrantedWithMods => true,
            Self::Rejection | Self::Waiting | Self::RevocationWarning | Self::RevocationNotification => false,
        }
    }
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum FailureInfo {
    /// Unknown or unsuitable hash algorithm (TSP-10).
    BadAlg,
    /// Well-formed, and not permitted (TSP-11).
    BadRequest,
    /// Not well-formed (TSP-12).
    BadDataFormat,
    /// The TSA's time source is not available (TSP-13).
    TimeNotAvailable,
    /// The policy asked for is not offered (TSP-14).
    UnacceptedPolicy,
    /// An extension is not supported (TSP-15).
    UnacceptedExtension,
    /// The additional information asked for is not available (TSP-16).
    AddInfoNotAvailable,
    /// The system failed (TSP-17).
    SystemFailure,
}

impl FailureInfo {
    /// All of them, by bit.
    pub const ALL: [Self; 8] = [
        Self::BadAlg,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::AddInfoNotAvailable,
        Self::SystemFailure,
    ];

    /// The bit in `PKIFailureInfo`, 0 the most significant.
    #[must_use]
    pub const fn bit(self) -> u8 {
        match self {
            Self::BadAlg => 0,
            Self::BadRequest => 2,
            Self::BadDataFormat => 5,
            Self::TimeNotAvailable => 14,
            Self::UnacceptedPolicy => 15,
            Self::UnacceptedExtension => 16,
            Self::AddInfoNotAvailable => 17,
            Self::SystemFailure => 25,
        }
    }

    /// The name in the ASN.1 module.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadAlg => "badAlg",
            Self::BadRequest => "badRequest",
            Self::BadDataFormat => "badDataFormat",
            Self::TimeNotAvailable => "timeNotAvailable",
            Self::UnacceptedPolicy => "unacceptedPolicy",
            Self::UnacceptedExtension => "unacceptedExtension",
            Self::AddInfoNotAvailable => "addInfoNotAvailable",
            Self::SystemFailure => "systemFailure",
        }
    }

    /// The `PKIFailureInfo` with this one bit (TSP-19).
    #[must_use]
    pub fn der(self) -> Vec<u8> {
        enc::named_bits(self.mask())
    }

    /// The failure whose bit is the only one in `bits`, bit 0 the most significant.
    ///
    /// # Errors
    /// [`Asn1Error::FailureInfoUnknown`] for a bit RFC 3161 does not have, for none, and for several (TSP-20).
    pub fn from_bits(bits: u32) -> Result<Self, Asn1Error> {
        Self::ALL
            .into_iter()
            .find(|failure| failure.mask() == bits)
            .ok_or(Asn1Error::FailureInfoUnknown { found: bits })
    }

    const fn mask(self) -> u32 {
        0x8000_0000 >> self.bit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_octets_of_tsp_19() {
        let expected = [
            (FailureInfo::BadAlg, "03020780"),
            (FailureInfo::BadRequest, "03020520"),
            (FailureInfo::BadDataFormat, "03020204"),
            (FailureInfo::TimeNotAvailable, "0303010002"),
            (FailureInfo::UnacceptedPolicy, "0303000001"),
            (FailureInfo::UnacceptedExtension, "030407000080"),
            (FailureInfo::AddInfoNotAvailable, "030406000040"),
            (FailureInfo::SystemFailure, "03050600000040"),
        ];
        assert_eq!(expected.map(|(failure, _)| failure), FailureInfo::ALL);
        for (failure, octets) in expected {
            assert_eq!(hex::encode(failure.der()), octets, "{}", failure.name());
        }
    }

    #[test]
    fn refuses_unknown_status() {
        assert_eq!(PkiStatus::from_value(6), Err(Asn1Error::StatusUnknown { found: 6 }));
        assert_eq!(PkiStatus::from_value(-1), Err(Asn1Error::StatusUnknown { found: -1 }));
    }

    #[test]
    fn refuses_unknown_or_several_failures() {
        for bits in [0, 0x4000_0000, 0xa000_0000, 1] {
            assert_eq!(FailureInfo::from_bits(bits), Err(Asn1Error::FailureInfoUnknown { found: bits }));
        }
    }
}
