//! What only PostgreSQL needs: leases, and settings of a server that lose commits.

use std::{
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use kokuin_audit::{LogRead as _, TreeSize, entry::LogTime};
use kokuin_store::{
    BatchRepository, Database, LogState, PostgresOptions, PostgresUrl, StoreError, TokenKey, TokenRecord,
    TokenRepository, Unreachable,
};

use crate::{
    log::{open, tst},
    place::{LEASE, Place, Server},
};

/// THR-43: whoever was taken over writes nothing, and knows it for good.
#[test]
fn a_writer_that_was_taken_over_writes_nothing_thr_43() {
    let Some(place) = Place::postgres() else { return };
    let log = open(&place).unwrap();
    log.append_encoded(tst(1)).wait().unwrap();
    place.execute("UPDATE lease SET epoch = epoch + 1, \"grant\" = 'another'");
    assert!(log.append_encoded(tst(2)).wait().is_err());
    let lost = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        log.is_taken_over()
    });
    assert!(lost && !log.is_writable());
    assert_eq!(log.append_encoded(tst(3)).wait().unwrap_err().code(), "audit.closed");
    let stored = place.open().unwrap().log_reader(log.name()).unwrap();
    assert_eq!(stored.size().unwrap(), TreeSize(2));
}

/// THR-43: whoever was taken over retires nothing either.
#[test]
fn a_log_is_retired_under_its_lease_thr_43() {
    let Some(place) = Place::postgres() else { return };
    let name = open(&place).unwrap().name().clone();
    place.execute(
        "CREATE FUNCTION take_over() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF pg_trigger_depth() = 1 THEN UPDATE lease SET \"grant\" = 'another'; END IF; RETURN NULL; END $$; \
         CREATE TRIGGER take_over AFTER UPDATE ON lease FOR EACH ROW EXECUTE FUNCTION take_over()",
    );
    let database = place.open().unwrap();
    let found = database.retire_log(&name);
    assert!(matches!(found, Err(StoreError::LeaseLost { .. })), "{found:?}");
    assert_eq!(database.logs().unwrap()[0].state, LogState::Open);
}

/// An equal epoch of a server that lost sight of this one is another grant.
#[test]
fn an_equal_epoch_is_no_grant_thr_43() {
    let Some(place) = Place::postgres() else { return };
    let log = open(&place).unwrap();
    place.execute("UPDATE lease SET \"grant\" = 'another'");
    assert!(log.append_encoded(tst(1)).wait().is_err());
}

/// THR-46: a server that may lose commits is refused, by whatever it was told to.
#[test]
fn refuses_a_server_that_may_lose_commits_thr_46() {
    let Some(place) = Place::postgres() else { return };
    let refused = |setting| match place.open() {
        Err(StoreError::Setting { setting: found, .. }) => assert_eq!(found, setting),
        other => panic!("{setting}: {other:?}"),
    };
    place.execute(
        "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET synchronous_commit = off'; END $$",
    );
    refused("synchronous_commit");
    let Some(server) = Server::start(&["fsync=off"]) else { return };
    let options =
        |standbys| PostgresOptions { url: PostgresUrl::new(&server.url("kokuin")).unwrap(), standbys, lease: LEASE };
    assert!(matches!(Database::open_postgres(options(0)), Err(StoreError::Setting { setting: "fsync", .. })));
}

/// THR-46: standbys that are demanded must be configured.
#[test]
fn refuses_a_server_without_the_standbys_demanded_thr_46() {
    let Some(place) = Place::postgres() else { return };
    let options = PostgresOptions { standbys: 1, ..place.options().unwrap() };
    let found = Database::open_postgres(options).unwrap_err();
    assert!(matches!(found, StoreError::Setting { setting: "synchronous_standby_names", .. }), "{found:?}");
}

