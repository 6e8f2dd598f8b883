//! The suite that every back end passes, with the faults of a module in front.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::ensure;
use kokuin_hsm_config::{ceremony::Ceremony, pkcs11::Pkcs11Store};
use kokuin_key::{
    KeyError, KeyId, Prepared, Protection, Purpose, SigningKey,
    conformance::{self, Backend, Fault},
};
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm, Verify as _};
use kokuin_suite_openssl::OpenSslEngine;

use crate::{
    Arguments, Findings,
    place::{PIN, Place},
};

const TOKEN: &str = "conformance";

struct Token {
    store: Pkcs11Store,
    algorithm: KeyAlgorithm,
    faults: PathBuf,
    made: Arc<AtomicU32>,
}

impl Backend for Token {
    fn algorithms(&self) -> Vec<KeyAlgorithm> {
        vec![self.algorithm]
    }

    fn make(&self, algorithm: KeyAlgorithm, purpose: Purpose) -> Result<Arc<dyn SigningKey>, String> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let id = KeyId::new(&format!("key-{number}")).map_err(|error| error.to_string())?;
        self.store.create(&id, algorithm, purpose).map_err(|error| error.to_string())
    }

    fn suspend(&self, id: &KeyId, suspended: bool) -> Result<(), String> {
        let done = if suspended { self.store.suspend(id) } else { self.store.resume(id) };
        done.map_err(|error| error.to_string())
    }

    fn show(&self, fault: Option<Fault>) -> bool {
        let name = match fault {
            None => "",
            Some(Fault::Gone) => "gone",
            Some(Fault::LosesSession) => "loses-session",
            Some(Fault::Blocks) => "blocks",
            Some(Fault::LosesAnswer) => "loses-answer",
            Some(Fault::Fails) => "fails",
            Some(Fault::FlipsBit) => "flips-bit",
            Some(Fault::SignsOtherBytes) => "signs-other-bytes",
            // PKCS#11 knows no log of the device.
            Some(Fault::LogFull) => return false,
        };
        fs::write(&self.faults, name).is_ok()
    }
}

pub(crate) fn run(place: &Place, arguments: &Arguments, findings: &mut Findings) -> anyhow::Result<()> {
    place.make_token(TOKEN)?;
    let made = Arc::new(AtomicU32::new(0));
    for algorithm in &arguments.algorithms {
        let store = place.store(TOKEN, PIN, "")?;
        let token = Token { store, algorithm: *algorithm, faults: arguments.faults.clone(), made: Arc::clone(&made) };
        findings.add(&format!("{algorithm} conforms, faults included"), conforms(&token));
        findings.add(&format!("{algorithm} signs with every algorithm that fits it"), signs_all(&token));
    }
    let store = place.store(TOKEN, PIN, "max_sessions = 3")?;
    let token =
        Token { store, algorithm: arguments.algorithms[0], faults: arguments.faults.clone(), made: Arc::clone(&made) };
    findings
        .add("THR-60 a request that may have been signed is an error and is not asked again", is_not_doubled(&token));
    findings.add("sessions are bounded, and given back", bounds_sessions(&token));
    Ok(())
}

fn conforms(token: &Token) -> anyhow::Result<()> {
    let report = conformance::run(token, &OpenSslEngine)?;
    ensure!(report.not_tried.iter().eq([&Fault::LogFull]), "not tried: {:?}", report.not_tried);
    ensure!(report.held.len() == 13, "held: {:?}", report.held);
    Ok(())
}

fn signs_all(token: &Token) -> anyhow::Result<()> {
    let key = token.make(token.algorithm, Purpose::Seal).map_err(anyhow::Error::msg)?;
    ensure!(key.protection() == Protection::Device, "not in a device");
    let mut signer = key.open()?;
    for asked in SignatureAlgorithm::ALL {
        if token.algorithm.fits(asked) && asked != SignatureAlgorithm::RsaPkcs1Sha1 {
            let signature = signer.sign(Prepared::new(Purpose::Seal, asked, b"message"))?;
            OpenSslEngine.verify(asked, key.public_key(), b"message", &signature)?;
        }
    }
    Ok(())
}

fn is_not_doubled(token: &Token) -> anyhow::Result<()> {
    let key = token.make(token.algorithm, Purpose::Tst).map_err(anyhow::Error::msg)?;
    let mut signer = key.open()?;
    let mut ask = || signer.sign(Prepared::new(Purpose::Tst, key.algorithm().signature_algorithm(), b"message"));
    let counted = || -> usize {
        let count = token.faults.with_extension("count");
        fs::read(count).map_or(0, |count| count.len())
    };
    for (fault, may_have_signed) in [("loses-answer", true), ("removed-while-signing", true), ("fails", false)] {
        let before = counted();
        fs::write(&token.faults, fault)?;
        let answer = ask();
        fs::write(&token.faults, "")?;
        let told = answer.as_ref().is_err_and(|error| error.may_have_signed() == may_have_signed);
        ensure!(told, "{fault}: {answer:?}");
        ensure!(counted() == before + 1, "{fault}: asked {} times", counted() - before);
        // The same signer opens another session by itself.
        ask()?;
    }
    Ok(())
}

fn bounds_sessions(token: &Token) -> anyhow::Result<()> {
    let key = token.make(token.algorithm, Purpose::Tst).map_err(anyhow::Error::msg)?;
    let mut signers = Vec::new();
    for _ in 0..3 {
        signers.push(key.open()?);
    }
    let fourth = key.open().err();
    ensure!(fourth == Some(KeyError::Unavailable), "{fourth:?}");
    signers.clear();
    // Their threads close the sessions.
    std::thread::sleep(std::time::Duration::from_millis(500));
    key.open()?;
    Ok(())
}
