//! Keys, certificates and secrets of a development start. Each piece is made only where it is missing, so that a start that was cut short goes on.

use std::{fs, path::Path, sync::Arc};

use anyhow::Context as _;
use kokuin_asn1::{Certificate, pem};
use kokuin_devca::{DevCa, Subject, Validity};
use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::{KeyId, Purpose, SigningKey};
use kokuin_profile::Profile;
use kokuin_suite::KeyAlgorithm;

use super::{Layout, Wishes, authority};
use crate::{
    fresh,
    output::{self, Readers},
};

/// Names of the four keys.
pub(super) const CA: &str = "ca";
pub(super) const TSU: &str = "tsu";
pub(super) const SEAL: &str = "seal-demo";
pub(super) const LOG: &str = "log";

/// Seconds by which certificates begin early, for clocks that are a little behind.
const BACKDATE: i64 = 300;

/// Makes keys, certificates, API token and secrets.
pub(super) fn make(layout: &Layout, wishes: &Wishes, now: i64) -> anyhow::Result<()> {
    for secret in [layout.passphrase(), layout.api_token(), layout.tenant_secret(), layout.token_secret()] {
        fresh::make_secret(&secret)?;
    }
    let store = SoftStore::open(&layout.keys(), &layout.passphrase())?;
    let key = |name, algorithm, purpose| load_or_create(&store, name, algorithm, purpose);
    let ca_key = key(CA, KeyAlgorithm::P256, Purpose::Ca)?;
    let tsu = key(TSU, wishes.tsu.algorithm(), Purpose::Tst)?;
    let seal = key(SEAL, KeyAlgorithm::P256, Purpose::Seal)?;
    key(LOG, KeyAlgorithm::Ed25519, Purpose::Log)?;

    let ca = make_root(layout, &ca_key, wishes, now)?;
    let issue = |path: &Path, profile: &str, subject: &Subject, key: &Arc<dyn SigningKey>| -> anyhow::Result<()> {
        if path.exists() {
            return Ok(());
        }
        let profile = Profile::by_name(profile).with_context(|| format!("profile {profile} is missing"))?;
        let certificate = ca.issue(profile, subject, key.public_key(), Validity::usual(profile, now - BACKDATE))?;
        write_certificates(path, &[&certificate, ca.certificate()])
    };
    issue(&layout.tsu_certificate(), "tsu", &Subject::demo_organization("Kokuin Development TSU"), &tsu)?;
    issue(&layout.seal_certificate(), "seal-jp", &Subject::demo_organization("Demo Organization e-Seal"), &seal)
}

fn load_or_create(
    store: &SoftStore,
    name: &str,
    algorithm: KeyAlgorithm,
    purpose: Purpose,
) -> anyhow::Result<Arc<dyn SigningKey>> {
    let id = KeyId::new(name)?;
    if store.list()?.contains(&id) {
        return Ok(store.load(&id)?);
    }
    Ok(store.create(&id, algorithm, purpose)?)
}

fn make_root(layout: &Layout, key: &Arc<dyn SigningKey>, wishes: &Wishes, now: i64) -> anyhow::Result<DevCa> {
    let url = authority::crl_url(wishes.tsa_listen);
    let path = layout.root_certificate();
    if path.exists() {
        return Ok(DevCa::load(read_certificate(&path)?, Arc::clone(key), &url)?);
    }
    let ca = DevCa::create(Arc::clone(key), "Kokuin Development Root", now - BACKDATE, &url)?;
    write_certificates(&path, &[ca.certificate()])?;
    Ok(ca)
}

/// The first certificate in a PEM file.
pub(super) fn read_certificate(path: &Path) -> anyhow::Result<Certificate> {
    let failed = || format!("cannot read a certificate from {}", path.display());
    let blocks = pem::decode_all(&fs::read(path).with_context(failed)?).with_context(failed)?;
    let block = blocks.first().with_context(failed)?;
    Certificate::parse(&block.der).with_context(failed)
}

fn write_certificates(path: &Path, certificates: &[&Certificate]) -> anyhow::Result<()> {
    let text: String = certificates.iter().map(|certificate| pem::encode("CERTIFICATE", certificate.der())).collect();
    output::create(path, text.as_bytes(), Readers::Anyone)
}
