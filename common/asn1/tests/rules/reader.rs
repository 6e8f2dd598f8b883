//! Strictness of the reader.

use kokuin_asn1::{AlgorithmId, Asn1Error, Oid, Place, Reader, check_der, parse_time, tag};

fn at(field: &'static str, offset: usize) -> Place {
    Place { field, offset }
}

fn next(bytes: &[u8]) -> Result<Vec<u8>, Asn1Error> {
    Reader::new(bytes, "x").next().map(|tlv| tlv.value.to_vec())
}

#[test]
fn reads_minimal_lengths_of_every_form() {
    for (length, header) in [
        (0_usize, vec![4_u8, 0]),
        (127, vec![4, 0x7f]),
        (128, vec![4, 0x81, 0x80]),
        (255, vec![4, 0x81, 0xff]),
        (256, vec![4, 0x82, 1, 0]),
        (65_536, vec![4, 0x83, 1, 0, 0]),
    ] {
        let content = vec![9; length];
        let bytes = [header, content.clone()].concat();
        assert_eq!(next(&bytes), Ok(content));
    }
}

#[test]
fn refuses_other_lengths() {
    let place = at("x", 0);
    assert_eq!(next(&[0x30, 0x80, 0, 0]), Err(Asn1Error::IndefiniteLength { at: place }));
    assert_eq!(next(&[4, 0x81, 0x7f]), Err(Asn1Error::LengthNotMinimal { at: place }));
    assert_eq!(next(&[4, 0x82, 0, 0x80]), Err(Asn1Error::LengthNotMinimal { at: place }));
    assert_eq!(next(&[4, 0x85, 1, 0, 0, 0, 0]), Err(Asn1Error::LengthTooLarge { at: place }));
    assert_eq!(next(&[4, 0xff]), Err(Asn1Error::LengthTooLarge { at: place }));
    assert_eq!(next(&[4, 2, 0]), Err(Asn1Error::Truncated { at: place, needed: 2, left: 1 }));
    assert_eq!(
        next(&[4, 0x84, 0xff, 0xff, 0xff, 0xff]),
        Err(Asn1Error::Truncated { at: place, needed: 0xffff_ffff, left: 0 })
    );
    assert_eq!(next(&[4]), Err(Asn1Error::Truncated { at: place, needed: 2, left: 1 }));
}

#[test]
fn refuses_high_and_reserved_tags() {
    assert_eq!(next(&[0x1f, 0x1f, 0]), Err(Asn1Error::TagNotSupported { at: at("x", 0), found: 0x1f }));
    assert_eq!(next(&[0, 0]), Err(Asn1Error::TagNotSupported { at: at("x", 0), found: 0 }));
}

#[test]
fn refuses_trailing_octets() {
    let inner = Reader::enter_only(&[0x30, 0, 0], tag::SEQUENCE, "x");
    assert_eq!(inner.unwrap_err(), Asn1Error::TrailingBytes { at: at("x", 2), count: 1 });
}

#[test]
fn names_field_and_octet_of_what_is_wrong() {
    let mut outer = Reader::enter_only(&[0x30, 5, 2, 1, 1, 4, 0], tag::SEQUENCE, "outer").unwrap();
    assert_eq!(outer.i64("version"), Ok(1));
    let refusal = outer.oid("policy").unwrap_err();
    assert_eq!(refusal, Asn1Error::UnexpectedTag { at: at("policy", 5), expected: 6, found: 4 });
    assert_eq!(refusal.to_string(), "policy at octet 5: tag 0x04, expected 0x06");
    outer.next().unwrap();
    assert_eq!(outer.oid("policy"), Err(Asn1Error::Missing { at: at("policy", 7), expected: 6 }));
}

