//! Ceremonies with keys in a token.

use std::sync::Arc;

use cryptoki::object::{Attribute, ObjectClass};
use kokuin_asn1::CertificationRequestInfo;
use kokuin_key::{KeyId, Purpose, Scheme, SigningKey};
use kokuin_suite::KeyAlgorithm;

use crate::ceremony::{Ceremony, CeremonyError, KeyRecord, signed_by_device};
use crate::marker::Marker;
use crate::pkcs11::session::Access;
use crate::pkcs11::template::plan;
use crate::pkcs11::{Pkcs11Error, Pkcs11Store, Pkcs11Uri, find};
use crate::record::Record;

/// Octets of a new key's `CKA_ID`.
const ID_LEN: usize = 16;

impl Ceremony for Pkcs11Store {
    fn scheme(&self) -> Scheme {
        Scheme::Pkcs11
    }

    fn uri(&self, id: &KeyId) -> String {
        Self::uri(self, id)
    }

    fn is_named(&self, uri: &str, id: &KeyId) -> bool {
        uri.strip_prefix("pkcs11:").and_then(|rest| rest.parse().ok()).is_some_and(|uri| self.means(&uri, id))
    }

    fn create(
        &self,
        id: &KeyId,
        algorithm: KeyAlgorithm,
        purpose: Purpose,
    ) -> Result<Arc<dyn SigningKey>, CeremonyError> {
        self.make(id, algorithm, purpose)?;
        Ok(self.load(&by_label(id))?)
    }

    fn load(&self, id: &KeyId) -> Result<Arc<dyn SigningKey>, CeremonyError> {
        Ok(Self::load(self, &by_label(id))?)
    }

    fn list(&self) -> Result<Vec<KeyRecord>, CeremonyError> {
        Ok(Record::list(&self.token.folder).map_err(Pkcs11Error::from)?)
    }

    fn sign_request(&self, id: &KeyId, request: &CertificationRequestInfo) -> Result<Vec<u8>, CeremonyError> {
        signed_by_device::<Pkcs11Error>(&*Self::load(self, &by_label(id))?, request)
    }

    fn suspend(&self, id: &KeyId) -> Result<(), CeremonyError> {
        if !self.has(id) {
            return Err(Pkcs11Error::NoRecord(id.clone()).into());
        }
        Ok(Marker::suspend(&self.token.folder, id).map_err(Pkcs11Error::from)?)
    }

    fn resume(&self, id: &KeyId) -> Result<(), CeremonyError> {
        Ok(Marker::resume(&self.token.folder, id).map_err(Pkcs11Error::from)?)
    }
}

impl Pkcs11Store {
    /// Makes a key pair in the token and its record. Waits as long as the token takes: RSA can take minutes.
    fn make(&self, name: &KeyId, algorithm: KeyAlgorithm, purpose: Purpose) -> Result<(), Pkcs11Error> {
        let token = &self.token;
        let refused = || Pkcs11Error::Algorithm { token: token.label(), algorithm };
        // Whoever is second finds the first one's key. Logging in has a lock of its own.
        let _alone = token.folder.lock()?;
        if self.has(name) {
            return Err(Pkcs11Error::Exists(name.clone()));
        }
        let mut id = [0; ID_LEN];
        getrandom::fill(&mut id).map_err(|_| kokuin_key::KeyError::Library("random numbers"))?;
        let plan = plan(name, &id, algorithm).ok_or_else(refused)?;
        let uri = by_label(name);
        let opened = token.session(Access::Make, &uri)?;
        if !token.module().get_mechanism_list(opened.slot)?.contains(&plan.mechanism_type()) {
            return Err(refused());
        }
        // Whatever is called so, in whatever class: a name means one key.
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            let template = [Attribute::Class(class), Attribute::Label(name.as_str().into())];
            if !opened.session.find_objects(&template)?.is_empty() {
                return Err(Pkcs11Error::Exists(name.clone()));
            }
        }
        opened.session.generate_key_pair(&plan.mechanism, &plan.public, &plan.private)?;
        let found = find::private(&opened.session, &token.config.token, &uri, &token.config.accept)?;
        let public = find::public(&opened.session, &found)?;
        if public.algorithm != algorithm {
            return Err(Pkcs11Error::OtherKey(name.clone()));
        }
        Ok(Record::new(&public, purpose, hex::encode(id)).save(&token.folder, name)?)
    }
}

fn by_label(id: &KeyId) -> Pkcs11Uri {
    Pkcs11Uri { object: Some(id.as_str().to_owned()), ..Pkcs11Uri::default() }
}
