//! Seals and API tokens.

use kokuin_audit::entry::LogTime;
use kokuin_store::{SealRecord, SealRepository, StoreError, TokenKey, TokenRecord, TokenRepository};

use crate::place::{Place, both};

pub(crate) fn at(seconds: i64) -> LogTime {
    LogTime::from_unix_seconds(seconds)
}

pub(crate) fn record(id: u8, tenant: &str, key: Option<&str>) -> SealRecord {
    SealRecord {
        id: vec![id; 16],
        tenant: tenant.to_owned(),
        created: at(1),
        format: "pades".to_owned(),
        level: "B-T".to_owned(),
        digest: vec![1; 32],
        log_serial: vec![id; 16],
        idempotency_key: key.map(str::to_owned),
        request_hash: vec![2; 32],
    }
}

both! {
    #[test]
    fn refuses_an_idempotency_key_twice_for_one_tenant(place) {
        let seals = SealRepository::new(place.open().unwrap());
        seals.insert(&record(1, "a", Some("k"))).unwrap();
        seals.insert(&record(2, "b", Some("k"))).unwrap();
        seals.insert(&record(3, "a", None)).unwrap();
        seals.insert(&record(4, "a", None)).unwrap();
        assert!(matches!(seals.insert(&record(5, "a", Some("k"))), Err(StoreError::IdempotencyKeyTaken)));
        assert!(matches!(seals.insert(&record(1, "a", Some("other"))), Err(StoreError::Exists { what: "seal id" })));
        assert_eq!(seals.by_idempotency_key("a", "k").unwrap(), Some(record(1, "a", Some("k"))));
    }

    #[test]
    fn shows_no_tenant_another_ones_seal(place) {
        let seals = SealRepository::new(place.open().unwrap());
        seals.insert(&record(1, "a", None)).unwrap();
        assert_eq!(seals.by_id("a", &[1; 16]).unwrap(), Some(record(1, "a", None)));
        assert_eq!(seals.by_id("b", &[1; 16]).unwrap(), None);
    }

    #[test]
    fn refuses_tokens_unknown_expired_or_revoked(place) {
        let tokens = TokenRepository::new(place.open().unwrap());
        let key = TokenKey::new([1; 32]);
        let made = TokenRecord {
            id: "one".to_owned(),
            tenant: "a".to_owned(),
            actor: "b".to_owned(),
            scopes: vec!["seal".to_owned(), "read".to_owned()],
            created: at(1),
            expires: Some(at(10)),
            revoked: None,
        };
        tokens.insert(&key.hash(b"secret"), &made).unwrap();
        assert_eq!(tokens.find_valid(&key.hash(b"secret"), at(9)).unwrap(), Some(made.clone()));
        assert_eq!(tokens.find_valid(&key.hash(b"secret"), at(10)).unwrap(), None);
        assert_eq!(tokens.find_valid(&key.hash(b"Secret"), at(9)).unwrap(), None);
        assert_eq!(tokens.find_valid(&TokenKey::new([2; 32]).hash(b"secret"), at(9)).unwrap(), None);
        assert!(matches!(
            tokens.insert(&key.hash(b"secret"), &TokenRecord { id: "two".to_owned(), ..made }),
            Err(StoreError::Exists { .. })
        ));
        assert!(tokens.revoke("one", at(5)).unwrap());
        assert!(!tokens.revoke("one", at(5)).unwrap());
        assert_eq!(tokens.find_valid(&key.hash(b"secret"), at(6)).unwrap(), None);
    }
}
