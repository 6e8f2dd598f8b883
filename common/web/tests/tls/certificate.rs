//! Throw-away certificates.

use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    x509::{
        X509, X509Name, X509NameBuilder,
        extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName},
    },
};

pub(crate) struct Identity {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn name(common: &str) -> X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("O", "Kokuin tests").unwrap();
    name.append_entry_by_text("CN", common).unwrap();
    name.build()
}

impl Identity {
    pub(crate) fn authority(common: &str) -> Self {
        make(common, None, [0, 3650])
    }

    pub(crate) fn issue(&self, common: &str) -> Self {
        make(common, Some(self), [0, 365])
    }

    pub(crate) fn expired(&self, common: &str) -> Self {
        make(common, Some(self), [-20, -10])
    }
}

fn make(common: &str, issuer: Option<&Identity>, days: [i64; 2]) -> Identity {
    const DAY: i64 = 86_400;
    let key = key();
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let [from, to] = days.map(|days| Asn1Time::from_unix(now + days * DAY - 60).unwrap());
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::ONE, false).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name(common)).unwrap();
    builder.set_not_before(&from).unwrap();
    builder.set_not_after(&to).unwrap();
    builder.set_pubkey(&key).unwrap();
    if let Some(issuer) = issuer {
        builder.set_issuer_name(issuer.certificate.subject_name()).unwrap();
        let names = SubjectAlternativeName::new().dns(common).build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(names).unwrap();
        builder.append_extension(ExtendedKeyUsage::new().server_auth().client_auth().build().unwrap()).unwrap();
        builder.sign(&issuer.key, MessageDigest::sha256()).unwrap();
    } else {
        builder.set_issuer_name(&name(common)).unwrap();
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
    }
    Identity { certificate: builder.build(), key }
}
