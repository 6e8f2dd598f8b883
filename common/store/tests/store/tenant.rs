//! Tenants: their secrets, and what is deleted by rule.

use std::{sync::mpsc::channel, thread, time::Duration};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use kokuin_audit::{
    TenantSecret,
    commitment::CommitmentLabel,
    entry::{Commitment, Serial},
};
use kokuin_store::{Erased, SealRecord, SealRepository, TenantRepository, TokenKey, TokenRecord, TokenRepository};

use crate::{
    place::{Place, both},
    repositories::{at, record},
};

fn seal(id: u8, tenant: &str, seconds: i64) -> SealRecord {
    SealRecord { created: at(seconds), ..record(id, tenant, None) }
}

fn commit(secret: &TenantSecret) -> Commitment {
    secret.commit(&Serial::new(&[1]).unwrap(), CommitmentLabel::Tenant, b"a")
}

fn token(number: u8, revoked: Option<i64>, expires: Option<i64>) -> TokenRecord {
    TokenRecord {
        id: number.to_string(),
        tenant: "a".to_owned(),
        actor: "b".to_owned(),
        scopes: Vec::new(),
        created: at(1),
        expires: expires.map(at),
        revoked: revoked.map(at),
    }
}

/// One that is good, one revoked, one expired, and two of which one end is later than the other.
fn enter_tokens(tokens: &TokenRepository) {
    let ends = [(None, None), (Some(10), None), (None, Some(10)), (Some(30), Some(10)), (Some(30), None)];
    for (number, (revoked, expires)) in (0_u8..).zip(ends) {
        tokens.insert(&TokenKey::new([1; 32]).hash(&[number]), &token(number, revoked, expires)).unwrap();
    }
}

both! {
    #[test]
    fn a_tenant_keeps_its_secret_and_has_it_alone(place) {
        let (tenants, store) = (TenantRepository::new(place.open().unwrap()), TenantSecret::new([7; 32]));
        let of = |store: &TenantSecret, name| commit(&tenants.secret(store, name).unwrap());
        let first = of(&store, "a");
        assert_eq!(of(&store, "a"), first);
        assert_ne!(of(&store, "b"), first);
        assert_ne!(of(&TenantSecret::new([8; 32]), "a"), first, "the store's secret counts");
        assert!(tenants.known_secret(&store, "c").unwrap().is_none());
    }

    /// JP-ES-18: after the salt is gone the store's secret opens nothing, and no record leads from the tenant to the log.
    #[test]
    fn what_is_erased_cannot_be_linked_again_jp_es_18(place) {
        let database = place.open().unwrap();
        let (tenants, store) = (TenantRepository::new(database.clone()), TenantSecret::new([7; 32]));
        enter_tokens(&TokenRepository::new(database.clone()));
        let seals = SealRepository::new(database);
        seals.insert(&seal(1, "a", 10)).unwrap();
        seals.insert(&seal(2, "b", 20)).unwrap();
        let before = commit(&tenants.secret(&store, "a").unwrap());
        assert_eq!(tenants.last_seal("a").unwrap(), Some(at(10)));
        assert_eq!(tenants.erase("a", at(10)).unwrap(), None, "its seal is still kept");
        assert_eq!(commit(&tenants.known_secret(&store, "a").unwrap().unwrap()), before);
        let is_cleared = place.url().is_none();
        assert_eq!(tenants.erase("a", at(11)).unwrap(), Some(Erased { seals: 1, tokens: 5, is_cleared }));
        assert!(tenants.known_secret(&store, "a").unwrap().is_none());
        assert_eq!((tenants.last_seal("a").unwrap(), seals.by_id("a", &[1; 16]).unwrap()), (None, None));
        assert_ne!(commit(&tenants.secret(&store, "a").unwrap()), before, "one who comes back has another");
        assert!(seals.by_id("b", &[2; 16]).unwrap().is_some(), "others keep theirs");
    }

    #[test]
    fn knows_which_tokens_are_still_kept(place) {
        let database = place.open().unwrap();
        enter_tokens(&TokenRepository::new(database.clone()));
        let tenants = TenantRepository::new(database);
        assert_eq!(tenants.tokens_kept("a", at(20)).unwrap(), 2, "the one that opens something, the one revoked later");
        assert_eq!(tenants.tokens_kept("b", at(20)).unwrap(), 0);
    }

    /// JP-TS-19.
    #[test]
    fn prunes_what_is_older_and_nothing_else_jp_ts_19(place) {
        let database = place.open().unwrap();
        let (tenants, tokens) = (TenantRepository::new(database.clone()), TokenRepository::new(database.clone()));
        let seals = SealRepository::new(database);
        seals.insert(&seal(1, "a", 10)).unwrap();
        seals.insert(&seal(2, "a", 20)).unwrap();
        enter_tokens(&tokens);
        assert_eq!(tenants.seals_before(at(20)).unwrap(), 1);
        assert_eq!(tenants.prune_seals(at(20)).unwrap(), 1);
        assert!(seals.by_id("a", &[1; 16]).unwrap().is_none());
        assert!(seals.by_id("a", &[2; 16]).unwrap().is_some());
        assert_eq!((tenants.tokens_ended_before(at(10)).unwrap(), tenants.prune_tokens(at(10)).unwrap()), (0, 0));
        assert_eq!((tenants.tokens_ended_before(at(20)).unwrap(), tenants.prune_tokens(at(20)).unwrap()), (3, 3));
        let kept: Vec<String> = tokens.list().unwrap().into_iter().map(|token| token.id).collect();
        assert_eq!(kept, ["0", "4"]);
    }
}

/// JP-ES-18: what another connection enters meanwhile, and has not committed, is waited for.
#[test]
fn a_seal_that_is_being_entered_keeps_its_tenant_jp_es_18() {
    let Some(place) = Place::postgres() else { return };
    let database = place.open().unwrap();
    let (tenants, store) = (TenantRepository::new(database), TenantSecret::new([7; 32]));
    tenants.secret(&store, "a").unwrap();
    let mut other = PgConnection::establish(place.url().unwrap()).unwrap();
    other
        .batch_execute(
            "BEGIN; INSERT INTO seal (seal_id, tenant, created, format, level, digest, log_serial, request_hash) \
             VALUES ('\\x01', 'a', 20000000, 'pades', 'B-T', '\\x01', '\\x01', '\\x01')",
        )
        .unwrap();
    let (done, committed) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_secs(1));
            other.batch_execute("COMMIT").unwrap();
            done.send(()).unwrap();
        });
        assert_eq!(tenants.erase("a", at(11)).unwrap(), None);
    });
    committed.recv().unwrap();
    assert!(tenants.known_secret(&store, "a").unwrap().is_some());
}
