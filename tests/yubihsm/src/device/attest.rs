//! Attestation certificates: the device says what a key is, with its own key or with one of the user's (yubihsm.md section 5).

use openssl::{
    asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time},
    bn::BigNum,
    hash::MessageDigest,
    pkey::{PKey, PKeyRef, Private},
    x509::{X509, X509Builder, X509Extension, X509Name, X509NameBuilder, X509NameRef, extension::BasicConstraints},
};

use super::{Device, run::Call};
use crate::{
    algorithm::Algorithm,
    keys,
    object::{Capabilities, Object, ObjectType},
    refusal::Refusal,
    settings::Firmware,
};

const ARC: &str = "1.3.6.1.4.1.41482.4";
/// Validity of the simulated maker's certificates.
const DAYS: u32 = 3650;

/// The device's own attestation key and certificate, and the simulated maker that vouches for them.
#[derive(Debug)]
pub(crate) struct Attestor {
    maker: PKey<Private>,
    root: X509,
    key: PKey<Private>,
    certificate: X509,
}

impl Attestor {
    pub(crate) fn new(serial: u32, firmware: Firmware) -> Result<Self, Refusal> {
        let [maker, key] = [key_pair()?, key_pair()?];
        let name = common_name("Simulated YubiHSM Root CA")?;
        let mut builder = certificate(&name, &name, &maker)?;
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        builder.sign(&maker, MessageDigest::sha256())?;
        let root = builder.build();
        let certificate = Self::device(&maker, &root, &key, serial, firmware)?;
        Ok(Self { maker, root, key, certificate })
    }

    /// The same maker's certificate for a device of another serial number.
    pub(crate) fn reissue(&mut self, serial: u32, firmware: Firmware) -> Result<(), Refusal> {
        self.key = key_pair()?;
        self.certificate = Self::device(&self.maker, &self.root, &self.key, serial, firmware)?;
        Ok(())
    }

    fn device(
        maker: &PKeyRef<Private>,
        root: &X509,
        key: &PKeyRef<Private>,
        serial: u32,
        firmware: Firmware,
    ) -> Result<X509, Refusal> {
        let subject = common_name(&format!("YubiHSM Attestation ({serial})"))?;
        let mut builder = certificate(&subject, root.subject_name(), key)?;
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        device_extensions(&mut builder, serial, firmware)?;
        builder.sign(maker, MessageDigest::sha256())?;
        Ok(builder.build())
    }

    pub(crate) fn save(&self) -> Result<[Vec<u8>; 4], Refusal> {
        let key = |key: &PKeyRef<Private>| key.private_key_to_pkcs8();
        Ok([key(&self.maker)?, self.root.to_der()?, key(&self.key)?, self.certificate.to_der()?])
    }

    pub(crate) fn restore([maker, root, key, certificate]: &[Vec<u8>; 4]) -> Result<Self, Refusal> {
        Ok(Self {
            maker: PKey::private_key_from_pkcs8(maker)?,
            root: X509::from_der(root)?,
            key: PKey::private_key_from_pkcs8(key)?,
            certificate: X509::from_der(certificate)?,
        })
    }

    pub(crate) fn root(&self) -> Result<Vec<u8>, Refusal> {
        Ok(self.root.to_der()?)
    }

    pub(crate) fn certificate(&self) -> Result<Vec<u8>, Refusal> {
        Ok(self.certificate.to_der()?)
    }
}

impl Device {
    pub(super) fn attest(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let id = call.target()?;
        call.second = call.fields.u16()?;
        call.fields.end()?;
        call.needs(Capabilities::SIGN_ATTESTATION_CERTIFICATE)?;
        let subject = self.store.find(ObjectType::ASYMMETRIC_KEY, id, call.rights.domains)?;
        if call.second == 0 {
            return self.attestation(subject, &self.attestor.key, &self.attestor.certificate);
        }
        let (signer, template) = (call.second, call.rights.domains);
        let key = self.store.find(ObjectType::ASYMMETRIC_KEY, signer, template)?;
        if !key.capabilities.covers(Capabilities::SIGN_ATTESTATION_CERTIFICATE) {
            return Err(self.settings.choices.object_right_missing);
        }
        let certificate = self.store.find(ObjectType::OPAQUE, signer, template)?;
        let certificate = X509::from_der(&certificate.payload)?;
        self.attestation(subject, &*keys::open(key.algorithm, &key.payload)?, &certificate)
    }

    fn attestation(&self, object: &Object, key: &PKeyRef<Private>, template: &X509) -> Result<Vec<u8>, Refusal> {
        let subject = common_name(&format!("YubiHSM Attestation id 0x{:04x}", object.id))?;
        let own = keys::open(object.algorithm, &object.payload)?;
        let mut builder = certificate(&subject, template.subject_name(), &own)?;
        builder.set_not_before(template.not_before())?;
        builder.set_not_after(template.not_after())?;
        device_extensions(&mut builder, self.serial, self.firmware())?;
        // Bare primitives, and not critical.
        extension(&mut builder, 3, 0x03, &[0, object.origin])?;
        extension(&mut builder, 4, 0x03, &[&[0], object.domains.to_be_bytes().as_slice()].concat())?;
        extension(&mut builder, 5, 0x03, &[&[0], object.capabilities.0.to_be_bytes().as_slice()].concat())?;
        extension(&mut builder, 6, 0x02, &integer(u32::from(object.id)))?;
        let end = object.label.iter().position(|byte| *byte == 0).unwrap_or(object.label.len());
        extension(&mut builder, 9, 0x0c, &object.label[..end])?;
        builder.sign(key, MessageDigest::sha256())?;
        Ok(builder.build().to_der()?)
    }
}

fn key_pair() -> Result<PKey<Private>, Refusal> {
    keys::open(Algorithm::P256, &keys::generate(Algorithm::P256)?)
}

fn common_name(text: &str) -> Result<X509Name, Refusal> {
    let mut builder = X509NameBuilder::new()?;
    builder.append_entry_by_text("CN", text)?;
    Ok(builder.build())
}

fn certificate(subject: &X509NameRef, issuer: &X509NameRef, key: &PKeyRef<Private>) -> Result<X509Builder, Refusal> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    let mut serial = [0; 16];
    openssl::rand::rand_bytes(&mut serial)?;
    // A positive number of 16 bytes.
    serial[0] = serial[0] & 0x7f | 0x40;
    builder.set_serial_number(&*Asn1Integer::from_bn(&*BigNum::from_slice(&serial)?)?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(DAYS)?)?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

fn device_extensions(builder: &mut X509Builder, serial: u32, firmware: Firmware) -> Result<(), Refusal> {
    extension(builder, 1, 0x04, &[firmware.0, firmware.1, firmware.2])?;
    extension(builder, 2, 0x02, &integer(serial))
}

/// One extension whose value is a primitive of less than 128 bytes.
fn extension(builder: &mut X509Builder, number: u8, tag: u8, content: &[u8]) -> Result<(), Refusal> {
    let length = u8::try_from(content.len()).map_err(|_| Refusal::InvalidData)?;
    let value = Asn1OctetString::new_from_bytes(&[&[tag, length], content].concat())?;
    let name = Asn1Object::from_str(&format!("{ARC}.{number}"))?;
    builder.append_extension(X509Extension::new_from_der(&name, false, &value)?)?;
    Ok(())
}

/// Content of a DER INTEGER.
fn integer(value: u32) -> Vec<u8> {
    let bytes = u64::from(value).to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
    // A leading zero where the number would read as negative.
    bytes[if bytes[first] >= 0x80 { first - 1 } else { first }..].to_vec()
}
