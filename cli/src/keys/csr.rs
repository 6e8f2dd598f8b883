//! `kokuin keys csr`.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use kokuin_asn1::pem;
use kokuin_audit::entry::OutcomeResult;
use kokuin_hsm_config::ceremony::CeremonyError;
use kokuin_key::{Protection, Purpose};
use kokuin_profile::{Applicant, ExtendedKeyUsageRule, Profile, Role};

use super::{Place, Which};
use crate::output;

const UNRECORDED: &str = "asked of the device, but the log will not have it: no record could be left";
const LABEL: &str = "CERTIFICATE REQUEST";
/// id-kp-timeStamping (RFC 3161 2.3).
const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// Who asks for what.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Full registered name of the organisation
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// Its number in a register, such as NTRJP-9000000000000 (EN 319 412-1, 5.1.4)
    #[arg(long, value_name = "ID")]
    organization_identifier: Option<String>,
    /// Name that people see
    #[arg(long, value_name = "NAME")]
    common_name: String,
    /// ISO 3166-1, two capital letters
    #[arg(long, value_name = "CC", default_value = "JP")]
    country: String,
    /// Certificate profile (docs/profiles.md) [default: that of the configuration]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// File to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let place = Place::open(&args.which.config)?;
    let id = &args.which.name;
    let room = place.room(&args.which)?;
    let name = match &args.profile {
        Some(name) => name,
        None => place.certificate(room, id).context("say --profile")?.1,
    };
    let Some(profile) = Profile::by_name(name) else {
        bail!("there is no profile {name}; docs/profiles.md lists them");
    };
    let key = room.load(id)?;
    if purpose(profile) != Some(key.purpose()) {
        bail!("key {id} is for {}, the profile {name} is not for such keys (JP-TS-14)", key.purpose());
    }
    let applicant = Applicant {
        country: args.country.clone(),
        organization: args.organization.clone(),
        organization_identifier: args.organization_identifier.clone(),
        common_name: args.common_name.clone(),
    };
    let info = applicant.request(profile, key.public_key())?;
    let reason = format!("profile {name}");
    let request = match key.protection() {
        Protection::Software => {
            let request = room.sign_request(id, &info)?;
            place.record("key-csr", id, Some(&reason))?;
            request
        }
        Protection::Device => {
            // A device's signature is announced, and explained whatever comes of it (THR-44).
            let announced = place.spool.announce(id, info.der())?;
            match room.sign_request(id, &info) {
                Ok(request) => {
                    place.spool.leave_signed(&announced, "key-csr", id.as_str(), Some(&reason)).context(UNRECORDED)?;
                    request
                }
                Err(error) => {
                    place.spool.leave_outcome(announced, outcome(&error), error.code()).context(UNRECORDED)?;
                    return Err(error.into());
                }
            }
        }
    };
    let request = pem::encode(LABEL, &request);
    match &args.out {
        Some(path) => output::write(path, request.as_bytes(), args.force),
        None => {
            print!("{request}");
            Ok(())
        }
    }
}

/// What became of a signature where there is no request.
const fn outcome(error: &CeremonyError) -> OutcomeResult {
    match error.of_signing() {
        // The key was not found, is another one or may not sign: it was not asked.
        None => OutcomeResult::Withdrawn,
        Some(error) if error.may_have_signed() => OutcomeResult::Unknown,
        Some(_) => OutcomeResult::Failed,
    }
}

/// What a key must be for whose certificate follows this profile; none for authorities.
fn purpose(profile: &Profile) -> Option<Purpose> {
    let stamps = |rule: &ExtendedKeyUsageRule| rule.exactly.iter().any(|purpose| purpose == TIME_STAMPING);
    match profile.role {
        Role::EndEntity if profile.extended_key_usage.as_ref().is_some_and(stamps) => Some(Purpose::Tst),
        Role::EndEntity => Some(Purpose::Seal),
        Role::Root | Role::Intermediate => None,
    }
}

#[cfg(test)]
mod tests {
    use kokuin_hsm_config::{pkcs11::Pkcs11Error, yubihsm::YubiHsmError};
    use kokuin_key::{KeyError, KeyId};

    use super::*;

    /// Only what the device said decides: what it did not answer is not known (THR-44, THR-60).
    #[test]
    fn a_request_that_the_device_refused_has_failed_and_one_without_answer_is_unknown_thr_44() {
        let of = |error: KeyError| {
            let both = [YubiHsmError::Key(error.clone()).into(), Pkcs11Error::Key(error).into()]
                .map(|e: CeremonyError| outcome(&e));
            assert_eq!(both[0], both[1]);
            both[0]
        };
        for said in [KeyError::Refused(9), KeyError::LogFull, KeyError::Unavailable] {
            assert_eq!(of(said), OutcomeResult::Failed);
        }
        for silent in [KeyError::AnswerLost, KeyError::TimedOut, KeyError::SessionLost, KeyError::WrongAnswer] {
            assert_eq!(of(silent), OutcomeResult::Unknown);
        }
        assert_eq!(outcome(&CeremonyError::OtherKey(KeyId::new("tsu-1").unwrap())), OutcomeResult::Withdrawn);
    }

    #[test]
    fn asks_for_a_certificate_of_the_keys_purpose_only_jp_ts_14() {
        let of = |name: &str| purpose(Profile::by_name(name).unwrap());
        assert_eq!(of("tsu"), Some(Purpose::Tst));
        assert_eq!((of("seal-jp"), of("seal-eu")), (Some(Purpose::Seal), Some(Purpose::Seal)));
        assert_eq!((of("issuing-ca"), of("dev-root")), (None, None));
    }
}
