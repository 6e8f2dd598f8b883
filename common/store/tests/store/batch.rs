//! Batches.

use std::thread;

use kokuin_audit::entry::LogTime;
use kokuin_store::{BatchRecord, BatchRepository, BatchStamp, BatchState, StoreError, SubmissionRecord};

use crate::place::{Place, both};

fn batch(id: u8, created: i64) -> BatchRecord {
    BatchRecord {
        id: vec![id; 16],
        created: LogTime::from_unix_seconds(created),
        log: "a".to_owned(),
        tsu: "tsu".to_owned(),
        algorithm: "sha256".to_owned(),
        secret: vec![7; 32],
        state: BatchState::Pending,
    }
}

fn brought(id: u8, key: Option<&str>) -> SubmissionRecord {
    SubmissionRecord {
        id: vec![id; 16],
        request_hash: vec![id; 32],
        idempotency_key: key.map(str::to_owned),
        digests: vec![id; 64],
    }
}

fn stamp() -> BatchStamp {
    BatchStamp { serial: vec![1; 19], gen_time: LogTime::from_unix_seconds(5), token: vec![0x30, 0] }
}

both! {
    #[test]
    fn a_batch_is_pending_until_it_has_its_token_and_then_for_ever(place) {
        let batches = BatchRepository::new(place.open().unwrap());
        batches.insert(&batch(1, 1), &[brought(1, None), brought(2, Some("k"))]).unwrap();
        assert_eq!(batches.pending("a").unwrap(), [batch(1, 1)]);
        assert_eq!(batches.pending("b").unwrap(), []);
        assert_eq!(batches.digests(&[1; 16]).unwrap().len(), 128);
        batches.set_stamped(&[1; 16], &stamp()).unwrap();
        assert_eq!(batches.pending("a").unwrap(), []);
        let stamped = BatchRecord { state: BatchState::Stamped(stamp()), ..batch(1, 1) };
        assert_eq!(batches.submission(&[2; 16]).unwrap(), Some((brought(2, Some("k")), stamped)));
        assert_eq!(batches.by_idempotency_key("k").unwrap(), Some((vec![2; 16], vec![2; 32])));
        assert!(matches!(batches.set_failed(&[1; 16], "x"), Err(StoreError::Damaged { what: "batch" })));
        assert!(matches!(batches.set_stamped(&[1; 16], &stamp()), Err(StoreError::Damaged { what: "batch" })));
    }

    #[test]
    fn a_batch_with_a_key_that_is_taken_is_not_entered_at_all(place) {
        let batches = BatchRepository::new(place.open().unwrap());
        batches.insert(&batch(1, 1), &[brought(1, Some("k"))]).unwrap();
        let twice = batches.insert(&batch(2, 2), &[brought(2, None), brought(3, Some("k"))]);
        assert!(matches!(twice, Err(StoreError::IdempotencyKeyTaken)));
        assert_eq!(batches.submission(&[2; 16]).unwrap(), None);
        assert_eq!(batches.pending("a").unwrap().len(), 1);
    }

    #[test]
    fn forgets_the_old_and_what_is_too_much_and_nothing_that_is_pending(place) {
        let batches = BatchRepository::new(place.open().unwrap());
        for id in 1..=4 {
            batches.insert(&batch(id, i64::from(id)), &[brought(id, None)]).unwrap();
        }
        for id in 2..=4 {
            batches.set_stamped(&[id; 16], &stamp()).unwrap();
        }
        assert_eq!(batches.prune(LogTime::from_unix_seconds(3), 1_000).unwrap(), 1);
        assert_eq!(batches.prune(LogTime::from_unix_seconds(3), 64).unwrap(), 1);
        assert!(batches.submission(&[4; 16]).unwrap().is_some());
        assert_eq!(batches.pending("a").unwrap(), [batch(1, 1)]);
    }
    /// JP-TS-19: two instances that prune one database at one time delete what one of them would, and say so.
    #[test]
    fn two_that_prune_at_one_time_delete_nothing_early_jp_ts_19(place) {
        const KEPT: u64 = 50;
        const ALL: u64 = 260;
        let batches = BatchRepository::new(place.open().unwrap());
        for number in 0..ALL {
            let id = [number.to_be_bytes(), [0; 8]].concat();
            let submission = SubmissionRecord { id: id.clone(), ..brought(0, None) };
            batches.insert(&BatchRecord { id: id.clone(), ..batch(0, 1) }, &[submission]).unwrap();
            batches.set_failed(&id, "x").unwrap();
        }
        let pruned: usize = thread::scope(|scope| {
            let prune = || batches.prune(LogTime::from_unix_seconds(0), 64 * KEPT).unwrap();
            [scope.spawn(prune), scope.spawn(prune)].map(|thread| thread.join().unwrap()).into_iter().sum()
        });
        let left = batches.settled_before(LogTime::from_unix_seconds(2)).unwrap();
        assert_eq!((left, pruned as u64), (KEPT, ALL - KEPT));
    }
}
