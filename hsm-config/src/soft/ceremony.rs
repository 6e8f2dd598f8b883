//! Ceremonies with soft keys.

use std::sync::Arc;

use kokuin_asn1::CertificationRequestInfo;
use kokuin_key::{KeyId, KeyState, Protection, Purpose, Scheme, SigningKey};
use kokuin_suite::KeyAlgorithm;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

use crate::ceremony::{Ceremony, CeremonyError, KeyRecord};
use crate::soft::{SoftError, SoftStore};

impl Ceremony for SoftStore {
    fn scheme(&self) -> Scheme {
        Scheme::Soft
    }

    fn create(
        &self,
        id: &KeyId,
        algorithm: KeyAlgorithm,
        purpose: Purpose,
    ) -> Result<Arc<dyn SigningKey>, CeremonyError> {
        Ok(Self::create(self, id, algorithm, purpose)?)
    }

    fn load(&self, id: &KeyId) -> Result<Arc<dyn SigningKey>, CeremonyError> {
        Ok(Self::load(self, id)?)
    }

    fn list(&self) -> Result<Vec<KeyRecord>, CeremonyError> {
        let record = |id: KeyId| {
            let (algorithm, purpose) = self.description(&id)?;
            let state = self.marker(&id).state();
            Ok(KeyRecord { id, algorithm, purpose, state, protection: Protection::Software })
        };
        Self::list(self)?.into_iter().map(record).collect()
    }

    fn sign_request(&self, id: &KeyId, request: &CertificationRequestInfo) -> Result<Vec<u8>, CeremonyError> {
        let (private, algorithm, spki) = self.open_private(id)?;
        if spki != request.spki() {
            return Err(CeremonyError::OtherKey(id.clone()));
        }
        let state = self.marker(id).state();
        if state != KeyState::Active {
            return Err(CeremonyError::NotActive { id: id.clone(), state });
        }
        let signature = sign(&private, algorithm, request.der()).map_err(|_| SoftError::Library("request"))?;
        Ok(request.signed(&algorithm.signature_algorithm().algorithm_id_der(), &signature))
    }

    fn suspend(&self, id: &KeyId) -> Result<(), CeremonyError> {
        Ok(Self::suspend(self, id)?)
    }

    fn resume(&self, id: &KeyId) -> Result<(), CeremonyError> {
        Ok(Self::resume(self, id)?)
    }
}

fn sign(key: &PKey<Private>, algorithm: KeyAlgorithm, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut signer = match algorithm {
        KeyAlgorithm::P384 => Signer::new(MessageDigest::sha384(), key)?,
        KeyAlgorithm::P521 => Signer::new(MessageDigest::sha512(), key)?,
        KeyAlgorithm::P256 | KeyAlgorithm::Rsa { .. } => Signer::new(MessageDigest::sha256(), key)?,
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa44 | KeyAlgorithm::MlDsa65 | KeyAlgorithm::MlDsa87 => {
            Signer::new_without_digest(key)?
        }
    };
    signer.sign_oneshot_to_vec(message)
}

#[cfg(test)]
mod tests {
    use kokuin_asn1::enc;
    use openssl::x509::X509Req;

    use super::*;

    fn store(dir: &std::path::Path) -> Box<dyn Ceremony> {
        use std::os::unix::fs::PermissionsExt as _;
        let passphrase = dir.join("passphrase");
        std::fs::write(&passphrase, "correct horse").unwrap();
        std::fs::set_permissions(&passphrase, std::fs::Permissions::from_mode(0o600)).unwrap();
        Box::new(SoftStore::open(&dir.join("keys"), &passphrase).unwrap())
    }

    fn request(key: &dyn SigningKey) -> CertificationRequestInfo {
        CertificationRequestInfo::new(&enc::sequence(&[]), key.public_key(), &[])
    }

    #[test]
    fn requests_of_every_kind_of_key_prove_its_possession() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        for (name, algorithm) in [
            ("a", KeyAlgorithm::P256),
            ("b", KeyAlgorithm::P384),
            ("c", KeyAlgorithm::Rsa { bits: 3072 }),
            ("d", KeyAlgorithm::Ed25519),
        ] {
            let id = KeyId::new(name).unwrap();
            let key = store.create(&id, algorithm, Purpose::Tst).unwrap();
            let der = store.sign_request(&id, &request(&*key)).unwrap();
            let read = X509Req::from_der(&der).unwrap();
            assert!(read.verify(&read.public_key().unwrap()).unwrap(), "{algorithm}");
            assert_eq!(read.public_key().unwrap().public_key_to_der().unwrap(), key.public_key());
        }
    }

    #[test]
    fn signs_no_request_about_another_key_and_none_with_a_key_that_was_stopped_thr_65() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let (one, other) = (KeyId::new("one").unwrap(), KeyId::new("other").unwrap());
        let own = request(&*store.create(&one, KeyAlgorithm::P256, Purpose::Tst).unwrap());
        let foreign = request(&*store.create(&other, KeyAlgorithm::P256, Purpose::Tst).unwrap());
        assert!(matches!(store.sign_request(&one, &foreign), Err(CeremonyError::OtherKey(id)) if id == one));
        store.suspend(&one).unwrap();
        assert!(matches!(store.sign_request(&one, &own), Err(CeremonyError::NotActive { .. })));
        store.resume(&one).unwrap();
        assert!(store.sign_request(&one, &own).is_ok());
    }

    #[test]
    fn lists_keys_without_opening_them() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let id = KeyId::new("tsu-1").unwrap();
        store.create(&id, KeyAlgorithm::Rsa { bits: 3072 }, Purpose::Seal).unwrap();
        store.suspend(&id).unwrap();
        let expected = KeyRecord {
            id,
            algorithm: KeyAlgorithm::Rsa { bits: 3072 },
            purpose: Purpose::Seal,
            state: KeyState::Suspended,
            protection: Protection::Software,
        };
        assert_eq!(store.list().unwrap(), [expected]);
    }
}
