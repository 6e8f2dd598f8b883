//! Requests made to hurt (THR-85).

use std::time::{Duration, Instant};

use kokuin_asn1::{
    Extension, enc, oids,
    tsp::{FailureInfo, RequestBuilder},
};
use kokuin_tsa::stage::BODY_LIMIT;

use crate::fixture::{Bench, Setup, request};

fn refused_quickly(bench: &Bench, body: &[u8]) -> FailureInfo {
    let start = Instant::now();
    let answer = bench.answer(body);
    assert!(start.elapsed() < Duration::from_millis(500), "unoptimised build, busy machine: ten times the budget");
    assert!(answer.len() < 512, "an answer is never large");
    kokuin_asn1::tsp::TimeStampResp::parse(&answer).unwrap().fail_info.unwrap()
}

#[test]
fn refuses_bombs_quickly_and_shortly_thr_85() {
    let bench = Setup::default().start();
    let long_oid = enc::tlv(0x06, &[&[0x2a][..], &vec![1; 15_000]].concat());
    let imprint = |algorithm: &[u8]| enc::sequence(&[&enc::sequence(&[algorithm]), &enc::octet_string(&[7; 32])]);
    let asking = |policy: &[u8]| enc::sequence(&[&enc::uint_u64(1), &imprint(&enc::oid(&oids::SHA256)), policy]);
    let many = Extension::encode(&"1.2.3".parse().unwrap(), false, &[]).repeat(1_200);
    let mut deep = Vec::new();
    for _ in 0..2_000 {
        deep = enc::sequence(&[&deep]);
        if deep.len() > BODY_LIMIT - 16 {
            break;
        }
    }
    let indefinite = [&[0x30, 0x80][..], &[0x24, 0x80].repeat(8_000)].concat();
    let mut bodies = vec![
        request().nonce_content(&vec![0x11; 16_000]).encode(),
        request().extension(&many).encode(),
        request().extension(&deep).encode(),
        deep.clone(),
        indefinite,
        vec![0x30; BODY_LIMIT],
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        vec![0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0; BODY_LIMIT + 1],
    ];
    bodies.push(asking(&long_oid));
    bodies.push(asking(&enc::oid(&format!("1.2{}", ".3".repeat(60)).parse().unwrap())));
    bodies.push(RequestBuilder::with_imprint(&imprint(&long_oid)).encode());
    bodies.push(request().extension(&enc::sequence(&[&long_oid, &enc::octet_string(&[])])).encode());
    for body in bodies {
        let failure = refused_quickly(&bench, &body);
        assert!(
            matches!(
                failure,
                FailureInfo::BadDataFormat
                    | FailureInfo::BadAlg
                    | FailureInfo::UnacceptedPolicy
                    | FailureInfo::UnacceptedExtension
            ),
            "{failure:?}"
        );
    }
    bench.token(&request().encode());
}
