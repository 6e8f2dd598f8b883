//! Evidence records: read, followed from a digest to every root, and told from everything else.

#![no_main]

use kokuin_asn1::ber::{Limits, to_der_prefix};
use kokuin_evidence::EvidenceRecord;
use kokuin_fuzz::assert_inside;
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { max_len: 1 << 20, max_depth: 32, max_elements: 10_000 };

fuzz_target!(|data: &[u8]| {
    check(data);
    if let Ok((der, _)) = to_der_prefix(data, LIMITS) {
        check(&der);
    }
});

fn check(bytes: &[u8]) {
    let Ok(record) = EvidenceRecord::parse(bytes) else { return };
    assert!(EvidenceRecord::is_outlined(bytes), "what is read is known for what it is");
    assert_eq!(record.raw, bytes);
    for algorithm in &record.digest_algorithms {
        assert_inside(bytes, algorithm.raw);
    }
    assert_inside(bytes, record.crypto_infos.unwrap_or_default());
    assert_inside(bytes, record.encryption_info.unwrap_or_default());
    assert!(!record.chains.is_empty());
    for chain in &record.chains {
        assert_inside(bytes, chain.raw);
        assert!(!chain.stamps.is_empty());
        for stamp in &chain.stamps {
            assert_inside(chain.raw, stamp.raw);
            assert_inside(stamp.raw, stamp.token);
            assert_inside(stamp.raw, stamp.attributes.unwrap_or_default());
            assert_inside(stamp.token, stamp.info.imprint.raw);
            let lists = stamp.reduced_tree.iter().flatten();
            lists.inspect(|list| assert!(!list.is_empty())).flatten().for_each(|hash| assert_inside(stamp.raw, hash));
        }
    }
    follow(&record);
}

/// From every value of the first list, and from none: what is followed to its end has one root a token, as long as its algorithm makes it.
fn follow(record: &EvidenceRecord<'_>) {
    let _ = record.cover(&|_| None).map(|_| panic!("a record covers what nobody gave"));
    let first = record.stamps().next().and_then(|stamp| stamp.reduced_tree.as_ref()).and_then(|tree| tree.first());
    for value in first.into_iter().flatten().take(4) {
        let Ok(steps) = record.cover(&|_| Some(vec![value.to_vec()])) else { continue };
        assert_eq!(steps.len(), record.stamps().count());
        for step in &steps {
            assert_eq!(step.root().len(), step.algorithm().output_len());
            assert!(!step.is_stamped() || step.root() == step.stamp().info.imprint.digest);
        }
    }
}