/// THR-104: neither the address nor what the library says of it is in an error.
#[test]
fn tells_nothing_of_the_address_thr_104() {
    let Some(place) = Place::postgres() else { return };
    let good = place.url().unwrap();
    let wrong = PostgresUrl::new(&good.replace("not-a-secret", "hunter2@elsewhere")).unwrap();
    let options = PostgresOptions { url: wrong, ..place.options().unwrap() };
    let error = Database::open_postgres(options).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("elsewhere") && !format!("{error} {error:?}").contains("hunter2"));
    let wrong = PostgresUrl::new(&good.replace("not-a-secret", "hunter2")).unwrap();
    let options = PostgresOptions { url: wrong, ..place.options().unwrap() };
    match Database::open_postgres(options) {
        Err(StoreError::Unreachable { kinds }) => assert_eq!(kinds, [Unreachable::Password]),
        other => panic!("{other:?}"),
    }
}

/// THR-46: a row beside the log counts when the standbys have it, whatever COMMIT says; being there already does not count before that either.
#[test]
fn a_row_counts_only_when_the_standbys_have_it_thr_46() {
    let Some(server) = Server::start(&[]) else { return };
    let url = PostgresUrl::new(&server.url("kokuin")).unwrap();
    let options = |standbys| PostgresOptions { url: url.clone(), standbys, lease: LEASE };
    drop(Database::open_postgres(options(0)).unwrap());
    server.execute("kokuin", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    server.execute("kokuin", "SELECT pg_reload_conf()");
    let tokens = loop {
        // The server takes up its settings when it gets to it.
        match Database::open_postgres(options(1)) {
            Ok(database) => break TokenRepository::new(database),
            Err(StoreError::Setting { .. }) => thread::sleep(Duration::from_millis(50)),
            Err(other) => panic!("{other:?}"),
        }
    };
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                server.execute(
                    "kokuin",
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
                );
                thread::sleep(Duration::from_millis(50));
            }
        });
        let hash = TokenKey::new([1; 32]).hash(b"secret");
        let record = TokenRecord {
            id: "one".to_owned(),
            tenant: "a".to_owned(),
            actor: "b".to_owned(),
            scopes: vec!["seal".to_owned()],
            created: LogTime::from_unix_seconds(1),
            expires: None,
            revoked: None,
        };
        let found = [(); 2].map(|()| tokens.insert(&hash, &record));
        over.store(true, Ordering::Relaxed);
        for found in found {
            assert!(matches!(found, Err(StoreError::Unconfirmed { demanded: 1 })), "{found:?}");
        }
    });
}

/// THR-54: a server that stops answering without closing anything is waited for only so long, and read from again on another connection.
#[test]
fn a_frozen_server_keeps_no_reader_thr_54() {
    let Some(place) = Place::postgres() else { return };
    let database = place.open().unwrap();
    let name = open(&place).unwrap().name().clone();
    let reader = database.log_reader(&name).unwrap();
    let size = reader.size().unwrap();
    let batches = BatchRepository::new(place.open().unwrap());
    let frozen = place.processes();
    assert!(!frozen.is_empty());
    // Those of the log that was dropped may be gone by now.
    let signal = |signal| _ = Command::new("kill").arg(signal).args(&frozen).status().unwrap();
    signal("-STOP");
    let waits = thread::spawn(move || batches.settled_before(LogTime::from_unix_seconds(1)));
    let (waited, after) = (reader.size(), reader.size());
    let has_ended = (0..50).any(|_| {
        thread::sleep(Duration::from_millis(100));
        waits.is_finished()
    });
    signal("-CONT");
    assert!(has_ended, "the batches are waited for");
    drop(waits.join().unwrap());
    assert!(waited.unwrap_err().to_string().contains("has not answered"));
    assert_eq!(after.unwrap(), size);
}

/// A migration of a large database takes as long as it takes, and is waited for; nothing else is.
#[test]
fn a_migration_is_given_the_time_that_it_needs() {
    let Some(place) = Place::postgres() else { return };
    place.execute(
        "CREATE TABLE seen (timeout TEXT); \
         CREATE FUNCTION look() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
         INSERT INTO seen VALUES (current_setting('statement_timeout')); END $$; \
         CREATE EVENT TRIGGER look ON ddl_command_start EXECUTE FUNCTION look()",
    );
    let _database = place.open().unwrap();
    place.execute(
        "DO $$ BEGIN IF (SELECT bool_or(timeout <> '0') OR count(*) = 0 FROM seen) THEN \
         RAISE EXCEPTION 'statement_timeout was %', (SELECT string_agg(DISTINCT timeout, ', ') FROM seen); END IF; END $$",
    );
}