#[test]
fn refuses_integers_that_are_not_minimal() {
    let integer = |bytes: &[u8]| Reader::new(bytes, "x").integer("n").map(<[u8]>::to_vec);
    assert_eq!(integer(&[2, 1, 0]), Ok(vec![0]));
    assert_eq!(integer(&[2, 2, 0, 0x80]), Ok(vec![0, 0x80]));
    assert_eq!(integer(&[2, 2, 0xff, 0x7f]), Ok(vec![0xff, 0x7f]));
    for bytes in [&[2, 0][..], &[2, 2, 0, 0x7f], &[2, 2, 0xff, 0x80], &[2, 2, 0, 0]] {
        assert_eq!(integer(bytes), Err(Asn1Error::IntegerNotMinimal { at: at("n", 2) }));
    }
}

#[test]
fn refuses_integers_out_of_range() {
    let i64 = |bytes: &[u8]| Reader::new(bytes, "x").i64("n");
    assert_eq!(i64(&[2, 8, 0x80, 0, 0, 0, 0, 0, 0, 0]), Ok(i64::MIN));
    assert_eq!(i64(&[2, 9, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]), Err(Asn1Error::IntegerOutOfRange { at: at("n", 0) }));
}

#[test]
fn refuses_booleans_but_00_and_ff() {
    let boolean = |bytes: &[u8]| Reader::new(bytes, "x").boolean("b");
    assert_eq!(boolean(&[1, 1, 0]), Ok(false));
    assert_eq!(boolean(&[1, 1, 0xff]), Ok(true));
    assert_eq!(boolean(&[1, 1, 1]), Err(Asn1Error::BooleanNotCanonical { at: at("b", 2), found: 1 }));
    assert_eq!(boolean(&[1, 0]), Err(Asn1Error::ContentLength { at: at("b", 2), expected: 1, found: 0 }));
    assert_eq!(boolean(&[1, 2, 0, 0]), Err(Asn1Error::ContentLength { at: at("b", 2), expected: 1, found: 2 }));
}

#[test]
fn refuses_malformed_bit_strings() {
    let bits = |bytes: &[u8]| Reader::new(bytes, "x").bit_string("b").map(|bits| (bits.unused, bits.bytes.to_vec()));
    assert_eq!(bits(&[3, 1, 0]), Ok((0, vec![])));
    assert_eq!(bits(&[3, 2, 7, 0x80]), Ok((7, vec![0x80])));
    for bytes in [&[3, 0][..], &[3, 1, 1], &[3, 2, 8, 0], &[3, 2, 7, 0xc0]] {
        assert_eq!(bits(bytes), Err(Asn1Error::BitStringMalformed { at: at("b", 2) }));
    }
}

#[test]
fn refuses_malformed_object_identifiers() {
    let place = at("OBJECT IDENTIFIER", 0);
    for content in [&[][..], &[0x80, 1], &[0x2a, 0x80, 1], &[0x2a, 0x86], &[0x2a, 0x80]] {
        assert_eq!(Oid::from_content(content), Err(Asn1Error::OidMalformed { at: place }), "{content:02x?}");
    }
    let widest = [vec![0x83], vec![0xff; 17], vec![0x7f]].concat();
    assert_eq!(Oid::from_content(&widest).unwrap().to_string(), format!("2.{}", u128::MAX - 80));
    let wider = [vec![0x84], vec![0x80; 17], vec![0]].concat();
    assert_eq!(Oid::from_content(&wider), Err(Asn1Error::OidMalformed { at: place }));
    assert_eq!(Oid::from_content(&[1; 65]), Err(Asn1Error::TooLarge { at: place, limit: 64, found: 65 }));
}

#[test]
fn reads_dotted_object_identifiers() {
    for dotted in
        ["0.0", "0.39", "1.39.1", "2.0", "2.47", "2.48", "2.999.3161.1", "2.25.340282366920938463463374607431768211455"]
    {
        assert_eq!(dotted.parse::<Oid>().unwrap().to_string(), dotted);
    }
    for dotted in [
        "",
        "1",
        "3.1",
        "0.40",
        "1.2.",
        ".1.2",
        "1..2",
        "01.2",
        "1.+2",
        "1.-2",
        "1.2.a",
        "1.2.00",
        "2.340282366920938463463374607431768211455",
    ] {
        assert!(dotted.parse::<Oid>().is_err(), "{dotted}");
    }
}

