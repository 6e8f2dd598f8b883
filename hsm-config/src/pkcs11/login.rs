//! Giving a token its PIN, at most once if it is wrong (THR-67).

use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::TokenInfo;
use cryptoki::types::RawAuthPin;
use kokuin_settings::SecretFile;

use crate::attempt::{Attempt, TriedBefore};
use crate::folder::Folder;
use crate::pkcs11::{Pkcs11Error, TokenConfig};

/// The file that remembers an attempt.
const STATE: &str = "pin-state";

/// A shorter PIN is guessed in the attempts that tokens allow (THR-61).
const LEAST_PIN: usize = 6;

/// PINs that stand in manuals and examples of SoftHSM, YubiHSM and others (THR-61).
const EXAMPLES: [&[u8]; 10] = [
    b"123456",
    b"1234567",
    b"12345678",
    b"123456789",
    b"1234567890",
    b"000000",
    b"00000000",
    b"111111",
    b"password",
    b"0001password",
];

/// Logs in, unless the PIN is known to be wrong or the token is about to lock.
pub(super) fn log_in(
    session: &Session,
    info: &TokenInfo,
    config: &TokenConfig,
    folder: &Folder,
) -> Result<(), Pkcs11Error> {
    let token = || config.token.clone();
    if !info.token_initialized() || !info.user_pin_initialized() {
        return Err(Pkcs11Error::NotInitialised(token()));
    }
    if info.user_pin_locked() {
        return Err(Pkcs11Error::PinLocked(token()));
    }
    if info.user_pin_final_try() && !config.try_last_pin {
        return Err(Pkcs11Error::PinFinalTry(token()));
    }
    let pin = SecretFile::new(config.pin_file.clone()).read()?;
    if pin.expose().len() < LEAST_PIN || EXAMPLES.iter().any(|example| pin.matches(example)) {
        return Err(Pkcs11Error::PinWeak { token: token(), least: LEAST_PIN });
    }
    let (module, serial) = (config.module.as_os_str().as_encoded_bytes(), config.serial.as_deref().unwrap_or_default());
    let subject = [module, config.token.as_bytes(), serial.as_bytes(), pin.expose()];
    let attempt = match Attempt::begin(folder, STATE, &subject)? {
        Ok(attempt) => attempt,
        Err(TriedBefore(marker)) => {
            return Err(Pkcs11Error::PinNotTried { token: token(), pin_file: config.pin_file.clone(), marker });
        }
    };
    let secret = RawAuthPin::new(Box::new(pin.expose().to_vec()));
    let error = match session.login_with_raw(UserType::User, &secret) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => return Ok(attempt.was_taken()?),
        Err(error) => error,
    };
    match error {
        Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinExpired, _) => {
            attempt.was_refused()?;
            Err(Pkcs11Error::PinRefused { token: token(), pin_file: config.pin_file.clone() })
        }
        Error::Pkcs11(RvError::PinLocked, _) => {
            attempt.was_refused()?;
            Err(Pkcs11Error::PinLocked(token()))
        }
        Error::Pkcs11(
            RvError::TokenNotPresent
            | RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::CryptokiNotInitialized
            | RvError::UserPinNotInitialized
            | RvError::FunctionNotSupported,
            _,
        ) => {
            attempt.was_not_made()?;
            Err(error.into())
        }
        // Whether the token looked at the PIN is not known: a new one is taken to have been tried.
        other => Err(other.into()),
    }
}
