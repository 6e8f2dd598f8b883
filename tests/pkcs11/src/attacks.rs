//! Weak keys, and what somebody with the PIN can do to a strong one (THR-63).

use anyhow::{Context as _, ensure};
use cryptoki::{
    mechanism::Mechanism,
    object::{Attribute, AttributeInfo, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::Session,
};
use kokuin_hsm_config::{ceremony::Ceremony as _, pkcs11::Pkcs11Store};
use kokuin_key::{KeyId, Purpose};
use kokuin_suite::KeyAlgorithm;

use crate::{
    Findings,
    place::{PIN, Place, refused_with},
};

const TOKEN: &str = "attacks";
/// 1.2.840.10045.3.1.7
const P256: [u8; 10] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

/// One attribute other than it must be, and what it is refused with.
fn weak() -> Vec<(Attribute, &'static str)> {
    vec![
        (Attribute::Token(false), "pkcs11.weak-not-on-token"),
        (Attribute::Private(false), "pkcs11.weak-not-private"),
        (Attribute::Sensitive(false), "pkcs11.weak-not-sensitive"),
        (Attribute::Extractable(true), "pkcs11.weak-extractable"),
        (Attribute::Sign(false), "pkcs11.weak-cannot-sign"),
        (Attribute::Decrypt(true), "pkcs11.weak-decrypts"),
        (Attribute::Unwrap(true), "pkcs11.weak-unwraps"),
        (Attribute::Derive(true), "pkcs11.weak-derives"),
        (Attribute::SignRecover(true), "pkcs11.weak-signs-with-recovery"),
        (Attribute::Modifiable(true), "pkcs11.weak-modifiable"),
        (Attribute::Copyable(true), "pkcs11.weak-copyable"),
    ]
}

pub(crate) fn run(place: &Place, findings: &mut Findings) -> anyhow::Result<()> {
    place.make_token(TOKEN)?;
    let session = place.session(TOKEN)?;
    let store = place.store(TOKEN, PIN, "")?;
    for (number, (attribute, code)) in (0..).zip(weak()) {
        let label = format!("weak-{number}");
        let Err(refused) = make(&session, &label, Kind::Elliptic, std::slice::from_ref(&attribute)) else {
            findings.add(&format!("THR-63 {code} is refused"), refused_with(&store, &named(&label), &[code]));
            continue;
        };
        // Some tokens make no such key on a curve: then RSA, or not at all.
        match make(&session, &label, Kind::Rsa, std::slice::from_ref(&attribute)) {
            Ok(_) => findings.add(&format!("THR-63 {code} is refused"), refused_with(&store, &named(&label), &[code])),
            Err(_) => println!("note  this token makes no key with {attribute:?}: {refused}"),
        }
    }
    findings.add("THR-63 a key that was weak once is refused", was_weak(&session, &store));
    findings.add("THR-63 a key that was brought in is refused", is_imported(&session, &store));
    findings.add("a strong key that no ceremony made is refused", is_unrecorded(&session, &store));
    findings.add("two keys of one label are refused", is_ambiguous(&session, &store));
    findings.add("THR-63 nothing about a key can be changed", keeps_its_attributes(&session, &store));
    findings.add("THR-63 a key cannot be copied", is_not_copied(&session, &store));
    findings.add("THR-63 a key cannot be wrapped and taken away", is_not_wrapped(&session, &store));
    findings.add("a weakness is accepted with a reason", accepts_in_writing(place, &session));
    Ok(())
}

#[derive(Clone, Copy)]
enum Kind {
    Elliptic,
    Rsa,
}

fn named(label: &str) -> String {
    format!("object={label}")
}

/// A key pair of the strict kind, but for `changed`.
fn make(session: &Session, label: &str, kind: Kind, changed: &[Attribute]) -> anyhow::Result<ObjectHandle> {
    let mut private = vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Label(label.into()),
        Attribute::Id(label.into()),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::SignRecover(false),
        Attribute::Modifiable(false),
        Attribute::Copyable(false),
    ];
    for attribute in changed {
        private.retain(|kept| kept.attribute_type() != attribute.attribute_type());
        private.push(attribute.clone());
    }
    let mut public = vec![Attribute::Token(true), Attribute::Label(label.into()), Attribute::Id(label.into())];
    let mechanism = match kind {
        Kind::Elliptic => {
            public.push(Attribute::EcParams(P256.to_vec()));
            Mechanism::EccKeyPairGen
        }
        Kind::Rsa => {
            public.extend([Attribute::ModulusBits(2048.into()), Attribute::PublicExponent(vec![1, 0, 1])]);
            Mechanism::RsaPkcsKeyPairGen
        }
    };
    Ok(session.generate_key_pair(&mechanism, &public, &private)?.1)
}

fn was_weak(session: &Session, store: &Pkcs11Store) -> anyhow::Result<()> {
    let open = make(session, "was-open", Kind::Elliptic, &[Attribute::Sensitive(false), Attribute::Modifiable(true)])?;
    session.update_attributes(open, &[Attribute::Sensitive(true)])?;
    refused_with(store, "object=was-open", &["pkcs11.weak-was-not-sensitive"])?;
    let free = make(session, "was-free", Kind::Elliptic, &[Attribute::Extractable(true), Attribute::Modifiable(true)])?;
    session.update_attributes(free, &[Attribute::Extractable(false)])?;
    refused_with(store, "object=was-free", &["pkcs11.weak-was-extractable"])
}

