//! The keys of one token.

use std::path::Path;
use std::sync::Arc;

use kokuin_key::{KeyId, SigningKey};
use kokuin_suite::Verify;

use crate::answers::Answers;
use crate::marker::Marker;
use crate::pkcs11::deadline::within;
use crate::pkcs11::key::{Pkcs11Key, Shared};
use crate::pkcs11::session::{Access, Token};
use crate::pkcs11::uri::encode;
use crate::pkcs11::{Pkcs11Error, Pkcs11Uri, TokenConfig, find};
use crate::public::DeviceKey;
use crate::record::{RECORD_SUFFIX, Record};

/// One token of the configuration, with the records of its keys.
#[derive(Debug)]
pub struct Pkcs11Store {
    pub(super) token: Arc<Token>,
    pub(super) engine: Arc<dyn Verify>,
}

impl Pkcs11Store {
    /// Starts the token's module. The token itself is asked when a key is. `keys`: the key folder; `engine` checks
    /// every signature that the token makes.
    ///
    /// # Errors
    /// [`Pkcs11Error::Module`] and its like, [`Pkcs11Error::FolderExposed`], [`Pkcs11Error::Io`].
    pub fn open(config: TokenConfig, keys: &Path, engine: Arc<dyn Verify>) -> Result<Self, Pkcs11Error> {
        Ok(Self { token: Arc::new(Token::new(config, keys)?), engine })
    }

    /// What the configuration calls the token.
    #[must_use]
    pub fn name(&self) -> &KeyId {
        &self.token.config.name
    }

    /// Whether `uri` may mean a key in this token, as far as the configuration tells.
    #[must_use]
    pub fn may_have(&self, uri: &Pkcs11Uri) -> bool {
        let config = &self.token.config;
        let stem = || config.module.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let named = |name: &String| name == stem() || Some(name.as_str()) == stem().strip_prefix("lib");
        uri.token.as_ref().is_none_or(|token| *token == config.token)
            && (uri.serial.is_none() || config.serial.is_none() || uri.serial == config.serial)
            && uri.module_path.as_ref().is_none_or(|path| *path == config.module)
            && uri.module_name.as_ref().is_none_or(named)
    }

    /// Whether there is a record of this key.
    #[must_use]
    pub fn has(&self, id: &KeyId) -> bool {
        self.token.folder.file(id, RECORD_SUFFIX).exists()
    }

    /// Whether `uri` means the key `id` of this token. Nothing is asked of the token.
    #[must_use]
    pub fn means(&self, uri: &Pkcs11Uri, id: &KeyId) -> bool {
        let same_id =
            |asked: &Vec<u8>| Record::load(&self.token.folder, id).is_ok_and(|record| record.id == hex::encode(asked));
        self.may_have(uri)
            && uri.object.as_ref().is_none_or(|label| label == id.as_str())
            && uri.id.as_ref().is_none_or(same_id)
    }

    /// The URI by which a configuration names the key `id`.
    #[must_use]
    pub fn uri(&self, id: &KeyId) -> String {
        format!("pkcs11:token={};object={id}", encode(&self.token.config.token))
    }

    /// Opens the key that `uri` means: the one that a ceremony made, with no weakness that the configuration does not accept.
    ///
    /// # Errors
    /// [`Pkcs11Error`], one variant for each rule.
    pub fn load(&self, uri: &Pkcs11Uri) -> Result<Arc<dyn SigningKey>, Pkcs11Error> {
        let (token, asked) = (Arc::clone(&self.token), uri.clone());
        let (id, public, record) = within(token.config.timeout.as_std(), move || read(&token, &asked))?;
        let folder = &self.token.folder;
        let marker = Marker::new(folder, &id, folder.file(&id, RECORD_SUFFIX));
        Ok(Arc::new(Pkcs11Key::new(Shared {
            id,
            purpose: record.purpose,
            public,
            uri: uri.clone(),
            token: Arc::clone(&self.token),
            marker,
            answers: Answers::new(Arc::clone(&self.engine)),
        })))
    }
}

fn read(token: &Token, uri: &Pkcs11Uri) -> Result<(KeyId, DeviceKey, Record), Pkcs11Error> {
    let opened = token.session(Access::Use, uri)?;
    let found = find::private(&opened.session, &token.config.token, uri, &token.config.accept)?;
    let public = find::public(&opened.session, &found)?;
    let record = Record::load(&token.folder, &found.name)?;
    if !record.is_about(&public) {
        return Err(Pkcs11Error::OtherKey(found.name));
    }
    Ok((found.name, public, record))
}
