//! Whom a client trusts over TLS, and who it says it is.

use std::{fs, path::Path};

use kokuin_settings::SecretFile;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, parse_pem};

use crate::FetchError;

/// Anchors and a certificate of one's own. The machine's list of authorities is never asked: without anchors nobody is trusted, and `https` is refused.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    pub(crate) anchors: Vec<Certificate<'static>>,
    pub(crate) identity: Option<ClientCert>,
}

impl Tls {
    /// Trusts the certificates of a PEM file, and no others.
    ///
    /// # Errors
    /// [`FetchError::File`]; [`FetchError::Pem`] if it has no certificate.
    pub fn load_anchors(path: &Path) -> Result<Self, FetchError> {
        Ok(Self { anchors: certificates(path)?, identity: None })
    }

    /// Shows the certificates of a PEM file to servers that ask, with the key (PKCS #8, not encrypted) of another that is its owner's alone.
    ///
    /// # Errors
    /// [`FetchError::File`], [`FetchError::KeyFile`]; [`FetchError::Pem`] if a file has not what it should.
    pub fn load_identity(self, certificate: &Path, key: &Path) -> Result<Self, FetchError> {
        let chain = certificates(certificate)?;
        let secret = SecretFile::new(key.to_owned()).read()?;
        let wrong = || FetchError::Pem { path: key.to_owned(), expected: "a private key (BEGIN PRIVATE KEY)" };
        // The TLS library takes PKCS #8 and no older form; of these the frame's name speaks.
        let text = secret.expose_text().ok_or_else(wrong)?;
        if text.matches("-----BEGIN PRIVATE KEY-----").count() != 1 || text.matches(" PRIVATE KEY-----").count() != 2 {
            return Err(wrong());
        }
        let key = PrivateKey::from_pem(text.as_bytes()).map_err(|_| wrong())?;
        Ok(Self { identity: Some(ClientCert::new_with_certs(&chain, key)), ..self })
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, FetchError> {
    let pem = fs::read(path).map_err(|reason| FetchError::File { path: path.to_owned(), reason })?;
    let wrong = || FetchError::Pem { path: path.to_owned(), expected: "a certificate" };
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| wrong())? {
            found.push(certificate);
        }
    }
    if found.is_empty() { Err(wrong()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    // Only the frame is read here; what is inside is for the handshake.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";

    #[test]
    fn takes_every_certificate_of_a_file_and_no_file_without_thr_89() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anchors.pem");
        fs::write(&path, [CERTIFICATE, KEY, CERTIFICATE].concat()).unwrap();
        assert_eq!(Tls::load_anchors(&path).unwrap().anchors.len(), 2);
        for text in ["", KEY, "-----BEGIN CERTIFICATE-----\n"] {
            fs::write(&path, text).unwrap();
            assert_eq!(Tls::load_anchors(&path).unwrap_err().code(), "fetch.pem");
        }
        assert_eq!(Tls::load_anchors(&folder.path().join("none")).unwrap_err().code(), "fetch.file");
    }

    #[test]
    fn takes_a_key_that_is_its_owners_alone_thr_103() {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = (folder.path().join("client.pem"), folder.path().join("client.key"));
        fs::write(&chain, CERTIFICATE).unwrap();
        for (text, mode, expected) in [
            (KEY.to_owned(), 0o600, "ok"),
            (KEY.to_owned(), 0o640, "secret.exposed"),
            (KEY.replace("PRIVATE", "EC PRIVATE"), 0o600, "fetch.pem"),
            (CERTIFICATE.to_owned(), 0o600, "fetch.pem"),
        ] {
            fs::write(&key, &text).unwrap();
            fs::set_permissions(&key, PermissionsExt::from_mode(mode)).unwrap();
            let loaded = Tls::default().load_identity(&chain, &key);
            assert_eq!(loaded.map_or_else(|error| error.code(), |_| "ok"), expected, "{text} {mode:o}");
        }
    }
}
