//! Who logs in: the number of an authentication key, and what opens it.

use kokuin_settings::Secret;
use yubihsm::Credentials;
use yubihsm::authentication::Key;
use zeroize::Zeroizing;

/// A shorter password is guessed from one recorded login: the salt is fixed, and 10,000 rounds are few (THR-61).
pub(crate) const LEAST_PASSWORD: usize = 16;

/// Every device is sold with it.
const DEFAULT_PASSWORD: &[u8] = b"password";
/// Two AES-128 keys.
const SIZE: usize = 32;

/// An authentication key and its secret: 32 octets in hexadecimal, or a password that they come from.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    id: u16,
    secret: Secret,
}

impl Login {
    /// The authentication key `id` with the content of its file, without the newline that editors add.
    pub(crate) fn new(id: u16, secret: &Secret) -> Self {
        let bytes = secret.expose();
        let end = bytes.len() - bytes.iter().rev().take_while(|c| b"\r\n".contains(c)).count();
        Self { id, secret: Secret::new(bytes[..end].to_vec()) }
    }

    /// The object id of the authentication key.
    pub(crate) const fn id(&self) -> u16 {
        self.id
    }

    /// The secret as it was given.
    pub(crate) const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Whether both have one secret.
    pub(crate) fn has_secret_of(&self, other: &Self) -> bool {
        self.secret.matches(other.secret.expose())
    }

    /// The password that every device is sold with.
    pub(crate) fn is_factory(&self) -> bool {
        self.secret.matches(DEFAULT_PASSWORD)
    }

    /// The factory's, or one that is guessed from a recorded login (THR-61).
    pub(crate) fn is_weak(&self) -> bool {
        self.is_factory() || self.secret.expose().len() < LEAST_PASSWORD
    }

    /// What the device's own library takes. A password costs 10,000 rounds.
    pub(crate) fn credentials(&self) -> Credentials {
        let secret = self.secret.expose();
        let mut key = Zeroizing::new([0; SIZE]);
        if hex::decode_to_slice(secret, key.as_mut_slice()).is_ok() {
            return Credentials::new(self.id, Key::new(*key));
        }
        Credentials::from_password(self.id, secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(secret: &str) -> Login {
        Login::new(7, &Secret::new(secret.into()))
    }

    #[test]
    fn a_key_file_has_32_octets_and_anything_else_is_a_password() {
        let hex = "ab".repeat(32);
        assert_eq!(login(&format!("{hex}\n")).credentials().authentication_key.as_secret_slice(), [0xab; 32]);
        // Yubico's own vector: standards, section 4.
        let password = login("password\r\n").credentials();
        assert_eq!(
            hex::encode(password.authentication_key.as_secret_slice()),
            "090b47dbed595654901dee1cc655e420592fd483f759e29909a04c4505d2ce0a"
        );
        assert_eq!(password.authentication_key_id, 7);
    }

    #[test]
    fn the_factorys_password_and_short_ones_are_weak_thr_61() {
        for weak in ["password", "password\n", "fifteen octets.", ""] {
            assert!(login(weak).is_weak(), "{weak:?}");
        }
        assert!(!login("sixteen octets..").is_weak());
        assert!(!login(&"ab".repeat(32)).is_weak());
    }

    #[test]
    fn nothing_shows_the_secret_thr_104() {
        assert!(!format!("{:?}", login("31415926535897932384")).contains("314159"));
    }
}
