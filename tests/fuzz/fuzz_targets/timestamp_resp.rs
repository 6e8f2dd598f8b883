//! `TimeStampResp`, the token in it and what the token says: also when the input is just a token, or just a `TSTInfo`.

#![no_main]

use kokuin_asn1::{
    Extension,
    ber::{Limits, to_der},
    cms::SignedData,
    enc, oids,
    tsp::{GenTime, TimeStampResp, TstInfo, TstInfoParts},
};
use kokuin_fuzz::{assert_inside, message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check_response(data);
    check_token(data);
    check_tst_info(data);
});

/// TSP-18, TSP-20.
fn check_response(data: &[u8]) {
    let Ok(response) = TimeStampResp::parse(data) else { return };
    assert_eq!(response.status.has_token(), response.token.is_some());
    assert!(!(response.status.has_token() && response.fail_info.is_some()));
    let lines: Vec<u8> = response.status_text.iter().flat_map(|line| enc::utf8_string(line)).collect();
    let text = if lines.is_empty() { Vec::new() } else { enc::sequence(&[&lines]) };
    let failure = response.fail_info.map(|failure| failure.der()).unwrap_or_default();
    let status = enc::sequence(&[&enc::uint_u64(u64::from(response.status.value())), &text, &failure]);
    assert_eq!(enc::sequence(&[&status, response.token.unwrap_or_default()]), data);
    if let Some(token) = response.token {
        assert_inside(data, token);
        check_token(token);
    }
}

fn check_token(token: &[u8]) {
    let Ok(der) = to_der(token, Limits { max_len: 1 << 20, max_depth: 32, max_elements: 10_000 }) else { return };
    let Ok(signed_data) = SignedData::parse(&der) else { return };
    message::check(&der, &signed_data);
    if signed_data.content_type == oids::ID_CT_TST_INFO {
        check_tst_info(signed_data.content.unwrap_or_default());
    }
}

/// TSP-33 to TSP-35: what is written from the parts says the same, and a second writing changes nothing.
fn check_tst_info(data: &[u8]) {
    let Ok(info) = TstInfo::parse(data) else { return };
    assert_eq!(info.raw, data);
    for part in [info.imprint.raw, info.serial, info.nonce.unwrap_or_default(), info.tsa.unwrap_or_default()] {
        assert_inside(data, part);
    }
    assert_eq!(GenTime::parse(info.gen_time.to_string().as_bytes()), Ok(info.gen_time));
    let written = write(&info);
    let read = TstInfo::parse(&written).expect("what is written is read");
    assert!(read.is_der);
    assert_eq!(write(&read), written);
    assert_eq!((read.policy, read.serial, read.gen_time), (info.policy.clone(), info.serial, info.gen_time));
    assert_eq!((read.accuracy, read.ordering, read.nonce), (info.accuracy, info.ordering, info.nonce));
    assert_eq!(
        (read.imprint.raw, read.tsa, read.extensions.len()),
        (info.imprint.raw, info.tsa, info.extensions.len())
    );
}

fn write(info: &TstInfo<'_>) -> Vec<u8> {
    let extensions: Vec<u8> = info
        .extensions
        .iter()
        .flat_map(|extension| Extension::encode(&extension.oid, extension.critical, extension.value))
        .collect();
    TstInfoParts {
        policy: &info.policy,
        imprint: info.imprint.raw,
        serial: info.serial,
        gen_time: info.gen_time,
        accuracy: info.accuracy,
        ordering: info.ordering,
        nonce: info.nonce,
        tsa: info.tsa,
        extensions: &extensions,
    }
    .encode()
}
