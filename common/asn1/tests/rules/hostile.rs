//! THR-85: large and deep input is refused quickly and without deep recursion.

use std::time::{Duration, Instant};

use kokuin_asn1::{
    Asn1Error, Certificate, Crl, Extension, ber, check_der,
    cms::SignedData,
    enc, oids, tag,
    tsp::{RequestBuilder, TimeStampReq, TimeStampResp, TstInfo},
};

use crate::fixture::{CertificateParts, imprint};

/// THR-85 allows 50 ms of CPU; an unoptimized build on a busy machine gets more, and what is quadratic still takes minutes.
const QUICK: Duration = Duration::from_secs(2);

fn quickly<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < QUICK, "took {:?}", start.elapsed());
    result
}

fn request(parts: &[&[u8]]) -> Vec<u8> {
    enc::sequence(&[&[&[2, 1, 1][..], &imprint()], parts].concat())
}

fn nested(levels: usize) -> Vec<u8> {
    let mut lengths = vec![2_usize];
    for _ in 1..levels {
        lengths.push(enc::tlv_len(lengths[lengths.len() - 1]));
    }
    let mut der = Vec::new();
    for length in lengths.into_iter().rev() {
        enc::header_into(&mut der, tag::SEQUENCE, length);
    }
    der.extend([5, 0]);
    der
}

#[test]
fn refuses_object_identifier_of_a_million_arcs() {
    let der = request(&[&enc::tlv(tag::OID, &vec![1; 1_000_000])]);
    assert!(matches!(
        quickly(|| TimeStampReq::parse(&der)),
        Err(Asn1Error::TooLarge { limit: 64, found: 1_000_000, .. })
    ));
}

#[test]
fn refuses_nonce_of_a_megabyte() {
    let der = RequestBuilder::with_imprint(&imprint()).nonce_content(&vec![1; 1 << 20]).encode();
    assert_eq!(quickly(|| TimeStampReq::parse(&der)), Err(Asn1Error::NonceTooLong { limit: 32, found: 1 << 20 }));
}

#[test]
fn refuses_a_hundred_thousand_extensions() {
    let extension = Extension::encode(&oids::QC_STATEMENTS, false, &[5, 0]);
    let der = request(&[&enc::implicit_constructed(0, &extension.repeat(100_000))]);
    assert!(matches!(quickly(|| TimeStampReq::parse(&der)), Err(Asn1Error::TooMany { limit: 8, .. })));
}

#[test]
fn refuses_a_certificate_with_a_hundred_thousand_extensions() {
    let extensions = vec![Extension::encode(&oids::SKI, false, &[4, 0]); 100_000];
    let der = CertificateParts { extensions, ..Default::default() }.der();
    assert!(quickly(|| Certificate::parse(&der)).is_err());
}

#[test]
fn refuses_ten_thousand_levels() {
    let der = nested(10_000);
    assert!(matches!(quickly(|| check_der(&der, 32, "x")), Err(Asn1Error::TooDeep { limit: 32, .. })));
    assert!(matches!(quickly(|| ber::to_der(&der, ber::Limits::default())), Err(Asn1Error::TooDeep { limit: 64, .. })));
    let parameters = enc::sequence(&[&enc::oid(&oids::SHA256), &der]);
    let imprint = enc::sequence(&[&parameters, &enc::octet_string(&[0; 32])]);
    let request = RequestBuilder::with_imprint(&imprint).encode();
    assert!(matches!(quickly(|| TimeStampReq::parse(&request)), Err(Asn1Error::TooDeep { .. })));
    for bytes in [&der, &[0x30, 0x80].repeat(1_000_000)] {
        assert!(quickly(|| TimeStampReq::parse(bytes)).is_err());
        assert!(quickly(|| TimeStampResp::parse(bytes)).is_err());
        assert!(quickly(|| TstInfo::parse(bytes)).is_err());
        assert!(quickly(|| SignedData::parse(bytes)).is_err());
        assert!(quickly(|| Certificate::parse(bytes)).is_err());
        assert!(quickly(|| Crl::parse(bytes)).is_err());
        assert!(quickly(|| ber::to_der(bytes, ber::Limits::default())).is_err());
    }
}

#[test]
fn converts_a_million_elements_without_going_quadratic() {
    let wide = enc::sequence(&[&[5, 0].repeat(200_000)]);
    assert!(quickly(|| ber::to_der(&wide, ber::Limits::default())).is_ok());
}

/// Every prefix and every changed octet of a token is read or refused, and never anything else.
#[test]
fn survives_every_cut_and_every_changed_octet() {
    let token = crate::fixture::token();
    for end in 0..token.len() {
        assert!(SignedData::parse(&token[..end]).is_err());
    }
    for i in 0..token.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = token.clone();
            changed[i] ^= change;
            if let Ok(signed_data) = SignedData::parse(&changed) {
                assert_eq!(signed_data.raw, changed);
            }
        }
    }
}
