//! BER as CMS uses it.

use std::borrow::Cow;

use kokuin_asn1::{
    Asn1Error,
    ber::{Limits, to_der, to_der_prefix},
    cms::SignedData,
    enc, oids,
};

use crate::fixture::{token, tst_info};

fn converted(bytes: &[u8]) -> Result<Vec<u8>, Asn1Error> {
    to_der(bytes, Limits::default()).map(Cow::into_owned)
}

#[test]
fn borrows_what_is_der() {
    let token = token();
    assert!(matches!(to_der(&token, Limits::default()), Ok(Cow::Borrowed(der)) if der == token));
}

#[test]
fn makes_lengths_definite_and_minimal() {
    assert_eq!(converted(&[0x30, 0x80, 5, 0, 0, 0]).unwrap(), [0x30, 2, 5, 0]);
    assert_eq!(converted(&[0x30, 0x80, 0x30, 0x80, 0, 0, 0, 0]).unwrap(), [0x30, 2, 0x30, 0]);
    assert_eq!(converted(&[0x30, 0x84, 0, 0, 0, 2, 5, 0]).unwrap(), [0x30, 2, 5, 0]);
    assert_eq!(converted(&[4, 0x81, 1, 9]).unwrap(), [4, 1, 9]);
}

#[test]
fn joins_constructed_octet_strings() {
    assert_eq!(converted(&[0x24, 0x80, 4, 1, 1, 0x24, 4, 4, 2, 2, 3, 0, 0]).unwrap(), [4, 3, 1, 2, 3]);
    assert_eq!(converted(&[0x24, 0]).unwrap(), [4, 0]);
    assert!(matches!(converted(&[0x24, 2, 5, 0]), Err(Asn1Error::UnexpectedTag { expected: 4, found: 5, .. })));
}

#[test]
fn keeps_high_tag_numbers() {
    let der = [0xbf, 0x81, 0x01, 2, 5, 0];
    assert_eq!(converted(&der).unwrap(), der);
    assert_eq!(converted(&[0xbf, 0x81, 0x01, 0x80, 5, 0, 0, 0]).unwrap(), der);
}

#[test]
fn refuses_what_is_not_ber() {
    for bytes in [
        &[][..],
        &[0x30],
        &[0x30, 0x80],
        &[0x30, 0x80, 5, 0],
        &[0x30, 3, 5, 0],
        &[0x30, 2, 0x30, 2, 5, 0],
        &[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
    ] {
        assert!(converted(bytes).is_err(), "{bytes:02x?}");
    }
    assert!(matches!(converted(&[4, 0x80, 0, 0]), Err(Asn1Error::IndefiniteLength { .. })));
    assert!(matches!(converted(&[5, 0, 0]), Err(Asn1Error::TrailingBytes { count: 1, .. })));
    assert!(matches!(converted(&[0, 0]), Err(Asn1Error::TagNotSupported { found: 0, .. })));
    assert!(matches!(converted(&[4, 0x85, 1, 0, 0, 0, 0]), Err(Asn1Error::LengthTooLarge { .. })));
}

/// An end-of-contents that belongs to a level above a definite one.
#[test]
fn refuses_end_of_contents_in_a_definite_element() {
    assert!(converted(&[0x30, 0x80, 0x30, 2, 0, 0, 0, 0]).is_err());
}

#[test]
fn says_where_the_element_ends() {
    let padded = [&token()[..], &[0; 64]].concat();
    let (der, used) = to_der_prefix(&padded, Limits::default()).unwrap();
    assert_eq!((der.into_owned(), used), (token(), padded.len() - 64));
}

/// THR-85.
#[test]
fn refuses_more_than_the_limits() {
    let limits = Limits { max_len: 1_000, max_depth: 8, max_elements: 10 };
    assert!(matches!(to_der(&[0x30; 1_001], limits), Err(Asn1Error::TooLarge { limit: 1_000, .. })));
    assert!(matches!(to_der(&[0x30, 0x80].repeat(100), limits), Err(Asn1Error::TooDeep { limit: 8, .. })));
    let wide = enc::sequence(&[&[5, 0].repeat(10)]);
    assert!(matches!(to_der(&wide, limits), Err(Asn1Error::TooMany { limit: 10, .. })));
}

/// What streaming signers write: indefinite down to the content, which comes in pieces.
#[test]
fn reads_a_streamed_message() {
    let token = token();
    let signed_data = SignedData::parse(&token).unwrap();
    let content = tst_info();
    let (one, two) = content.split_at(10);
    let indefinite = |tag: u8, content: &[&[u8]]| [&[tag, 0x80], &content.concat()[..], &[0, 0]].concat();
    let pieces = indefinite(0x24, &[&enc::octet_string(one), &enc::octet_string(two)]);
    let encapsulated = indefinite(0x30, &[&enc::oid(&oids::ID_CT_TST_INFO), &indefinite(0xa0, &[&pieces])]);
    let after = signed_data.certificates_raw.unwrap();
    let signer = signed_data.only_signer().unwrap().raw;
    let algorithms = enc::set_of(&[signed_data.digest_algorithms[0].raw]);
    let body = indefinite(0x30, &[&[2, 1, 3], &algorithms, &encapsulated, after, &enc::set_of(&[signer])]);
    let streamed = indefinite(0x30, &[&enc::oid(&oids::ID_SIGNED_DATA), &indefinite(0xa0, &[&body])]);
    assert!(matches!(SignedData::parse(&streamed), Err(Asn1Error::IndefiniteLength { .. })));
    assert_eq!(converted(&streamed).unwrap(), token);
}
