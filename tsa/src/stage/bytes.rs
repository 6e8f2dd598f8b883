//! A body as it came: bounded, of the right media type, and not looked into.

use crate::refusal::Refusal;

/// Most octets that a request may have. A real one has about 70.
pub const BODY_LIMIT: usize = 16 * 1024;

/// The body of an `application/timestamp-query`, 1 to [`BODY_LIMIT`] octets.
#[derive(Clone, Copy, Debug)]
pub struct RequestBytes<'a>(&'a [u8]);

impl<'a> RequestBytes<'a> {
    /// Takes in a body that the door let through.
    ///
    /// # Errors
    /// [`Refusal::BodyEmpty`], [`Refusal::BodyTooLong`].
    pub const fn new(body: &'a [u8]) -> Result<Self, Refusal> {
        match body.len() {
            0 => Err(Refusal::BodyEmpty),
            1..=BODY_LIMIT => Ok(Self(body)),
            found => Err(Refusal::BodyTooLong { limit: BODY_LIMIT, found }),
        }
    }

    /// Hands over the octets.
    #[must_use]
    pub const fn into_inner(self) -> &'a [u8] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_an_empty_body() {
        assert!(matches!(RequestBytes::new(&[]), Err(Refusal::BodyEmpty)));
    }

    #[test]
    fn refuses_a_body_one_octet_too_long_thr_85() {
        let body = vec![0; BODY_LIMIT + 1];
        assert!(matches!(RequestBytes::new(&body), Err(Refusal::BodyTooLong { limit: 16_384, found: 16_385 })));
        assert!(RequestBytes::new(&body[1..]).is_ok());
    }
}
