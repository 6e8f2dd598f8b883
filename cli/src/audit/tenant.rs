//! Which entries are about a tenant: only whoever holds the store's secret and the tenant's salt can tell (THR-49).

use std::path::Path;

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kokuin_audit::{
    Entry, TenantSecret,
    commitment::CommitmentLabel,
    entry::{Commitment, Serial},
};
use kokuin_settings::SecretFile;
use kokuin_store::TenantRepository;
use zeroize::Zeroizing;

use super::place;

/// Opens the commitments of one tenant, and of one of its actors where one was named.
#[derive(Debug)]
pub(super) struct Opener {
    /// The tenant's own, and the store's: entries from before tenants had salts were made with that alone.
    secrets: Vec<TenantSecret>,
    tenant: String,
    actor: Option<String>,
}

impl Opener {
    /// Reads the store's secret and the tenant's salt.
    ///
    /// # Errors
    /// If the secret cannot be read, or the store knows no such tenant.
    pub(super) fn load(data: &Path, tenant: &str, actor: Option<&str>) -> anyhow::Result<Self> {
        let store = store_secret(data)?;
        let tenants = TenantRepository::new(place::database_to_read(data)?);
        let Some(own) = tenants.known_secret(&store, tenant)? else {
            bail!("the store has no salt of such a tenant: it never had a seal made, or was erased");
        };
        Ok(Self { secrets: vec![own, store], tenant: tenant.to_owned(), actor: actor.map(str::to_owned) })
    }

    /// Whether `entry` is about the tenant.
    pub(super) fn opens(&self, entry: &Entry) -> bool {
        let (serial, tenant, actor) = match entry {
            Entry::Seal(seal) => (&seal.serial, seal.tenant, Some(seal.actor)),
            Entry::Erasure(erasure) => (&erasure.serial, erasure.tenant, None),
            _ => return false,
        };
        self.secrets.iter().any(|secret| {
            holds(secret, serial, CommitmentLabel::Tenant, &self.tenant, tenant)
                && self.actor.as_ref().is_none_or(|name| {
                    actor.is_some_and(|actor| holds(secret, serial, CommitmentLabel::Actor, name, actor))
                })
        })
    }
}

fn holds(secret: &TenantSecret, serial: &Serial, label: CommitmentLabel, value: &str, found: Commitment) -> bool {
    secret.commit(serial, label, value.as_bytes()) == found
}

/// The store's secret for tenants.
///
/// # Errors
/// If it cannot be read, or is none.
pub(super) fn store_secret(data: &Path) -> anyhow::Result<TenantSecret> {
    let path = place::tenant_secret_file(data)?;
    let failed = || format!("{} holds no secret of 32 octets in base64url", path.display());
    let secret = SecretFile::new(path.clone()).read()?;
    let octets = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret.expose()).with_context(failed)?);
    Ok(TenantSecret::new(<[u8; 32]>::try_from(octets.as_slice()).with_context(failed)?))
}

#[cfg(test)]
mod tests {
    use kokuin_audit::{
        LeafIndex,
        entry::{Digest, DigestSource, KeyName, Label, LogTime, Seal},
    };

    use super::*;

    fn seal(secret: &TenantSecret, number: u8, tenant: &str, actor: &str) -> Entry {
        let serial = Serial::new(&[number]).unwrap();
        let label = |text: &str| Label::new(text).unwrap();
        Entry::Seal(Seal {
            time: LogTime::from_unix_seconds(0),
            key: KeyName::new("seal-1").unwrap(),
            format: label("cades"),
            level: label("B-B"),
            bound_us: 1,
            measured: true,
            clock: LeafIndex(1),
            cert: LeafIndex(2),
            digest: Digest::of(b"a"),
            sig: Digest::of(b"b"),
            attrs: Digest::of(b"c"),
            tenant: secret.commit(&serial, CommitmentLabel::Tenant, tenant.as_bytes()),
            actor: secret.commit(&serial, CommitmentLabel::Actor, actor.as_bytes()),
            source: DigestSource::Computed,
            serial,
        })
    }

    #[test]
    fn shows_a_tenant_its_own_entries_and_no_others() {
        let store = TenantSecret::new([7; 32]);
        let (own, other) = (store.of_tenant(&[1; 32]), store.of_tenant(&[2; 32]));
        let opener = |actor: Option<&str>| Opener {
            secrets: vec![own.clone(), store.clone()],
            tenant: "a".to_owned(),
            actor: actor.map(str::to_owned),
        };
        let entries = [
            seal(&own, 1, "a", "invoices"),
            seal(&own, 2, "a", "payroll"),
            seal(&other, 3, "b", "invoices"),
            seal(&store, 4, "a", "invoices"),
            seal(&store, 5, "b", "invoices"),
        ];
        let shown = |actor| entries.iter().map(|entry| opener(actor).opens(entry)).collect::<Vec<_>>();
        assert_eq!(shown(None), [true, true, false, true, false]);
        assert_eq!(shown(Some("invoices")), [true, false, false, true, false]);
    }
}
