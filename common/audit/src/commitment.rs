//! Salted commitments: entries are public, tenants are not (THR-49).
//!
//! A commitment is HMAC-SHA256 under a secret of the tenant, over the serial of the object and a label. Who knows the secret can show what an
//! entry is about; who does not cannot even see that two entries are about the same tenant. Salts are derived, not stored, and never part of a
//! receipt.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::entry::{Commitment, Serial};

/// What a commitment is to, so that equal values under two labels cannot be compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CommitmentLabel {
    /// The business customer.
    Tenant,
    /// Who asked.
    Actor,
    /// What is to be signed.
    Imprint,
}

impl CommitmentLabel {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Actor => "actor",
            Self::Imprint => "imprint",
        }
    }
}

/// A tenant's secret, from which its commitments come. Never shown, never logged.
#[derive(Clone)]
pub struct TenantSecret([u8; 32]);

impl TenantSecret {
    /// Takes over 32 octets from a random source.
    #[must_use]
    pub const fn new(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The secret of one tenant, from the store's secret and the tenant's salt: HMAC-SHA256(secret, `tenant salt` || 0x00 || salt). Once the salt is
    /// erased nobody can make it again, and the store's secret alone opens nothing of that tenant (JP-ES-18).
    #[must_use]
    pub fn of_tenant(&self, salt: &[u8]) -> Self {
        let mut mac = self.mac();
        mac.update(b"tenant salt\0");
        mac.update(salt);
        Self(mac.finalize().into_bytes().into())
    }

    fn mac(&self) -> Hmac<Sha256> {
        // A key shorter than a block is filled up with zeros (RFC 2104 2).
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.0);
        Hmac::<Sha256>::new(&block.into())
    }

    /// HMAC-SHA256(secret, serial || label || 0x00 || value). The serial's length goes before it in one octet, so that no two inputs collide.
    #[must_use]
    pub fn commit(&self, serial: &Serial, label: CommitmentLabel, value: &[u8]) -> Commitment {
        let mut mac = self.mac();
        mac.update(&[u8::try_from(serial.as_bytes().len()).unwrap_or(u8::MAX)]);
        mac.update(serial.as_bytes());
        mac.update(label.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(value);
        Commitment::from_bytes(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for TenantSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commitments_differ_by_secret_serial_label_and_value() {
        let serial = |octet| Serial::new(&[octet]).unwrap();
        let (one, two) = (TenantSecret::new([1; 32]), TenantSecret::new([2; 32]));
        let made = [
            one.commit(&serial(1), CommitmentLabel::Tenant, b"a"),
            two.commit(&serial(1), CommitmentLabel::Tenant, b"a"),
            one.commit(&serial(2), CommitmentLabel::Tenant, b"a"),
            one.commit(&serial(1), CommitmentLabel::Actor, b"a"),
            one.commit(&serial(1), CommitmentLabel::Tenant, b"b"),
        ];
        for (at, commitment) in made.iter().enumerate() {
            assert!(!made[at + 1..].contains(commitment), "{at}");
        }
        assert_eq!(made[0], one.commit(&serial(1), CommitmentLabel::Tenant, b"a"));
    }

    /// Expected value made with Python's hmac: hmac.new(bytes(32), bytes([2]) + bytes([7, 9]) + b"tenant\0" + b"demo", "sha256").
    #[test]
    fn commitment_is_the_documented_hmac() {
        let serial = Serial::new(&[7, 9]).unwrap();
        let commitment = TenantSecret::new([0; 32]).commit(&serial, CommitmentLabel::Tenant, b"demo");
        assert_eq!(commitment.to_string(), "iKp_ItJr2cxOjc9gwIrVe8YcCOF66x7UpJWfvz5lWJw");
    }

    /// Expected value made with Python's hmac: `hmac.new(hmac.new(bytes(32), b"tenant salt\0" + bytes([5]) * 32, "sha256").digest(),
    /// bytes([2]) + bytes([7, 9]) + b"tenant\0" + b"demo", "sha256")`.
    #[test]
    fn a_tenant_s_secret_is_the_documented_hmac_of_its_salt() {
        let serial = Serial::new(&[7, 9]).unwrap();
        let commitment =
            TenantSecret::new([0; 32]).of_tenant(&[5; 32]).commit(&serial, CommitmentLabel::Tenant, b"demo");
        assert_eq!(commitment.to_string(), "h88Mz8OCBYfzOcKhy3CPmRaZggYQWf5EArozKGEftOw");
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", TenantSecret::new([7; 32])), "TenantSecret(..)");
    }
}
