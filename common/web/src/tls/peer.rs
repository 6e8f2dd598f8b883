//! The certificate that a client showed and proved in the handshake.

use std::fmt;

use openssl::{
    hash::MessageDigest,
    nid::Nid,
    ssl::SslRef,
    stack::Stack,
    x509::{X509, X509NameRef, X509VerifyResult},
};

/// A client's certificate. It was verified against the listener's authorities; whether it may do anything is for
/// [`crate::Access`] to say.
pub struct PeerCertificate {
    certificate: X509,
    chain: Vec<X509>,
    sha256: [u8; 32],
}

impl PeerCertificate {
    /// What a finished handshake has; `None` without a certificate, or with one that was not verified.
    pub(crate) fn of(session: &SslRef) -> Option<Self> {
        let certificate = session.peer_certificate()?;
        if session.verify_result() != X509VerifyResult::OK {
            return None;
        }
        let chain = session.peer_cert_chain().map(|chain| chain.iter().map(ToOwned::to_owned).collect());
        Self::new(certificate, chain.unwrap_or_default())
    }

    pub(crate) fn new(certificate: X509, chain: Vec<X509>) -> Option<Self> {
        let sha256 = certificate.digest(MessageDigest::sha256()).ok()?.as_ref().try_into().ok()?;
        Some(Self { certificate, chain, sha256 })
    }

    /// SHA-256 of its DER.
    #[must_use]
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Its subject, one line: `C=JP, O=Example, CN=device 1`, in the certificate's own order. Commas, equal signs,
    /// backslashes and control characters of a value stand behind a backslash.
    #[must_use]
    pub fn subject(&self) -> String {
        one_line(self.certificate.subject_name())
    }

    pub(crate) const fn certificate(&self) -> &X509 {
        &self.certificate
    }

    pub(crate) fn chain(&self) -> Option<Stack<X509>> {
        let mut stack = Stack::new().ok()?;
        for certificate in &self.chain {
            stack.push(certificate.clone()).ok()?;
        }
        Some(stack)
    }
}

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerCertificate({})", self.subject())
    }
}

fn one_line(name: &X509NameRef) -> String {
    let mut line = String::new();
    for entry in name.entries() {
        if !line.is_empty() {
            line.push_str(", ");
        }
        let object = entry.object();
        match object.nid() {
            Nid::UNDEF => line.push_str(&object.to_string()),
            known => line.push_str(known.short_name().unwrap_or("?")),
        }
        line.push('=');
        let value = entry.data().to_string().unwrap_or_default();
        for character in value.chars() {
            match character {
                ',' | '=' | '\\' => line.extend(['\\', character]),
                control if control.is_control() => line.extend(control.escape_default()),
                plain => line.push(plain),
            }
        }
    }
    line
}
