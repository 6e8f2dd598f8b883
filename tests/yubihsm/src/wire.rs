//! Frames as they cross the wire: `command(1) || length(2) || payload`, everything big-endian (yubihsm.md section 3).

use crate::refusal::Refusal;

/// A command byte; an answer has the high bit set.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Command(pub u8);

macro_rules! commands {
    ($($name:ident = $byte:literal;)*) => {
        impl Command {
            $(#[doc = concat!("The command ", stringify!($byte), ".")] pub const $name: Self = Self($byte);)*
        }
    };
}

commands! {
    ECHO = 0x01;
    CREATE_SESSION = 0x03;
    AUTHENTICATE_SESSION = 0x04;
    SESSION_MESSAGE = 0x05;
    DEVICE_INFO = 0x06;
    RESET_DEVICE = 0x08;
    GET_DEVICE_PUBLIC_KEY = 0x0a;
    CLOSE_SESSION = 0x40;
    GET_STORAGE_INFO = 0x41;
    PUT_OPAQUE = 0x42;
    GET_OPAQUE = 0x43;
    PUT_AUTHENTICATION_KEY = 0x44;
    PUT_ASYMMETRIC_KEY = 0x45;
    GENERATE_ASYMMETRIC_KEY = 0x46;
    SIGN_PKCS1 = 0x47;
    LIST_OBJECTS = 0x48;
    DECRYPT_PKCS1 = 0x49;
    EXPORT_WRAPPED = 0x4a;
    IMPORT_WRAPPED = 0x4b;
    PUT_WRAP_KEY = 0x4c;
    GET_LOG_ENTRIES = 0x4d;
    GET_OBJECT_INFO = 0x4e;
    SET_OPTION = 0x4f;
    GET_OPTION = 0x50;
    GET_PSEUDO_RANDOM = 0x51;
    PUT_HMAC_KEY = 0x52;
    SIGN_HMAC = 0x53;
    GET_PUBLIC_KEY = 0x54;
    SIGN_PSS = 0x55;
    SIGN_ECDSA = 0x56;
    DERIVE_ECDH = 0x57;
    DELETE_OBJECT = 0x58;
    DECRYPT_OAEP = 0x59;
    GENERATE_HMAC_KEY = 0x5a;
    GENERATE_WRAP_KEY = 0x5b;
    VERIFY_HMAC = 0x5c;
    SIGN_ATTESTATION_CERTIFICATE = 0x64;
    SET_LOG_INDEX = 0x67;
    WRAP_DATA = 0x68;
    UNWRAP_DATA = 0x69;
    SIGN_EDDSA = 0x6a;
    BLINK_DEVICE = 0x6b;
    CHANGE_AUTHENTICATION_KEY = 0x6c;
}

impl Command {
    /// Whether it makes a signature with an asymmetric key.
    #[must_use]
    pub const fn signs(self) -> bool {
        matches!(self, Self::SIGN_PKCS1 | Self::SIGN_PSS | Self::SIGN_ECDSA | Self::SIGN_EDDSA)
    }
}

/// A command with its payload, as long as it says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// What to do.
    pub command: Command,
    /// With what.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a frame that fills `bytes` exactly.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`] if it does not.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut fields = Fields(bytes);
        let command = Command(fields.u8()?);
        let length = usize::from(fields.u16()?);
        let payload = fields.take(length)?;
        fields.end()?;
        Ok(Self { command, payload })
    }
}

/// The answer to a command that succeeded.
#[must_use]
pub fn answer(command: Command, payload: &[u8]) -> Vec<u8> {
    frame(command.0 | 0x80, payload)
}

/// The answer to a command that did not.
#[must_use]
pub fn error(refusal: Refusal) -> Vec<u8> {
    frame(0x7f, &[refusal.byte()])
}

/// Any frame.
#[must_use]
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![first];
    bytes.extend(length.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A payload, read from front to back.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`] if there are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Refusal> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(Refusal::WrongLength)?;
        self.0 = tail;
        Ok(head)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`] if there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (head, tail) = self.0.split_first_chunk().ok_or(Refusal::WrongLength)?;
        self.0 = tail;
        Ok(*head)
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`] if there is none.
    pub fn u8(&mut self) -> Result<u8, Refusal> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next two bytes.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`] if there are fewer.
    pub fn u16(&mut self) -> Result<u16, Refusal> {
        self.array().map(u16::from_be_bytes)
    }

    /// The next eight bytes.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`] if there are fewer.
    pub fn u64(&mut self) -> Result<u64, Refusal> {
        self.array().map(u64::from_be_bytes)
    }

    /// What is left.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`] if something is.
    pub const fn end(&self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::WrongLength) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_as_long_as_it_says() {
        let echo = [1, 0, 2, b'h', b'i'];
        assert_eq!(Frame::parse(&echo), Ok(Frame { command: Command::ECHO, payload: b"hi" }));
        assert_eq!(Frame::parse(&echo[..4]), Err(Refusal::WrongLength));
        assert_eq!(Frame::parse(&[1, 0, 0, 0]), Err(Refusal::WrongLength));
        assert_eq!(answer(Command::ECHO, b"hi"), [0x81, 0, 2, b'h', b'i']);
        assert_eq!(error(Refusal::LogFull), [0x7f, 0, 1, 0x0a]);
    }
}
