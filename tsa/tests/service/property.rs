//! What holds for every request.

use std::{cell::RefCell, rc::Rc};

use kokuin_asn1::{
    cms::SignedData,
    enc, oids,
    tsp::{PkiStatus, RequestBuilder, TimeStampResp, TstInfo},
};
use proptest::prelude::*;

use crate::fixture::{Bench, Setup, request};

thread_local! {
    static BENCH: RefCell<Option<Rc<Bench>>> = const { RefCell::new(None) };
}

fn bench() -> Rc<Bench> {
    BENCH.with(|bench| Rc::clone(bench.borrow_mut().get_or_insert_with(|| Rc::new(Setup::default().start()))))
}

/// Content octets of any INTEGER in its shortest form.
fn integer() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..=32).prop_map(|mut octets| {
        while let [first, second, ..] = octets[..] {
            if (first == 0 && second < 0x80) || (first == 0xff && second >= 0x80) {
                octets.remove(0);
            } else {
                break;
            }
        }
        octets
    })
}

fn imprint() -> impl Strategy<Value = Vec<u8>> {
    let algorithms = prop::sample::select(vec![
        (oids::SHA256, 32),
        (oids::SHA384, 48),
        (oids::SHA512, 64),
        (oids::SHA3_256, 32),
        (oids::SHA3_384, 48),
        (oids::SHA3_512, 64),
    ]);
    (algorithms, prop::collection::vec(any::<u8>(), 64), any::<bool>()).prop_map(|((oid, len), digest, null)| {
        let parameters = if null { enc::null() } else { Vec::new() };
        let algorithm = enc::sequence(&[&enc::oid(&oid), &parameters]);
        enc::sequence(&[&algorithm, &enc::octet_string(&digest[..len])])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn repeats_imprint_and_nonce_octet_for_octet_tsp_04_tsp_06(
        imprint in imprint(),
        nonce in prop::option::of(integer()),
        cert_req in any::<bool>(),
    ) {
        let mut builder = RequestBuilder::with_imprint(&imprint).cert_req(cert_req);
        if let Some(nonce) = &nonce {
            builder = builder.nonce_content(nonce);
        }
        let token = bench().token(&builder.encode());
        let signed = SignedData::parse(&token).unwrap();
        let info = TstInfo::parse(signed.content.unwrap()).unwrap();
        prop_assert_eq!(info.imprint.raw, &imprint[..]);
        prop_assert_eq!(info.nonce, nonce.as_deref());
        prop_assert_eq!(signed.certificates_raw.is_some(), cert_req);
    }

    #[test]
    fn answers_any_octets_with_a_response_tsp_45(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let answer = bench().answer(&body);
        let response = TimeStampResp::parse(&answer).unwrap();
        prop_assert_eq!(response.status == PkiStatus::Granted, response.token.is_some());
        prop_assert_eq!(response.fail_info.is_some(), response.token.is_none());
    }

    #[test]
    fn answers_any_change_of_a_request_with_a_response(place in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut body = request().nonce(&[1, 2, 3]).cert_req(true).encode();
        let place = place.index(body.len());
        body[place] = octet;
        let answer = bench().answer(&body);
        prop_assert!(TimeStampResp::parse(&answer).is_ok());
    }
}