fn is_imported(session: &Session, store: &Pkcs11Store) -> anyhow::Result<()> {
    let mut value = vec![0; 32];
    value[31] = 7;
    session.create_object(&[
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::EC),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Label(b"brought-in".to_vec()),
        Attribute::Id(b"brought-in".to_vec()),
        Attribute::EcParams(P256.to_vec()),
        Attribute::Value(value),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Modifiable(false),
    ])?;
    // Such a key has not always been sensitive either, which is found first.
    let codes = ["pkcs11.weak-was-not-sensitive", "pkcs11.weak-was-extractable", "pkcs11.weak-imported"];
    refused_with(store, "object=brought-in", &codes)
}

fn is_unrecorded(session: &Session, store: &Pkcs11Store) -> anyhow::Result<()> {
    make(session, "nobodys", Kind::Elliptic, &[])?;
    refused_with(store, "object=nobodys", &["pkcs11.no-record"])
}

fn is_ambiguous(session: &Session, store: &Pkcs11Store) -> anyhow::Result<()> {
    make(session, "twin", Kind::Elliptic, &[])?;
    make(session, "twin", Kind::Elliptic, &[Attribute::Id(b"other".to_vec())])?;
    refused_with(store, "object=twin", &["pkcs11.several-keys"])?;
    refused_with(store, "object=nobody", &["pkcs11.unknown-key"])?;
    refused_with(store, "object=twin;id=other", &["pkcs11.no-public-key"])
}

/// A key of a ceremony, and its handle.
fn strong(session: &Session, store: &Pkcs11Store, name: &str, algorithm: KeyAlgorithm) -> anyhow::Result<ObjectHandle> {
    store.create(&KeyId::new(name)?, algorithm, Purpose::Tst)?;
    let template = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Label(name.into())];
    session.find_objects(&template)?.first().copied().context("it is not there")
}

fn keeps_its_attributes(session: &Session, store: &Pkcs11Store) -> anyhow::Result<()> {
    let key = strong(session, store, "kept", KeyAlgorithm::P256)?;
    for (attribute, _) in weak() {
        ensure!(session.update_attributes(key, std::slice::from_ref(&attribute)).is_err(), "{attribute:?} was set");
    }
    ensure!(session.update_attributes(key, &[Attribute::Label(b"other".to_vec())]).is_err(), "it was renamed");
    store.load(&"object=kept".parse()?)?;
    Ok(())
}

fn is_not_copied(session: &Session, store: &Pkcs11Store) -> anyhow::Result<()> {
    let key = strong(session, store, "single", KeyAlgorithm::P256)?;
    let copies: [&[Attribute]; 3] = [
        &[Attribute::Token(false)],
        &[Attribute::Extractable(true), Attribute::Modifiable(true)],
        &[Attribute::Sensitive(false), Attribute::Label(b"copy".to_vec())],
    ];
    for copy in copies {
        ensure!(session.copy_object(key, copy).is_err(), "copied with {copy:?}");
    }
    store.load(&"object=single".parse()?)?;
    Ok(())
}

/// What tokens wrap private keys with: each has one of them.
const WRAPPINGS: [Mechanism<'static>; 2] = [Mechanism::AesKeyWrapPad, Mechanism::AesCbcPad([7; 16])];

/// Wraps a private key with a key of the attacker's own, and unwraps it as one that can be read.
fn take_away(session: &Session, key: ObjectHandle, wrapping: ObjectHandle) -> anyhow::Result<AttributeInfo> {
    let wrap = |mechanism| session.wrap_key(mechanism, wrapping, key).ok().map(|wrapped| (mechanism, wrapped));
    let (mechanism, wrapped) = WRAPPINGS.iter().find_map(wrap).context("it cannot be wrapped")?;
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ];
    let taken = session.unwrap_key(mechanism, wrapping, &wrapped, &template).context("unwrapping")?;
    let read = session.get_attribute_info(taken, &[AttributeType::PrivateExponent])?;
    read.into_iter().next().context("no answer")
}

fn is_not_wrapped(session: &Session, store: &Pkcs11Store) -> anyhow::Result<()> {
    let template = [
        Attribute::Token(false),
        Attribute::ValueLen(32.into()),
        Attribute::Wrap(true),
        Attribute::Unwrap(true),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
    ];
    let wrapping = session.generate_key(&Mechanism::AesKeyGen, &template)?;
    // The attack works on a key that may be extracted: what protects the others is the template.
    let loose = make(session, "loose", Kind::Rsa, &[Attribute::Extractable(true)])?;
    let read = take_away(session, loose, wrapping).context("the attack does not work at all")?;
    ensure!(matches!(read, AttributeInfo::Available(_)), "the attack does not work at all: {read:?}");
    let key = strong(session, store, "fast", KeyAlgorithm::Rsa { bits: 3072 })?;
    ensure!(take_away(session, key, wrapping).is_err(), "it was wrapped");
    let value = session.get_attribute_info(key, &[AttributeType::PrivateExponent])?;
    ensure!(!value.iter().any(|info| matches!(info, AttributeInfo::Available(_))), "its value can be read: {value:?}");
    Ok(())
}

fn accepts_in_writing(place: &Place, session: &Session) -> anyhow::Result<()> {
    make(session, "loose-ends", Kind::Elliptic, &[Attribute::Modifiable(true)])?;
    let accepting = place.store(TOKEN, PIN, "accept.modifiable = \"this token makes no others\"")?;
    // Past the weakness, what is next is that nobody made it.
    refused_with(&accepting, "object=loose-ends", &["pkcs11.no-record"])?;
    ensure!(place.store(TOKEN, PIN, "accept.modifiable = \" \"").is_err(), "no reason is a reason");
    ensure!(place.store(TOKEN, PIN, "accept.extractable = \"why not\"").is_err(), "anything can be accepted");
    Ok(())
}
