//! The column of PKCS#11 in the table of faults in `docs/hsm.md` (THR-60, THR-66, THR-67): what one signature is answered with while a token fails.
//!
//! `KOKUIN_WRITE_DOCS=1 tests/pkcs11/run` writes it.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use cryptoki::session::UserType;
use kokuin_hsm_config::{ceremony::Ceremony as _, pkcs11::Pkcs11Store};
use kokuin_key::{KeyError, KeyId, Prepared, Purpose, SigningKey};

use crate::{
    Arguments, fault_table,
    place::{PIN, Place, pin, refusal},
};

const TOKEN: &str = "faults";
const OTHER: &str = "others";
const LOCKING: &str = "matrix-locks";
const KEY: &str = "tsu-1";

/// Faults of the table, and what `faulty.c` calls them; of two names both are to be answered alike.
const FAULTS: [(&str, &[&str]); 9] = [
    ("gone before it hears of the request", &["gone"]),
    ("pulled out of its connector", &["pulled"]),
    ("loses power while it signs", &["removed-while-signing"]),
    ("gone after it signed: the answer is lost", &["loses-answer"]),
    ("does not answer in time", &["blocks"]),
    ("forgets the session", &["loses-session"]),
    ("refuses", &["fails"]),
    ("gives a signature of another key or over other bytes", &["flips-bit", "signs-other-bytes"]),
    ("its log is full", &["log-full"]),
];
const SWAPPED: &str = "another device in its place";
const WRONG_PIN: &str = "takes another PIN, password or passphrase than it is given";
const AGAIN: &str = "is asked again with the same";
const FINAL_TRY: &str = "one wrong PIN more locks it";
const LOCKED: &str = "is locked";

/// Fails where a cell is not what is seen here.
pub(crate) fn run(place: &Place, arguments: &Arguments) -> anyhow::Result<()> {
    place.make_token(TOKEN)?;
    let store = place.store(TOKEN, PIN, "")?;
    let key = store.create(&KeyId::new(KEY)?, arguments.algorithms[0], Purpose::Tst)?;
    let mut seen = Vec::new();
    for (fault, names) in FAULTS {
        let mut answers = names.iter().map(|name| answer(&key, arguments, name)).collect::<anyhow::Result<Vec<_>>>()?;
        answers.dedup();
        seen.push((fault, answers.join(" or ")));
    }
    // Another token with the same PIN, and a key of the same name.
    let slot = place.make_token(OTHER)?;
    place.store(OTHER, PIN, "")?.create(&KeyId::new(KEY)?, arguments.algorithms[0], Purpose::Tst)?;
    seen.push((SWAPPED, answer(&key, arguments, &format!("swapped {}", slot.id()))?));
    drop(key);
    drop(store);
    // A process that is logged in is not asked for its PIN: this token is opened for the first time.
    place.make_token("matrix-pins")?;
    for fault in [WRONG_PIN, AGAIN] {
        seen.push((fault, refused(&place.store("matrix-pins", "a-wrong-pin", "")?)?));
    }
    let Some(attempts) = arguments.locks_after else {
        return fault_table::check("PKCS#11", &seen, &[FINAL_TRY, LOCKED]).map_err(anyhow::Error::msg);
    };
    place.make_token(LOCKING)?;
    let session = place.pkcs11.open_ro_session(place.slot(LOCKING)?)?;
    for _ in 1..attempts {
        ensure!(session.login(UserType::User, Some(&pin("a-wrong-pin"))).is_err(), "a wrong PIN opens the token");
    }
    seen.push((FINAL_TRY, refused(&place.store(LOCKING, PIN, "")?)?));
    ensure!(session.login(UserType::User, Some(&pin("a-wrong-pin"))).is_err(), "a wrong PIN opens the token");
    seen.push((LOCKED, refused(&place.store(LOCKING, PIN, "try_last_pin = true")?)?));
    fault_table::check("PKCS#11", &seen, &[]).map_err(anyhow::Error::msg)
}

fn refused(store: &Pkcs11Store) -> anyhow::Result<String> {
    Ok(format!("`{}`", refusal(store, "object=any")?.code()))
}

/// One signature under the fault by a signer that has signed, and those after it.
fn answer(key: &Arc<dyn SigningKey>, arguments: &Arguments, fault: &str) -> anyhow::Result<String> {
    let message = || Prepared::new(Purpose::Tst, key.algorithm().signature_algorithm(), b"message");
    let asked = || fs::read(arguments.faults.with_extension("count")).map_or(0, |count| count.len());
    let mut signer = key.open()?;
    signer.sign(message())?;
    let before = asked();
    fs::write(&arguments.faults, fault)?;
    let answer = signer.sign(message());
    let asked = asked() - before;
    // A new signer meets another token too.
    let anew = fault.starts_with("swapped").then(|| key.open().err());
    fs::write(&arguments.faults, "")?;
    ensure!(asked <= 1, "{fault}: asked {asked} times");
    let Err(error) = answer else { anyhow::bail!("{fault}: signed") };
    ensure!(anew.is_none_or(|anew| anew == Some(KeyError::Lost)), "{fault}: another token is taken");
    let begun = Instant::now();
    while let Err(error) = signer.sign(message()) {
        ensure!(begun.elapsed() < Duration::from_secs(7), "{fault}: does not recover: {error}");
    }
    let hidden = if error.may_have_signed() { ", may have signed" } else { "" };
    Ok(format!("`{}`{hidden}", error.code()))
}
