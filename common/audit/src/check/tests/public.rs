//! THR-49: what somebody who has the public tiles, and nothing else, can find out about tenants.

use std::collections::HashSet;

use super::*;
use crate::{
    commitment::{CommitmentLabel, TenantSecret},
    entry::{DigestSource, Seal},
};

const DOCUMENT: &[u8] = b"an invoice that the guesser has as well";

pub(super) fn seal(secret: &TenantSecret, number: u64, tenant: &str, actor: &str) -> Entry {
    let serial = Serial::new(&number.to_be_bytes()).unwrap();
    let label = |text: &str| Label::new(text).unwrap();
    let object = [DOCUMENT, &number.to_be_bytes(), b" and a signature around it"].concat();
    Entry::Seal(Seal {
        time: LogTime::from_unix_seconds(1),
        key: key(),
        format: label("cades"),
        level: label("B-B"),
        bound_us: 1,
        measured: true,
        clock: LeafIndex(1),
        cert: LeafIndex(2),
        digest: Digest::of(&object),
        sig: Digest::of(&number.to_be_bytes()),
        attrs: Digest::of(&object[..20]),
        tenant: secret.commit(&serial, CommitmentLabel::Tenant, tenant.as_bytes()),
        actor: secret.commit(&serial, CommitmentLabel::Actor, actor.as_bytes()),
        source: DigestSource::Computed,
        serial,
    })
}

#[test]
fn public_tiles_tell_no_tenant_no_known_file_and_no_tenant_s_volume_thr_49() {
    let store = MemoryStore::new();
    let log = open(&store);
    prologue().iter().for_each(|entry| drop(log.append(entry).unwrap()));
    let secret = TenantSecret::new([7; 32]);
    let tenants = [("acme-corporation", secret.of_tenant(&[1; 32])), ("beta-industries", secret.of_tenant(&[2; 32]))];
    for number in 0..20 {
        let (name, own) = &tenants[usize::from(number % 5 == 0)];
        log.append(&seal(own, number, name, "invoice-robot")).unwrap().wait().unwrap();
    }
    log.close().unwrap();
    let public = fs::read(folder(&store).path().join("tile/entries/000.p/23")).unwrap();
    let text = String::from_utf8_lossy(&public);

    for name in ["acme-corporation", "beta-industries", "invoice-robot"] {
        assert!(!text.contains(name), "{name} stands in clear");
    }
    // Somebody who has the document looks for its digest.
    let known = Digest::of(DOCUMENT);
    assert!(!text.contains(&known.to_string()) && !text.contains(&hex::encode(known.as_bytes())));
    let entries: Vec<Entry> =
        (3..23).map(|index| Entry::parse(&store.entry(LeafIndex(index)).unwrap().unwrap()).unwrap()).collect();
    let mut seen = HashSet::new();
    for entry in &entries {
        let Entry::Seal(seal) = entry else { panic!("{entry:?}") };
        // One commitment never comes twice, whoever it is about: nobody can group entries, and so count a tenant's.
        assert!(seen.insert(seal.tenant) && seen.insert(seal.actor));
        // Whoever guesses the name lacks the secret; what they have is the public serial.
        for guessed in [[0; 32], [0xff; 32], *Digest::of(b"acme-corporation").as_bytes()] {
            let guess = TenantSecret::new(guessed).commit(&seal.serial, CommitmentLabel::Tenant, b"acme-corporation");
            assert_ne!(guess, seal.tenant);
        }
    }
    assert_eq!(seen.len(), 40);
}
