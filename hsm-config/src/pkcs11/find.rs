//! Finding a key in a token, and judging it.

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use kokuin_key::KeyId;

use crate::pkcs11::public;
use crate::pkcs11::weakness::{asked, weaknesses};
use crate::pkcs11::{Accepted, Pkcs11Error, Pkcs11Uri};
use crate::public::DeviceKey;

/// A private key in a token: one, and strong.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) handle: ObjectHandle,
    /// Its label.
    pub(super) name: KeyId,
    id: Vec<u8>,
}

/// The one private key that `uri` names.
pub(super) fn private(
    session: &Session,
    token: &str,
    uri: &Pkcs11Uri,
    accepted: &Accepted,
) -> Result<Found, Pkcs11Error> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(uri.object.as_ref().map(|label| Attribute::Label(label.as_bytes().to_vec())));
    template.extend(uri.id.as_ref().map(|id| Attribute::Id(id.clone())));
    let found = session.find_objects(&template)?;
    let (token, key) = (token.to_owned(), described(uri));
    let handle = match found.as_slice() {
        [one] => *one,
        [] => return Err(Pkcs11Error::UnknownKey { token, key }),
        _ => return Err(Pkcs11Error::SeveralKeys { token, key }),
    };
    let (mut label, mut id) = (Vec::new(), Vec::new());
    for attribute in session.get_attributes(handle, &[AttributeType::Label, AttributeType::Id])? {
        match attribute {
            Attribute::Label(found) => label = found,
            Attribute::Id(found) => id = found,
            _ => {}
        }
    }
    let label = String::from_utf8(label).map_err(|_| Pkcs11Error::Label(key))?;
    let name = KeyId::new(&label).map_err(|error| Pkcs11Error::Label(error.0))?;
    let weak = weaknesses(&session.get_attributes(handle, &asked())?);
    if let Some(weakness) = weak.into_iter().find(|weakness| !accepted.covers(*weakness)) {
        return Err(Pkcs11Error::Weak { key: name, weakness });
    }
    Ok(Found { handle, name, id })
}

/// The public key that goes with a private key: an object with the same `CKA_ID` and label, or a certificate with the same `CKA_ID`.
pub(super) fn public(session: &Session, key: &Found) -> Result<DeviceKey, Pkcs11Error> {
    let same_id = || (!key.id.is_empty()).then(|| Attribute::Id(key.id.clone()));
    let mut template = vec![Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Label(key.name.as_str().into())];
    template.extend(same_id());
    let read = match session.find_objects(&template)?.as_slice() {
        [one] => public::of_object(session, *one)?,
        [] => {
            let mut template = vec![Attribute::Class(ObjectClass::CERTIFICATE)];
            // Labels of certificates are anything; without an identifier nothing says that one belongs to this key.
            template.extend(same_id());
            let certificates = if template.len() == 2 { session.find_objects(&template)? } else { Vec::new() };
            match certificates.as_slice() {
                [one] => public::of_certificate(session, *one)?,
                [] => return Err(Pkcs11Error::NoPublicKey(key.name.clone())),
                _ => return Err(Pkcs11Error::SeveralPublicKeys(key.name.clone())),
            }
        }
        _ => return Err(Pkcs11Error::SeveralPublicKeys(key.name.clone())),
    };
    read.map_err(|reason| Pkcs11Error::PublicKey { key: key.name.clone(), reason })
}

fn described(uri: &Pkcs11Uri) -> String {
    let id = uri.id.as_ref().map(|id| format!("with id {}", hex::encode(id)));
    [uri.object.clone(), id].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
