//! Devices under watch: what services need of them is there before the start, and they stay what their manifests say.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, bail};
use kokuin_hsm_config::{
    manifest::ObjectId,
    plan::{Lack, Plan},
    yubihsm::{
        YubiHsmStore, YubiHsmUri,
        manage::{Look, Watch},
    },
};
use kokuin_key::{KeyUri, Scheme};
use kokuin_web::{NotReady, Readiness};

use super::process::Role;
use crate::{config::Config, keyring::Keyring};

/// A device is looked at no more often, whatever the configuration says.
const LEAST: Duration = Duration::from_secs(5);

/// The watched devices. The threads end when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Devices {
    stop: Vec<mpsc::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    states: Vec<Arc<State>>,
}

/// One device.
#[derive(Debug)]
struct Watched {
    watch: Watch,
    every: Duration,
    state: Arc<State>,
}

/// Which difference of a device touches a key in use.
#[derive(Debug)]
struct State {
    device: String,
    touched: Mutex<Option<&'static str>>,
}

impl State {
    fn touched(&self) -> Option<&'static str> {
        *self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The devices whose keys the services of `role` use.
fn watched(config: &Config, keys: &Keyring, role: Role) -> anyhow::Result<Vec<Watched>> {
    let mut devices = Vec::new();
    for store in keys.devices() {
        let needs = needs(config, store, role)?;
        if needs.is_empty() {
            continue;
        }
        let watch = Watch::new(store.config(), needs).with_context(|| format!("device {}", store.name()))?;
        let state = Arc::new(State { device: store.name().to_string(), touched: Mutex::default() });
        devices.push(Watched { watch, every: store.config().compare_every.as_std().max(LEAST), state });
    }
    Ok(devices)
}

fn needs(config: &Config, store: &YubiHsmStore, role: Role) -> anyhow::Result<Vec<kokuin_hsm_config::plan::Need>> {
    let mut needs = Vec::new();
    for found in config.uses() {
        let is_ours = match found.part {
            "tsu" => role.stamps(),
            "credential" => role.seals(),
            _ => true,
        };
        let uri: KeyUri = found.key.parse()?;
        if !is_ours || uri.scheme() != Scheme::YubiHsm {
            continue;
        }
        let meant: YubiHsmUri = uri.rest().parse()?;
        if meant.device == *store.name() {
            let user = format!("{} {}", found.part, found.name);
            needs.push(store.need(user, &meant).with_context(|| found.key.to_owned())?);
        }
    }
    Ok(needs)
}

/// What would stop a start: everything at once.
fn refusals(device: &str, lacks: &[Lack], development: bool) -> Vec<String> {
    let (borne, stopping): (Vec<_>, Vec<_>) =
        lacks.iter().partition(|lack| development && lack.is_borne_in_development());
    for lack in borne {
        tracing::warn!(device, code = lack.code(), "{lack}; production refuses to start");
    }
    stopping.iter().map(|lack| format!("device {device}: {lack} ({})", lack.code())).collect()
}

/// Refuses a start that would fail at the first signature, or that production must not risk (THR-59, THR-61, THR-69).
pub(super) fn check(config: &Config, keys: &Keyring, role: Role) -> anyhow::Result<()> {
    look_at_all(config, &mut watched(config, keys, role)?)
}

fn look_at_all(config: &Config, devices: &mut [Watched]) -> anyhow::Result<()> {
    let mut refused = Vec::new();
    for Watched { watch, state, .. } in devices {
        let look = watch.look().with_context(|| format!("device {}", state.device))?;
        refused.extend(refusals(&state.device, &look.lacks, config.development));
        note(watch, state, look.plan.as_ref());
    }
    if refused.is_empty() { Ok(()) } else { bail!("{}", refused.join("; ")) }
}

impl Devices {
    /// Looks at every device once, then each on its timer.
    ///
    /// # Errors
    /// As [`check`], or if the operating system gives no thread.
    pub(super) fn start(config: &Config, keys: &Keyring, role: Role) -> anyhow::Result<Self> {
        let mut found = watched(config, keys, role)?;
        look_at_all(config, &mut found)?;
        let mut devices = Self::default();
        for one in found {
            let (stop, stopped) = mpsc::channel::<()>();
            devices.states.push(Arc::clone(&one.state));
            devices.stop.push(stop);
            let thread = thread::Builder::new().name("device-watch".to_owned());
            devices.threads.push(thread.spawn(move || keep_looking(one, &stopped))?);
        }
        Ok(devices)
    }