#[test]
fn refuses_parameters_that_are_not_der() {
    let algorithm = |parameters: &[u8]| {
        let content = [&[6, 1, 0x2a], parameters].concat();
        let bytes = [&[0x30, u8::try_from(content.len()).unwrap()], &content[..]].concat();
        AlgorithmId::parse(&bytes).map(|algorithm| algorithm.has_no_parameters())
    };
    assert_eq!(algorithm(&[]), Ok(true));
    assert_eq!(algorithm(&[5, 0]), Ok(true));
    assert_eq!(algorithm(&[0x30, 2, 5, 0]), Ok(false));
    assert!(matches!(algorithm(&[0x30, 4, 0x30, 0x80, 0, 0]), Err(Asn1Error::IndefiniteLength { .. })));
    assert!(matches!(algorithm(&[5, 0, 5, 0]), Err(Asn1Error::TrailingBytes { count: 2, .. })));
}

#[test]
fn checks_framing_down_to_a_depth() {
    let nested = |levels: usize| (1..levels).fold(vec![5, 0], |inner, _| kokuin_asn1::enc::tlv(tag::SEQUENCE, &inner));
    assert_eq!(check_der(&nested(4), 4, "x"), Ok(()));
    assert!(matches!(check_der(&nested(6), 4, "x"), Err(Asn1Error::TooDeep { limit: 4, .. })));
    assert!(matches!(check_der(&[0x30, 3, 4, 2, 0], 4, "x"), Err(Asn1Error::Truncated { .. })));
}

/// RFC 5280 4.1.2.5.
#[test]
fn reads_times_as_der_spells_them() {
    let time = |tag: u8, text: &str| {
        let raw = text.as_bytes();
        parse_time(kokuin_asn1::Tlv { tag, raw, value: raw }, at("time", 0))
    };
    assert_eq!(time(tag::UTC_TIME, "700101000000Z"), Ok(0));
    assert_eq!(time(tag::UTC_TIME, "491231235959Z"), Ok(2_524_607_999));
    assert_eq!(time(tag::UTC_TIME, "500101000000Z"), Ok(-631_152_000));
    assert_eq!(time(tag::GENERALIZED_TIME, "20000229235959Z"), Ok(951_868_799));
    assert_eq!(time(tag::GENERALIZED_TIME, "99991231235959Z"), Ok(253_402_300_799));
    assert_eq!(time(tag::GENERALIZED_TIME, "00000101000000Z"), Ok(-62_167_219_200));
    let malformed = Err(Asn1Error::TimeMalformed { at: at("time", 0) });
    for text in [
        "7001010000Z",
        "700101000000",
        "700101000000+0000",
        "701301000000Z",
        "700132000000Z",
        "700101240000Z",
        "700101000060Z",
        "70010100000aZ",
        "Z",
        "",
    ] {
        assert_eq!(time(tag::UTC_TIME, text), malformed, "{text}");
    }
    for text in ["19000229000000Z", "20260230000000Z", "20260101000000.5Z", "20260101000000z"] {
        assert_eq!(time(tag::GENERALIZED_TIME, text), malformed, "{text}");
    }
    assert_eq!(
        time(tag::UTF8_STRING, "700101000000Z"),
        Err(Asn1Error::ChoiceUnknown { at: at("time", 0), found: tag::UTF8_STRING })
    );
}

#[test]
fn every_error_has_a_code_and_a_clause() {
    let errors = [
        next(&[0x30, 0x80]).unwrap_err(),
        Asn1Error::NonceTooLong { limit: 32, found: 33 },
        Asn1Error::SignerCount { found: 2 },
    ];
    assert_eq!(
        errors.each_ref().map(Asn1Error::code),
        ["asn1.indefinite-length", "tsp.nonce-too-long", "cms.signer-count"]
    );
    assert_eq!(
        errors.each_ref().map(Asn1Error::clause),
        ["X.690 10.1", "RFC 3161 2.4.1, Kokuin limits", "RFC 5652 5.1"]
    );
}
