//! `TimeStampReq`: what is accepted is exactly what its parts encode to (TSP-01).

#![no_main]

use kokuin_asn1::{
    Extension, enc,
    tsp::{MAX_NONCE, MessageImprint, RequestBuilder, TimeStampReq},
};
use kokuin_fuzz::{assert_inside, message::check_algorithm};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(request) = TimeStampReq::parse(data) else { return };
    let MessageImprint { raw, algorithm, digest } = &request.imprint;
    assert_inside(data, raw);
    assert_inside(raw, digest);
    check_algorithm(raw, algorithm);
    if let Some(nonce) = request.nonce {
        assert_inside(data, nonce);
        assert!((1..=MAX_NONCE).contains(&nonce.len()));
    }

    let imprint = enc::sequence(&[algorithm.raw, &enc::octet_string(digest)]);
    let extensions: Vec<u8> = request
        .extensions
        .iter()
        .flat_map(|extension| Extension::encode(&extension.oid, extension.critical, extension.value))
        .collect();
    let built = enc::sequence(&[
        &enc::int_i64(request.version),
        &imprint,
        &request.policy.as_ref().map(enc::oid).unwrap_or_default(),
        &request.nonce.map(enc::integer).unwrap_or_default(),
        &if request.cert_req { enc::boolean(true) } else { Vec::new() },
        &if extensions.is_empty() { Vec::new() } else { enc::implicit_constructed(0, &extensions) },
    ]);
    assert_eq!(built, data);

    if request.version == 1 {
        let mut builder = RequestBuilder::with_imprint(&imprint).cert_req(request.cert_req).extension(&extensions);
        if let Some(policy) = &request.policy {
            builder = builder.policy(policy);
        }
        if let Some(nonce) = request.nonce {
            builder = builder.nonce_content(nonce);
        }
        assert_eq!(builder.encode(), data);
    }
});
