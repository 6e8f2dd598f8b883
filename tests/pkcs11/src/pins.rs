//! PINs: a wrong one is tried once (THR-67), a weak one not at all (THR-61).

use anyhow::ensure;
use cryptoki::session::UserType;

use crate::{
    Arguments, Findings,
    place::{PIN, Place, pin, refused_with},
};

pub(crate) fn run(place: &Place, arguments: &Arguments, findings: &mut Findings) -> anyhow::Result<()> {
    place.make_token("pins")?;
    findings.add("THR-61 PINs of examples and short ones are not tried", weak_pins(place));
    findings.add("THR-67 a wrong PIN is tried once, whoever asks", tried_once(place));
    if let Some(attempts) = arguments.locks_after {
        place.make_token("locking")?;
        findings.add("THR-67 a token that is about to lock is left alone", final_try(place, attempts));
        findings.add("THR-67 a locked token is not tried", locked(place));
    }
    Ok(())
}

const KEY: &str = "object=any";

fn weak_pins(place: &Place) -> anyhow::Result<()> {
    for weak in ["12345678", "123456", "password", "0001password", "x7!"] {
        refused_with(&place.store("pins", weak, "")?, KEY, &["pkcs11.pin-weak"])?;
    }
    ensure!(!is_low(place, "pins")?, "the token was given a PIN");
    Ok(())
}

/// Whether the token remembers a wrong PIN since the last right one.
fn is_low(place: &Place, token: &str) -> anyhow::Result<bool> {
    Ok(place.pkcs11.get_token_info(place.slot(token)?)?.user_pin_count_low())
}

fn tried_once(place: &Place) -> anyhow::Result<()> {
    refused_with(&place.store("pins", "a-wrong-pin", "")?, KEY, &["pkcs11.pin-refused"])?;
    for _ in 0..3 {
        let store = place.store("pins", "a-wrong-pin", "")?;
        refused_with(&store, KEY, &["pkcs11.pin-not-tried"])?;
        refused_with(&store, KEY, &["pkcs11.pin-not-tried"])?;
    }
    // Another PIN is worth another attempt; the right one opens the token.
    refused_with(&place.store("pins", "another-wrong-pin", "")?, KEY, &["pkcs11.pin-refused"])?;
    refused_with(&place.store("pins", PIN, "")?, KEY, &["pkcs11.unknown-key"])
}

fn final_try(place: &Place, attempts: u32) -> anyhow::Result<()> {
    let slot = place.slot("locking")?;
    let session = place.pkcs11.open_ro_session(slot)?;
    for _ in 1..attempts {
        ensure!(session.login(UserType::User, Some(&pin("a-wrong-pin"))).is_err(), "a wrong PIN opens the token");
    }
    let flags = || place.pkcs11.get_token_info(slot);
    ensure!(flags()?.user_pin_final_try(), "the token does not say that one try is left");
    refused_with(&place.store("locking", "yet-another-pin", "")?, KEY, &["pkcs11.pin-final-try"])?;
    ensure!(flags()?.user_pin_final_try() && !flags()?.user_pin_locked(), "it was tried");
    refused_with(&place.store("locking", PIN, "try_last_pin = true")?, KEY, &["pkcs11.unknown-key"])
}

fn locked(place: &Place) -> anyhow::Result<()> {
    let slot = place.slot("locking")?;
    let session = place.pkcs11.open_ro_session(slot)?;
    while !place.pkcs11.get_token_info(slot)?.user_pin_locked() {
        ensure!(session.login(UserType::User, Some(&pin("a-wrong-pin"))).is_err(), "a wrong PIN opens the token");
    }
    refused_with(&place.store("locking", PIN, "try_last_pin = true")?, KEY, &["pkcs11.pin-locked"])
}
