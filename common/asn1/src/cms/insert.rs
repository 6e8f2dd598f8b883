//! Adds to a signed message, and changes no other octet but lengths and the version that follows from what was added.

use super::{
    SignedData, SignerId, SignerInfo,
    build::{optional_set, version},
};
use crate::{Asn1Error, Oid, enc, oids, tag};

/// Adds an unsigned attribute with one value to the only signature.
///
/// The instances already there keep their octets and their order; a new one goes where DER sorts it.
///
/// # Errors
/// What [`SignedData::parse`] refuses; [`Asn1Error::SignerCount`].
pub fn insert_unsigned_attribute(content_info: &[u8], oid: &Oid, value: &[u8]) -> Result<Vec<u8>, Asn1Error> {
    let signed_data = SignedData::parse(content_info)?;
    signed_data.only_signer()?;
    with_attribute(&signed_data, 0, oid, value)
}

/// Adds an unsigned attribute with one value to the signature at `signer` of `signer_infos`, as [`insert_unsigned_attribute`] does.
///
/// # Errors
/// What [`SignedData::parse`] refuses; [`Asn1Error::SignerCount`] if there is no such signature.
pub fn insert_unsigned_attribute_at(
    content_info: &[u8],
    signer: usize,
    oid: &Oid,
    value: &[u8],
) -> Result<Vec<u8>, Asn1Error> {
    with_attribute(&SignedData::parse(content_info)?, signer, oid, value)
}

/// Adds certificates and revocation information that are not there yet, each a `CertificateChoices` or `RevocationInfoChoice` element.
///
/// # Errors
/// What [`SignedData::parse`] refuses.
pub fn add_validation_material(
    content_info: &[u8],
    certificates: &[&[u8]],
    crls: &[&[u8]],
) -> Result<Vec<u8>, Asn1Error> {
    let signed_data = SignedData::parse(content_info)?;
    let signers: Vec<&[u8]> = signed_data.signer_infos.iter().map(|signer| signer.raw).collect();
    let all_certificates: Vec<&[u8]> = signed_data
        .certificates
        .iter()
        .map(super::signed_data::CertificateChoice::raw)
        .chain(certificates.iter().copied())
        .collect();
    let all_crls: Vec<&[u8]> =
        signed_data.crls.iter().map(super::signed_data::RevocationChoice::raw).chain(crls.iter().copied()).collect();
    let certificates = match (certificates, signed_data.certificates_raw) {
        ([], raw) => raw.unwrap_or_default().to_vec(),
        _ => optional_set(0, &all_certificates),
    };
    let crls = match (crls, signed_data.crls_raw) {
        ([], raw) => raw.unwrap_or_default().to_vec(),
        _ => optional_set(1, &all_crls),
    };
    let key_ids = signed_data.signer_infos.iter().any(|signer| matches!(signer.sid, SignerId::KeyId(_)));
    let needed = i64::from(version(&signed_data.content_type, &all_certificates, &all_crls, key_ids));
    Ok(rebuild(&signed_data, signed_data.version.max(needed), &certificates, &crls, &signers))
}

fn with_attribute(signed_data: &SignedData<'_>, index: usize, oid: &Oid, value: &[u8]) -> Result<Vec<u8>, Asn1Error> {
    let signer =
        signed_data.signer_infos.get(index).ok_or(Asn1Error::SignerCount { found: signed_data.signer_infos.len() })?;
    let attribute = enc::sequence(&[&enc::oid(oid), &enc::tlv(tag::SET, value)]);
    let signer = signer_with(signer, &attribute);
    let mut signers: Vec<&[u8]> = signed_data.signer_infos.iter().map(|signer| signer.raw).collect();
    signers[index] = &signer;
    let certificates = signed_data.certificates_raw.unwrap_or_default();
    let crls = signed_data.crls_raw.unwrap_or_default();
    Ok(rebuild(signed_data, signed_data.version, certificates, crls, &signers))
}

fn signer_with(signer: &SignerInfo<'_>, attribute: &[u8]) -> Vec<u8> {
    let mut attributes: Vec<&[u8]> = signer.unsigned_attrs.iter().flatten().map(|attribute| attribute.raw).collect();
    let place = attributes.iter().position(|&present| present > attribute).unwrap_or(attributes.len());
    attributes.insert(place, attribute);
    let attributes = enc::constructed(tag::context_constructed(1), &attributes);
    enc::sequence(&[signer.fixed, &attributes])
}

/// `signers` stay in the order given: sorting them anew would move signatures under whoever counts them.
fn rebuild(signed_data: &SignedData<'_>, version: i64, certificates: &[u8], crls: &[u8], signers: &[&[u8]]) -> Vec<u8> {
    let algorithms: Vec<&[u8]> = signed_data.digest_algorithms.iter().map(|algorithm| algorithm.raw).collect();
    let content = enc::sequence(&[
        &enc::int_i64(version),
        &enc::constructed(tag::SET, &algorithms),
        signed_data.encapsulated,
        certificates,
        crls,
        &enc::constructed(tag::SET, signers),
    ]);
    enc::sequence(&[&enc::oid(&oids::ID_SIGNED_DATA), &enc::explicit(0, &content)])
}
