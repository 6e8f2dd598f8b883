//! The secure channel of a session: key derivation, cryptograms, MAC chain, encryption (yubihsm.md section 4).
//!
//! OpenSSL's AES, CMAC and ECDH; the other end in the tests is another implementation's.

use openssl::{
    error::ErrorStack,
    hash::MessageDigest,
    memcmp,
    pkcs5::pbkdf2_hmac,
    pkey::PKey,
    sha::Sha256,
    sign::Signer,
    symm::{Cipher, Crypter, Mode},
};

use crate::refusal::Refusal;

/// A MAC on the wire, in bytes.
pub const MAC: usize = 8;

/// The two keys of a symmetric authentication key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StaticKeys {
    /// K-ENC.
    pub encryption: [u8; 16],
    /// K-MAC.
    pub mac: [u8; 16],
}

impl StaticKeys {
    /// From a password, as every client derives them.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn from_password(password: &str) -> Result<Self, ErrorStack> {
        let mut bytes = [0; 32];
        pbkdf2_hmac(password.as_bytes(), b"Yubico", 10_000, MessageDigest::sha256(), &mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    /// K-ENC and K-MAC, one after the other.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let half = |from: usize| std::array::from_fn(|index| bytes[from + index]);
        Self { encryption: half(0), mac: half(16) }
    }
}

/// The keys of one session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionKeys {
    /// S-ENC.
    pub encryption: [u8; 16],
    /// S-MAC.
    pub mac: [u8; 16],
    /// S-RMAC.
    pub response_mac: [u8; 16],
}

impl SessionKeys {
    /// From the static keys and both challenges.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn derive(keys: &StaticKeys, context: &[u8; 16]) -> Result<Self, ErrorStack> {
        Ok(Self {
            encryption: derive(&keys.encryption, 0x04, context)?,
            mac: derive(&keys.mac, 0x06, context)?,
            response_mac: derive(&keys.mac, 0x07, context)?,
        })
    }

    /// What proves to the host that the device knows the keys.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn card_cryptogram(&self, context: &[u8; 16]) -> Result<[u8; 8], ErrorStack> {
        derive(&self.mac, 0x00, context)
    }

    /// What proves to the device that the host does.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn host_cryptogram(&self, context: &[u8; 16]) -> Result<[u8; 8], ErrorStack> {
        derive(&self.mac, 0x01, context)
    }
}

/// The KDF of SCP03: `N` bytes, 8 or 16, of one CMAC block.
fn derive<const N: usize>(key: &[u8; 16], constant: u8, context: &[u8; 16]) -> Result<[u8; N], ErrorStack> {
    let bits = if N == 8 { 0x40 } else { 0x80 };
    let mut label = [0; 16];
    label[11..].copy_from_slice(&[constant, 0, 0, bits, 1]);
    let block = cmac(key, &[&label, context])?;
    Ok(std::array::from_fn(|index| block[index]))
}

/// AES-CMAC over the parts, one after the other.
///
/// # Errors
/// If OpenSSL fails.
pub fn cmac(key: &[u8; 16], parts: &[&[u8]]) -> Result<[u8; 16], ErrorStack> {
    let key = PKey::cmac(&Cipher::aes_128_cbc(), key)?;
    let mut signer = Signer::new_without_digest(&key)?;
    for part in parts {
        signer.update(part)?;
    }
    let mut block = [0; 16];
    signer.sign(&mut block)?;
    Ok(block)
}

/// X9.63 with SHA-256, two blocks: receipt key, then the session's keys. `Z` is the ephemeral and the static secret.
#[must_use]
pub fn asymmetric_keys(secrets: &[u8]) -> ([u8; 16], SessionKeys) {
    let block = |counter: u32| {
        let mut hash = Sha256::new();
        hash.update(secrets);
        hash.update(&counter.to_be_bytes());
        hash.update(&[0x3c, 0x88, 0x10]);
        hash.finish()
    };
    let (first, second) = (StaticKeys::from_bytes(block(1)), StaticKeys::from_bytes(block(2)));
    (first.encryption, SessionKeys { encryption: first.mac, mac: second.encryption, response_mac: second.mac })
}

/// A session's channel once both ends have proved themselves.
#[derive(Clone, Debug)]
pub struct Channel {
    keys: SessionKeys,
    chain: [u8; 16],
    counter: u128,
}

/// A command out of its wrapping, and the channel as it is once the device has taken it.
#[derive(Debug)]
pub struct Unwrapped {
    /// The inner frame.
    pub inner: Vec<u8>,
    /// To answer with, and to keep.
    pub next: Channel,
}

impl Channel {
    /// Starts at counter 1 with the chaining value of the login.
    #[must_use]
    pub const fn new(keys: SessionKeys, chain: [u8; 16]) -> Self {
        Self { keys, chain, counter: 1 }
    }

