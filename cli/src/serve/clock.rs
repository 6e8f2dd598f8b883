//! The clock that a process runs on.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use kokuin_clock::{Clock, RefusingClock, SystemClock, ntp::MeasuredClock};

use crate::config::Config;

/// Two sources that disagree stop the service; one alone would be believed whatever it says (JP-TS-20).
const NEEDED: usize = 2;

/// The machine's clock in development; otherwise one that is measured, or refuses where nothing measures it.
///
/// # Errors
/// If a setting of the measurement breaks a rule.
pub(super) fn start(config: &Config) -> anyhow::Result<Arc<dyn Clock>> {
    if config.development {
        return Ok(Arc::new(SystemClock::undisciplined_for_development()));
    }
    let Some(clock) = &config.clock else {
        tracing::error!("no [clock] is configured: nothing is issued without a source of time");
        return Ok(Arc::new(RefusingClock));
    };
    let rules = clock.rules()?;
    let servers = clock.servers();
    let sources = servers.len();
    if sources < NEEDED {
        tracing::error!(sources, needed = NEEDED, "[clock] names too few sources of time: nothing is issued");
        return Ok(Arc::new(RefusingClock));
    }
    tracing::warn!(sources, "whatever comes by NTP without NTS is not authenticated");
    Ok(Arc::new(MeasuredClock::start(rules, servers).context("cannot start the clock")?))
}

/// Whether a start would measure the time: [`start`] begins without, so that the log can be read, and issues nothing.
///
/// # Errors
/// What is missing or breaks a rule.
pub(super) fn check(config: &Config) -> anyhow::Result<()> {
    let clock = config.clock.as_ref().context("there is no [clock]: nothing would be issued")?;
    clock.rules()?;
    let sources = clock.servers().len();
    if sources < NEEDED {
        bail!("[clock] names {sources} sources of time, {NEEDED} are needed (JP-TS-20)");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kokuin_clock::ClockState;

    use super::*;
    use crate::config::SMALLEST;

    fn started(text: &str) -> ClockState {
        let text = format!("{text}{SMALLEST}");
        start(&kokuin_settings::parse(Path::new("kokuin.toml"), &text).unwrap()).unwrap().state()
    }

    #[test]
    fn refuses_without_two_sources_outside_development_jp_ts_20() {
        assert_eq!(started(""), ClockState::Refusing);
        assert_eq!(started("clock = { sources = [] }"), ClockState::Refusing);
        assert_eq!(started("clock = { sources = [\"127.0.0.1:9\"] }"), ClockState::Refusing);
        assert_eq!(started("clock = { chrony = \"127.0.0.1:323\" }"), ClockState::Refusing, "a chrony is one");
    }

    #[test]
    fn measures_with_two_sources_and_issues_nothing_until_they_agree_jp_ts_09() {
        let state = started("clock = { sources = [\"127.0.0.1:9\", \"127.0.0.2:9\"] }");
        assert!(matches!(state, ClockState::Unmeasured | ClockState::Alone), "{state:?}");
    }

    #[test]
    fn development_ignores_the_sources() {
        let state = started("development = true\nclock = { sources = [\"127.0.0.1:9\"] }");
        assert_eq!(state, ClockState::Undisciplined);
    }
}
