//! What is written is read back, whatever it is.

use kokuin_asn1::{
    Oid, Reader, check_der, enc, integer, oids, pem, tag,
    tsp::{Accuracy, GenTime, RequestBuilder, TimeStampReq, TstInfo, TstInfoParts},
};
use proptest::prelude::*;

use crate::fixture::imprint;

/// 0000-01-01 to 9999-12-31.
const MICROS: std::ops::RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

fn oid() -> impl Strategy<Value = Oid> {
    let arc = prop_oneof![0_u128..200, any::<u64>().prop_map(u128::from), 0..u128::MAX - 80];
    (0_u128..3, arc.clone(), prop::collection::vec(arc, 0..3)).prop_map(|(root, second, rest)| {
        let second = if root < 2 { second % 40 } else { second };
        let arcs: Vec<_> = [root, second].iter().chain(&rest).map(ToString::to_string).collect();
        arcs.join(".").parse().unwrap()
    })
}

proptest! {
    #[test]
    fn gen_time(micros in MICROS) {
        let time = GenTime::from_unix_micros(micros).unwrap();
        prop_assert_eq!(time.unix_micros(), micros);
        prop_assert_eq!(GenTime::parse(time.to_string().as_bytes()), Ok(time));
    }

    #[test]
    fn gen_time_orders_as_its_microseconds(one in MICROS, other in MICROS) {
        let (first, second) = (GenTime::from_unix_micros(one).unwrap(), GenTime::from_unix_micros(other).unwrap());
        prop_assert_eq!(first.cmp(&second), one.cmp(&other));
    }

    #[test]
    fn accuracy(micros in 0..4_294_967_296_000_000_u64) {
        let accuracy = Accuracy::from_micros(micros);
        prop_assert_eq!(accuracy.as_micros(), micros);
        let info = TstInfoParts {
            policy: &oids::BEST_PRACTICES_TS_POLICY,
            imprint: &imprint(),
            serial: &[1],
            gen_time: GenTime::from_unix_micros(0).unwrap(),
            accuracy: Some(accuracy),
            ordering: true,
            nonce: None,
            tsa: None,
            extensions: &[],
        }.encode();
        prop_assert_eq!(check_der(&info, 8, "TSTInfo"), Ok(()));
        let info = TstInfo::parse(&info).unwrap();
        prop_assert_eq!((info.accuracy, info.ordering, info.is_der), (Some(accuracy), true, true));
    }

    #[test]
    fn oid_text_and_octets(oid in oid()) {
        prop_assert_eq!(&oid.to_string().parse::<Oid>().unwrap(), &oid);
        prop_assert_eq!(&Oid::from_content(oid.as_bytes()).unwrap(), &oid);
    }

    #[test]
    fn oid_octets_are_read_or_refused_as_their_text(content in prop::collection::vec(any::<u8>(), 0..24)) {
        if let Ok(oid) = Oid::from_content(&content) {
            prop_assert_eq!(oid.as_bytes(), &content);
            prop_assert_eq!(oid.to_string().parse::<Oid>().unwrap(), oid);
        }
    }

    #[test]
    fn unsigned_integers(value in any::<u64>()) {
        let der = enc::uint_u64(value);
        let content = Reader::new(&der, "n").integer("n").unwrap();
        prop_assert_eq!(integer::to_u64(content), Some(value));
    }

    #[test]
    fn signed_integers(value in any::<i64>()) {
        let der = enc::int_i64(value);
        prop_assert_eq!(Reader::new(&der, "n").i64("n"), Ok(value));
        prop_assert_eq!(integer::to_u64(&der[2..]), u64::try_from(value).ok());
    }

    #[test]
    fn magnitudes(magnitude in prop::collection::vec(any::<u8>(), 0..40)) {
        let der = enc::uint(&magnitude);
        let content = Reader::new(&der, "n").integer("n").unwrap();
        let significant: Vec<u8> = magnitude.into_iter().skip_while(|&octet| octet == 0).collect();
        prop_assert_eq!(integer::magnitude(content), Some(&significant[..]));
    }

    #[test]
    fn times(seconds in -62_167_219_200_i64..=253_402_300_799) {
        let der = enc::time(seconds).unwrap();
        let tlv = Reader::new(&der, "time").next().unwrap();
        let place = Reader::new(&der, "time").here();
        prop_assert_eq!(kokuin_asn1::parse_time(tlv, place), Ok(seconds));
        let utc = (-631_152_000..2_524_608_000).contains(&seconds);
        prop_assert_eq!(tlv.tag == tag::UTC_TIME, utc);
    }

    #[test]
    fn named_bits(bits in any::<u32>()) {
        let der = enc::named_bits(bits);
        let mut reader = Reader::new(&der, "bits");
        let place = reader.here();
        prop_assert_eq!(reader.bit_string("bits").unwrap().named_bits(place), Ok(bits));
    }

    #[test]
    fn elements(tag in 1..31_u8, content in prop::collection::vec(any::<u8>(), 0..70_000)) {
        let der = enc::tlv(tag, &content);
        prop_assert_eq!(der.len(), enc::tlv_len(content.len()));
        let tlv = Reader::new(&der, "x").next().unwrap();
        prop_assert_eq!((tlv.tag, tlv.raw, tlv.value), (tag, &der[..], &content[..]));
    }

    #[test]
    fn pem_text(der in prop::collection::vec(any::<u8>(), 0..300)) {
        let blocks = pem::decode_all(pem::encode("X509 CRL", &der).as_bytes()).unwrap();
        prop_assert_eq!(blocks, [pem::PemBlock { label: "X509 CRL".into(), der }]);
    }

    #[test]
    fn requests(policy in prop::option::of(oid()), nonce in prop::option::of(prop::collection::vec(any::<u8>(), 0..32)), cert_req: bool) {
        let mut builder = RequestBuilder::new(&oids::SHA512, &[3; 64]).cert_req(cert_req);
        if let Some(policy) = &policy {
            builder = builder.policy(policy);
        }
        if let Some(nonce) = &nonce {
            builder = builder.nonce(nonce);
        }
        let der = builder.encode();
        let request = match TimeStampReq::parse(&der) {
            Err(kokuin_asn1::Asn1Error::NonceTooLong { found: 33, .. }) => return Ok(()),
            read => read.unwrap(),
        };
        prop_assert_eq!((request.policy, request.cert_req, request.nonce.is_some()), (policy, cert_req, nonce.is_some()));
    }
}
