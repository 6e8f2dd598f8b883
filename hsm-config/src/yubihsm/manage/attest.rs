//! What a device vouches for: a certificate that it made for a key, which leads up to the maker's root.

use kokuin_asn1::{Asn1Error, Certificate, Oid, Reader, tag};
use kokuin_suite::{AlgorithmRefusal, SignatureAlgorithm, Verify, VerifyError};

use crate::manifest::{Capabilities, Domains, Firmware, Manifest, ObjectId, SigningKey};
use crate::yubihsm::manage::{DeviceSession, ManageError};

/// Arc of the maker's extensions.
const ARC: &str = "1.3.6.1.4.1.41482.4";
/// Certificates between a device's own and the root, at most.
const MOST_ISSUERS: usize = 4;
/// Where the device's own certificate lies, which its attestation key has.
const DEVICE_CERTIFICATE: u16 = 0;
/// Made in the device, or in another one and brought here under wrap.
const GENERATED: [u8; 2] = [0x01, 0x11];

/// A key's certificate and that of the device which made it, as the device gave them.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// The key's, DER.
    pub certificate: Vec<u8>,
    /// The device's own, DER.
    pub device: Vec<u8>,
}

/// What a good attestation says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedAttestation {
    /// The device.
    pub serial: u32,
    /// Its firmware then.
    pub firmware: Firmware,
    /// The key was made in another device and came here under wrap.
    pub came_under_wrap: bool,
}

/// Why an attestation is worth nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AttestationError {
    /// It is no certificate.
    #[error("an attestation certificate cannot be read: {0}")]
    Malformed(#[from] Asn1Error),
    /// There is no root to lead up to.
    #[error("the file of attestation_root holds no certificate")]
    NoRoot,
    /// Its signature's algorithm is unknown.
    #[error("an attestation certificate is signed with what we do not know: {0}")]
    Algorithm(#[from] AlgorithmRefusal),
    /// Somebody else signed it.
    #[error("{subject} was not signed by {issuer}: {reason}")]
    Signature {
        /// The certificate.
        subject: String,
        /// Who should have signed it.
        issuer: String,
        /// What was found.
        reason: VerifyError,
    },
    /// It leads up to somebody else.
    #[error("no certificate of attestation_root issued {0}")]
    NoIssuer(String),
    /// An extension is not there, or is not what it should be.
    #[error("the maker's extension {number} ({what}) cannot be read")]
    Extension {
        /// Last number of its identifier.
        number: u8,
        /// What it tells.
        what: &'static str,
    },
    /// It is about another key or device.
    #[error("{what} is {found}, it should be {expected}")]
    Other {
        /// What differs.
        what: &'static str,
        /// In the manifest, or on the device.
        expected: String,
        /// In the certificate.
        found: String,
    },
}

impl AttestationError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "hsm.attestation-malformed",
            Self::NoRoot => "hsm.attestation-no-root",
            Self::Algorithm(_) => "hsm.attestation-algorithm",
            Self::Signature { .. } => "hsm.attestation-signature",
            Self::NoIssuer(_) => "hsm.attestation-no-issuer",
            Self::Extension { .. } => "hsm.attestation-extension",
            Self::Other { .. } => "hsm.attestation-other",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::Algorithm(_) | Self::Signature { .. } | Self::NoIssuer(_) => "RFC 5280 6.1",
            Self::NoRoot | Self::Extension { .. } | Self::Other { .. } => "Yubico, Attestation; EN 319 421 7.6.2",
        }
    }
}

impl DeviceSession {
    /// Asks the device to vouch for a key with the attestation key that it was made with.
    ///
    /// # Errors
    /// [`ManageError`] if the device does not: it vouches for no Ed25519 keys, and the login needs sign-attestation-certificate and get-opaque.
    pub fn attest(&mut self, id: ObjectId) -> Result<Attestation, ManageError> {
        let number = id.as_u16();
        let made = self.call("attest a key", move |client| client.sign_attestation_certificate(number, None))?;
        let device = self.call("read the device's certificate", |client| client.get_opaque(DEVICE_CERTIFICATE))?;
        Ok(Attestation { certificate: made.into_vec(), device })
    }
}

