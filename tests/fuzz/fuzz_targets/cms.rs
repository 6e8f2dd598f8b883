//! BER made definite, and `SignedData` split, rebuilt and added to.

#![no_main]

use std::borrow::Cow;

use kokuin_asn1::{
    ber::{Limits, to_der, to_der_prefix},
    cms::{CertificateChoice, RevocationChoice, SignedData, SignedDataParts, build_signed_data},
};
use kokuin_fuzz::message;
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { max_len: 1 << 20, max_depth: 32, max_elements: 10_000 };

fuzz_target!(|data: &[u8]| {
    if let Ok(signed_data) = SignedData::parse(data) {
        check(data, &signed_data);
    }
    let Ok((der, used)) = to_der_prefix(data, LIMITS) else { return };
    assert!(used <= data.len());
    assert!(der.len() <= used, "definite lengths are not longer than what they replace");
    // What was converted needs no conversion, but for lengths that were already as short.
    assert!(matches!(to_der(&der, LIMITS), Ok(Cow::Borrowed(again)) if again == &*der));
    if let Ok(signed_data) = SignedData::parse(&der) {
        check(&der, &signed_data);
    }
});

fn check(der: &[u8], signed_data: &SignedData<'_>) {
    message::check(der, signed_data);

    let certificates: Vec<&[u8]> = signed_data.certificates.iter().map(CertificateChoice::raw).collect();
    let crls: Vec<&[u8]> = signed_data.crls.iter().map(RevocationChoice::raw).collect();
    let algorithms: Vec<&[u8]> = signed_data.digest_algorithms.iter().map(|algorithm| algorithm.raw).collect();
    let built = build_signed_data(&SignedDataParts {
        digest_algorithms: &algorithms,
        content_type: &signed_data.content_type,
        content: signed_data.content,
        certificates: &certificates,
        crls: &crls,
        signers: &[],
    });
    let read = SignedData::parse(&built).expect("what is built is read");
    assert_eq!((read.encapsulated, read.content), (signed_data.encapsulated, signed_data.content));
    assert!(read.certificates.is_sorted_by_key(CertificateChoice::raw));
    assert!(certificates.iter().all(|&certificate| read.certificates.iter().any(|choice| choice.raw() == certificate)));
    assert!(crls.iter().all(|&crl| read.crls.iter().any(|choice| choice.raw() == crl)));
}
