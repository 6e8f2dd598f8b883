//! `KeyUsage` (RFC 5280 4.2.1.3).

use crate::{Asn1Error, Reader, enc};

/// What a key may do.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Bit 0.
    pub const DIGITAL_SIGNATURE: Self = Self(0x8000);
    /// Bit 1, content commitment.
    pub const NON_REPUDIATION: Self = Self(0x4000);
    /// Bit 2.
    pub const KEY_ENCIPHERMENT: Self = Self(0x2000);
    /// Bit 3.
    pub const DATA_ENCIPHERMENT: Self = Self(0x1000);
    /// Bit 4.
    pub const KEY_AGREEMENT: Self = Self(0x0800);
    /// Bit 5.
    pub const KEY_CERT_SIGN: Self = Self(0x0400);
    /// Bit 6.
    pub const CRL_SIGN: Self = Self(0x0200);
    /// Bit 7.
    pub const ENCIPHER_ONLY: Self = Self(0x0100);
    /// Bit 8.
    pub const DECIPHER_ONLY: Self = Self(0x0080);

    /// All bits, bit 0 the most significant.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether every bit of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The bits of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Bit 0.
    #[must_use]
    pub const fn digital_signature(self) -> bool {
        self.contains(Self::DIGITAL_SIGNATURE)
    }

    /// Bit 1, content commitment.
    #[must_use]
    pub const fn non_repudiation(self) -> bool {
        self.contains(Self::NON_REPUDIATION)
    }

    /// Bit 5.
    #[must_use]
    pub const fn key_cert_sign(self) -> bool {
        self.contains(Self::KEY_CERT_SIGN)
    }

    /// Bit 6.
    #[must_use]
    pub const fn crl_sign(self) -> bool {
        self.contains(Self::CRL_SIGN)
    }

    /// The extension's value.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        enc::named_bits(u32::from(self.0) << 16)
    }

    /// Reads the extension's value. Trailing zero bits, which DER cuts from named bits, are read: certificates in use have them.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::new(value, "keyUsage");
        let at = reader.here();
        let bits = reader.bit_string("keyUsage")?;
        reader.finish()?;
        match bits.bytes {
            [] => Ok(Self(0)),
            [first] => Ok(Self(u16::from(*first) << 8)),
            [first, second] => Ok(Self(u16::from_be_bytes([*first, *second]))),
            _ => Err(Asn1Error::BitStringMalformed { at }),
        }
    }
}

impl std::ops::BitOr for KeyUsage {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}