    /// What `/readyz` says while a device differs where a key in use is touched.
    pub(super) fn readiness(&self) -> Arc<dyn Readiness> {
        Arc::new(Untouched(self.states.clone()))
    }
}

fn keep_looking(Watched { mut watch, every, state }: Watched, stopped: &mpsc::Receiver<()>) {
    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        match watch.look() {
            Ok(Look { lacks, plan }) => {
                // At the start they would have stopped it; now keys tell by themselves whether they sign.
                for lack in &lacks {
                    tracing::error!(device = state.device, code = lack.code(), "{lack}");
                }
                note(&watch, &state, plan.as_ref());
            }
            // What was seen last stands: a device that is away signs nothing anyway.
            Err(error) => tracing::warn!(device = state.device, code = error.code(), "cannot be compared now: {error}"),
        }
    }
}

/// Tells every difference, and keeps the first that touches a key in use.
fn note(watch: &Watch, state: &State, plan: Option<&Plan>) {
    let used: Vec<ObjectId> = watch.needs().iter().map(|need| need.key).collect();
    let mut touched = None;
    for finding in plan.into_iter().flat_map(Plan::findings) {
        let (difference, touches) = (&finding.difference, used.iter().any(|key| finding.touches.key(*key)));
        tracing::error!(
            device = state.device,
            code = difference.code(),
            touches,
            "differs from its manifest: {difference}"
        );
        if touches && touched.is_none() {
            touched = Some(difference.code());
        }
    }
    *state.touched.lock().unwrap_or_else(PoisonError::into_inner) = touched;
}

struct Untouched(Vec<Arc<State>>);

impl Readiness for Untouched {
    fn check(&self) -> Result<(), NotReady> {
        let found = self.0.iter().find_map(|state| state.touched().map(|code| (state, code)));
        found.map_or(Ok(()), |(state, code)| {
            Err(NotReady { code, detail: format!("device {} differs from its manifest", state.device) })
        })
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        self.stop.clear();
        for thread in self.threads.drain(..) {
            // A panic in there has been printed already.
            thread.join().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacks() -> Vec<Lack> {
        let user = "tsu tsu-1".to_owned();
        let firmware = kokuin_hsm_config::manifest::Firmware(2, 2, 0);
        vec![
            Lack::EcdsaTiming { user: user.clone(), firmware },
            Lack::FactoryPassword,
            Lack::Key { user, key: ObjectId::FIRST },
        ]
    }

    #[test]
    fn production_refuses_what_development_bears_thr_61_thr_69() {
        let refused = refusals("hsm-1", &lacks(), false).join("\n");
        for code in ["preflight.ecdsa-timing", "preflight.factory-password", "preflight.key"] {
            assert!(refused.contains(code), "{refused}");
        }
        let refused = refusals("hsm-1", &lacks(), true);
        assert_eq!(refused.len(), 1, "a key that is not there signs nowhere: {refused:?}");
        assert!(refused[0].contains("preflight.key"));
    }

    #[test]
    fn a_difference_that_touches_a_key_is_told_and_its_end_too() {
        let state = Arc::new(State { device: "hsm-1".to_owned(), touched: Mutex::default() });
        let readiness = Untouched(vec![Arc::clone(&state)]);
        assert!(readiness.check().is_ok());
        *state.touched.lock().unwrap() = Some("drift.undeclared");
        let reason = readiness.check().unwrap_err();
        assert_eq!(
            (reason.code, reason.detail.as_str()),
            ("drift.undeclared", "device hsm-1 differs from its manifest")
        );
        *state.touched.lock().unwrap() = None;
        assert!(readiness.check().is_ok());
    }
}