impl Attestation {
    /// Checks that the certificates lead up to the first of `roots` (the others may stand in between), and that they say of the key what the
    /// manifest and the device say: `spki` is the public key that the device gives out. Validity is not looked at: a device has no clock.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn verify(
        &self,
        roots: &[Certificate],
        manifest: &Manifest,
        key: &SigningKey,
        spki: &[u8],
        engine: &dyn Verify,
    ) -> Result<VerifiedAttestation, AttestationError> {
        let (certificate, device) = (Certificate::parse(&self.certificate)?, Certificate::parse(&self.device)?);
        signed(&certificate, &device, engine)?;
        leads_up(device.clone(), roots, engine)?;
        let serial = number(&certificate, 2, "serial number")?;
        expect("the serial number", &manifest.device.serial, &serial)?;
        expect("the device's serial number", &serial, &number(&device, 2, "serial number")?)?;
        let id = ObjectId::new(number(&certificate, 6, "object id")?.into());
        expect("the object id", &key.id.to_string(), &id.map_or_else(|| "none".to_owned(), |id| id.to_string()))?;
        expect("the public key's digest", &fingerprint(spki), &fingerprint(certificate.spki()))?;
        let found = primitive(&certificate, 9, tag::UTF8_STRING, "label")?;
        expect("the label", &key.label.to_string(), &String::from_utf8_lossy(&found).into_owned())?;
        let found = bits(&certificate, 4, "domains")?;
        expect("the domains", &key.domains, &Domains::from_bits(u16::try_from(found).unwrap_or_default()))?;
        let found = Capabilities::from_bits(bits(&certificate, 5, "capabilities")?);
        expect("what the key may do", &key.capabilities, &found)?;
        let origin = u8::try_from(bits(&certificate, 3, "origin")?).unwrap_or_default();
        if !GENERATED.contains(&origin) {
            return Err(other("the key's origin", "made in a device", &*format!("{origin:#04x}")));
        }
        let [major, minor, patch] = primitive(&certificate, 1, tag::OCTET_STRING, "firmware")?
            .try_into()
            .map_err(|_| AttestationError::Extension { number: 1, what: "firmware" })?;
        Ok(VerifiedAttestation {
            serial,
            firmware: Firmware(major, minor, patch),
            came_under_wrap: origin != GENERATED[0],
        })
    }
}

fn fingerprint(spki: &[u8]) -> String {
    crate::yubihsm::manage::spki::fingerprint(spki)
}

fn signed(subject: &Certificate, issuer: &Certificate, engine: &dyn Verify) -> Result<(), AttestationError> {
    let algorithm = SignatureAlgorithm::from_x509(&subject.signature_algorithm())?;
    if subject.issuer() != issuer.subject() {
        return Err(AttestationError::NoIssuer(subject.subject_text()));
    }
    engine.verify(algorithm, issuer.spki(), subject.tbs(), subject.signature()).map_err(|reason| {
        AttestationError::Signature { subject: subject.subject_text(), issuer: issuer.subject_text(), reason }
    })
}

fn leads_up(device: Certificate, roots: &[Certificate], engine: &dyn Verify) -> Result<(), AttestationError> {
    let root = roots.first().ok_or(AttestationError::NoRoot)?;
    let mut current = device;
    for _ in 0..MOST_ISSUERS {
        let issuer = roots.iter().find(|issuer| issuer.subject() == current.issuer());
        let issuer = issuer.ok_or_else(|| AttestationError::NoIssuer(current.subject_text()))?;
        signed(&current, issuer, engine)?;
        if issuer.der() == root.der() {
            return Ok(());
        }
        current = issuer.clone();
    }
    Err(AttestationError::NoIssuer(current.subject_text()))
}

fn other<T: ToString + ?Sized>(what: &'static str, expected: &T, found: &T) -> AttestationError {
    AttestationError::Other { what, expected: expected.to_string(), found: found.to_string() }
}

fn expect<T: PartialEq + ToString>(what: &'static str, expected: &T, found: &T) -> Result<(), AttestationError> {
    if expected == found { Ok(()) } else { Err(other(what, expected, found)) }
}

/// The content of one of the maker's extensions: a bare primitive.
fn primitive(
    certificate: &Certificate,
    number: u8,
    expected: u8,
    what: &'static str,
) -> Result<Vec<u8>, AttestationError> {
    let missing = || AttestationError::Extension { number, what };
    let oid: Oid = format!("{ARC}.{number}").parse()?;
    let extension = certificate.extension(&oid).ok_or_else(missing)?;
    let mut reader = Reader::new(extension.value, what);
    let value = reader.expect(expected, what).map_err(|_| missing())?;
    Ok(value.value.to_vec())
}

fn number(certificate: &Certificate, which: u8, what: &'static str) -> Result<u32, AttestationError> {
    let content = primitive(certificate, which, tag::INTEGER, what)?;
    unsigned(&content)
        .and_then(|value| u32::try_from(value).ok())
        .ok_or(AttestationError::Extension { number: which, what })
}

/// A BIT STRING without unused bits, as a number.
fn bits(certificate: &Certificate, which: u8, what: &'static str) -> Result<u64, AttestationError> {
    let content = primitive(certificate, which, tag::BIT_STRING, what)?;
    let value = content.strip_prefix(&[0]).and_then(unsigned);
    value.ok_or(AttestationError::Extension { number: which, what })
}

fn unsigned(octets: &[u8]) -> Option<u64> {
    let significant = octets.strip_prefix(&[0]).unwrap_or(octets);
    (significant.len() <= 8).then(|| significant.iter().fold(0, |value, octet| value << 8 | u64::from(*octet)))
}
