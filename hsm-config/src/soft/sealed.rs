//! A private key at rest: PKCS#8 encrypted with a passphrase (RFC 5958 section 3; RFC 8018 PBES2; RFC 7914 scrypt).

use kokuin_asn1::{Oid, enc, pem};
use openssl::error::ErrorStack;
use openssl::pkcs5::scrypt;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_bytes;
use openssl::symm::{Cipher, encrypt};
use zeroize::Zeroizing;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// 1.2.840.113549.1.5.13
const PBES2: Oid = Oid::from_static(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d]);
/// 1.3.6.1.4.1.11591.4.11
const SCRYPT: Oid = Oid::from_static(&[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b]);
/// 2.16.840.1.101.3.4.1.42
const AES256_CBC: Oid = Oid::from_static(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a]);

/// scrypt's cost: 16 MiB and about 40 ms a guess, [`cost_p`] times. OpenSSL reads files up to 32 MiB, so N cannot grow; p does instead.
const COST_N: u64 = 1 << 14;
const COST_R: u64 = 8;
/// From so many octets on a passphrase is taken for one that `kokuin init` made, of 32 random octets: nobody guesses those.
const MADE: usize = 32;
const MEMORY_LIMIT: u64 = 32 << 20;

/// How often a guess costs that: once for passphrases that cannot be guessed, so that a start with several keys is quick.
const fn cost_p(passphrase: &[u8]) -> u64 {
    if passphrase.len() < MADE { 5 } else { 1 }
}

/// PEM of `key`, encrypted with a key derived from `passphrase` and a fresh salt.
pub(super) fn seal(key: &PKey<Private>, passphrase: &[u8]) -> Result<String, ErrorStack> {
    let plain = Zeroizing::new(key.private_key_to_pkcs8()?);
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rand_bytes(&mut salt)?;
    rand_bytes(&mut iv)?;
    let mut derived = Zeroizing::new([0; 32]);
    scrypt(passphrase, &salt, COST_N, COST_R, cost_p(passphrase), MEMORY_LIMIT, derived.as_mut())?;
    let encrypted = encrypt(Cipher::aes_256_cbc(), derived.as_ref(), Some(&iv), &plain)?;
    let cost = [enc::uint_u64(COST_N), enc::uint_u64(COST_R), enc::uint_u64(cost_p(passphrase))];
    let parameters = enc::sequence(&[&enc::octet_string(&salt), &cost[0], &cost[1], &cost[2]]);
    let derivation = enc::sequence(&[&enc::oid(&SCRYPT), &parameters]);
    let cipher = enc::sequence(&[&enc::oid(&AES256_CBC), &enc::octet_string(&iv)]);
    let scheme = enc::sequence(&[&enc::oid(&PBES2), &enc::sequence(&[&derivation, &cipher])]);
    Ok(pem::encode(LABEL, &enc::sequence(&[&scheme, &enc::octet_string(&encrypted)])))
}

/// The DER of the one encrypted block in `text`; `None` if there is none, or anything else, such as a key in the clear.
pub(super) fn block(text: &[u8]) -> Option<Vec<u8>> {
    let [block] = <[pem::PemBlock; 1]>::try_from(pem::decode_all(text).ok()?).ok()?;
    (block.label == LABEL).then_some(block.der)
}

/// The key in an encrypted block.
pub(super) fn open(block: &[u8], passphrase: &[u8]) -> Result<PKey<Private>, ErrorStack> {
    PKey::private_key_from_pkcs8_passphrase(block, passphrase)
}

#[cfg(test)]
mod tests {
    use openssl::{ec::EcGroup, ec::EcKey, nid::Nid};

    use super::*;

    #[test]
    fn a_short_passphrase_costs_five_times_as_much_to_guess() {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        for (passphrase, p) in [(vec![b'x'; 31], 5), (vec![b'x'; 32], 1)] {
            let sealed = block(seal(&key, &passphrase).unwrap().as_bytes()).unwrap();
            // N 16384, r 8, p: the end of scrypt's parameters.
            let costs = [0x02, 0x02, 0x40, 0x00, 0x02, 0x01, 0x08, 0x02, 0x01, p];
            assert!(sealed.windows(costs.len()).any(|window| window == costs), "{} octets", passphrase.len());
            assert!(open(&sealed, &passphrase).unwrap().public_eq(&key));
        }
    }
}
