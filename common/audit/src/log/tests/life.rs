//! A log through any life.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the order of appends, closes and crashes: the tree is the naive one over what is stored, and every answer given is kept.
    #[test]
    fn tree_survives_any_life(steps in proptest::collection::vec((0_u8..3, 1_u64..200), 1..8)) {
        let store = MemoryStore::new();
        let (mut log, mut serial, mut kept) = (open(&store).unwrap(), 0, 1);
        for (how, count) in steps {
            let pending: Vec<_> = (0..count).map(|_| { serial += 1; log.append_encoded(tst(serial)) }).collect();
            for pending in pending {
                prop_assert_eq!(pending.wait().unwrap(), LeafIndex(kept));
                kept += 1;
            }
            if how == 0 {
                log.close().unwrap();
            }
            if how < 2 {
                drop(log);
                log = open(&store).unwrap();
                prop_assert_eq!(log.checkpoint().size(), TreeSize(kept));
                prop_assert_eq!(log.checkpoint().root(), stored_root(&store));
            }
        }
    }
}