    /// Checks a whole outer frame's MAC and opens it. `self` does not move: what is refused leaves the state as it was.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`] and [`Refusal::AuthenticationFailed`] as they say, [`Refusal::InvalidData`] for bad padding.
    pub fn unwrap(&self, outer: &[u8]) -> Result<Unwrapped, Refusal> {
        let (body, mac) = outer.split_last_chunk::<MAC>().ok_or(Refusal::WrongLength)?;
        let ciphertext = body.get(4..).ok_or(Refusal::WrongLength)?;
        if ciphertext.is_empty() || ciphertext.len() % 16 != 0 {
            return Err(Refusal::WrongLength);
        }
        let chain = cmac(&self.keys.mac, &[&self.chain, body])?;
        if !memcmp::eq(&chain[..MAC], mac) {
            return Err(Refusal::AuthenticationFailed);
        }
        let mut inner = self.crypt(Mode::Decrypt, ciphertext)?;
        let end = inner.iter().rposition(|byte| *byte != 0).filter(|last| inner[*last] == 0x80);
        inner.truncate(end.ok_or(Refusal::InvalidData)?);
        Ok(Unwrapped { inner, next: Self { chain, ..self.clone() } })
    }

    /// Wraps the answer of the command that was just unwrapped, and moves the counter.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn wrap(&mut self, session: u8, inner: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut padded = inner.to_vec();
        padded.push(0x80);
        padded.resize(padded.len().next_multiple_of(16), 0);
        let mut payload = vec![session];
        payload.extend(self.crypt(Mode::Encrypt, &padded)?);
        payload.extend([0; MAC]);
        let mut outer = crate::wire::frame(0x85, &payload);
        let end = outer.len() - MAC;
        let mac = cmac(&self.keys.response_mac, &[&self.chain, &outer[..end]])?;
        outer[end..].copy_from_slice(&mac[..MAC]);
        self.counter += 1;
        Ok(outer)
    }

    fn crypt(&self, mode: Mode, data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let vector =
            blocks(Cipher::aes_128_ecb(), Mode::Encrypt, &self.keys.encryption, None, &self.counter.to_be_bytes())?;
        blocks(Cipher::aes_128_cbc(), mode, &self.keys.encryption, Some(&vector), data)
    }
}

/// Whole blocks through a cipher, without padding.
fn blocks(cipher: Cipher, mode: Mode, key: &[u8], iv: Option<&[u8]>, data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(cipher, mode, key, iv)?;
    crypter.pad(false);
    let mut out = vec![0; data.len() + 16];
    let written = crypter.update(data, &mut out)?;
    let rest = crypter.finalize(&mut out[written..])?;
    out.truncate(written + rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    /// The vector of yubihsm.md section 4, recomputed there with Yubico's Python client.
    #[test]
    fn the_session_vector_comes_out() {
        let keys = StaticKeys::from_password("password").unwrap();
        assert_eq!(keys.encryption, bytes("090b47dbed595654901dee1cc655e420"));
        assert_eq!(keys.mac, bytes("592fd483f759e29909a04c4505d2ce0a"));
        let context = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let session = SessionKeys::derive(&keys, &context).unwrap();
        assert_eq!(session.encryption, bytes("6a7481280688c6e0acf6226085a33167"));
        assert_eq!(session.mac, bytes("4387b8a1aef81f16782246452c6485c1"));
        assert_eq!(session.response_mac, bytes("3a5b6bcce25badb45333b40160557a67"));
        assert_eq!(session.card_cryptogram(&context).unwrap(), bytes("0d89ea51bf1bf533"));
        assert_eq!(session.host_cryptogram(&context).unwrap(), bytes("b01410d72022ed0e"));

        let login: [u8; 20] = bytes("04001100b01410d72022ed0ec1e620c499fbf1a9");
        let chain = cmac(&session.mac, &[&[0; 16], &login[..12]]).unwrap();
        assert_eq!(chain, bytes("c1e620c499fbf1a9430c6f8678618bdb"));

        let channel = Channel::new(session, chain);
        let command: [u8; 28] = bytes("05001900dfaeaaab8b2a997e0ca963ac834cbd0a0f709344da410952");
        let mut opened = channel.unwrap(&command).unwrap();
        assert_eq!(opened.inner, [1, 0, 2, b'h', b'i']);
        let answer: [u8; 28] = bytes("85001900139656777a5cb7fe9fca0ccae9dc61c1c2d94c8f9894b68e");
        assert_eq!(opened.next.wrap(0, &[0x81, 0, 2, b'h', b'i']).unwrap(), answer);
    }

    #[test]
    fn a_wrong_mac_is_refused_and_moves_nothing() {
        let session = SessionKeys { encryption: [1; 16], mac: [2; 16], response_mac: [3; 16] };
        let channel = Channel::new(session, [4; 16]);
        let mut command = [0; 28];
        command[..4].copy_from_slice(&[5, 0, 25, 0]);
        assert_eq!(channel.unwrap(&command).unwrap_err(), Refusal::AuthenticationFailed);
        assert_eq!(channel.unwrap(&command[..27]).unwrap_err(), Refusal::WrongLength);
        assert_eq!((channel.chain, channel.counter), ([4; 16], 1));
    }
}
