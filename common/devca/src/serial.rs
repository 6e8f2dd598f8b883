//! Serial numbers of certificates.

use crate::error::DevCaError;

/// Sixteen random octets, as a positive INTEGER: at least 119 random bits, at most 20 octets (RFC 5280 4.1.2.2).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Serial([u8; 16]);

impl Serial {
    /// Draws a serial number.
    ///
    /// # Errors
    /// [`DevCaError::Random`].
    pub fn random() -> Result<Self, DevCaError> {
        let mut octets = [0; 16];
        getrandom::fill(&mut octets)?;
        // Positive, and never shorter than 16 octets.
        octets[0] = octets[0] & 0x7f | 0x40;
        Ok(Self(octets))
    }

    /// Content octets of the INTEGER.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_positive_minimal_and_new_each_time_cert_01() {
        let serials: std::collections::HashSet<Serial> = (0..1000).map(|_| Serial::random().unwrap()).collect();
        assert_eq!(serials.len(), 1000);
        assert!(serials.iter().all(|serial| (0x40..0x80).contains(&serial.as_bytes()[0])));
    }
}
