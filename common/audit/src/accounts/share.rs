//! How the entries about one key stand against what devices say of it.
//!
//! While a process runs, its back end pairs each of its calls with a line of the device, one by one; that is the alarm. Lines that an earlier process
//! left can only be counted: since the last settlement the device made at least what entries say was signed, and at most as many more as there are
//! intents of which nobody knows. A settlement (the first lines that a process reads) starts the count anew, so that an answer lost long ago covers
//! no signature made today. Keys that are in several devices are never settled: each device only knows its own part.

use crate::entry::{DeviceShare, DeviceSignatures, KeyAccount, KeyName, Label, Settled};

impl KeyAccount {
    /// Of a key that nothing is known of.
    #[must_use]
    pub const fn new(key: KeyName) -> Self {
        Self {
            key,
            intents: 0,
            withdrawn: 0,
            tokens: 0,
            seals: 0,
            batches: 0,
            tests: 0,
            failed_tests: 0,
            requests: 0,
            failed: 0,
            discarded: 0,
            unknown: 0,
            device: None,
        }
    }

    /// How often a device was asked, or may have been.
    #[must_use]
    pub const fn attempts(&self) -> u64 {
        self.intents.saturating_sub(self.withdrawn)
    }

    /// Signatures that entries say were made and used.
    #[must_use]
    pub const fn used(&self) -> u64 {
        let objects = self.tokens.saturating_add(self.seals).saturating_add(self.batches);
        objects.saturating_add(self.tests).saturating_add(self.requests)
    }

    /// Signatures that entries say were made.
    #[must_use]
    pub const fn signed(&self) -> u64 {
        self.used().saturating_add(self.discarded)
    }

    /// Intents of which nobody knows whether they were signed.
    #[must_use]
    pub const fn uncertain(&self) -> u64 {
        self.unknown.saturating_add(self.failed_tests)
    }

    /// Signatures that devices made beyond those that entries explain, `open` intents having no end yet.
    #[must_use]
    pub fn surplus(&self, open: u64) -> u64 {
        let Some(device) = &self.device else { return 0 };
        device.surplus.saturating_add(self.now(device).surplus(open))
    }

    /// Signatures that entries say were made since the last settlement, and no device says so. Lines not read yet are among them.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.device.as_ref().map_or(0, |device| self.now(device).missing())
    }

    /// Of the signatures that devices made, those whose entries say that they were thrown away: only the service says so (THR-56). Where the entry says
    /// that nothing was signed, the signature is among the [surplus](Self::surplus).
    #[must_use]
    pub fn by_word_alone(&self) -> u64 {
        let Some(device) = &self.device else { return 0 };
        self.discarded.min(device.made.saturating_sub(self.used()))
    }

    /// What it gained since it was `before`.
    #[must_use]
    pub(crate) fn since(&self, before: &Self) -> Self {
        let gained = |now: u64, then: u64| now.saturating_sub(then);
        let none = DeviceShare::default();
        let then = before.device.as_ref().unwrap_or(&none);
        Self {
            key: self.key.clone(),
            intents: gained(self.intents, before.intents),
            withdrawn: gained(self.withdrawn, before.withdrawn),
            tokens: gained(self.tokens, before.tokens),
            seals: gained(self.seals, before.seals),
            batches: gained(self.batches, before.batches),
            tests: gained(self.tests, before.tests),
            failed_tests: gained(self.failed_tests, before.failed_tests),
            requests: gained(self.requests, before.requests),
            failed: gained(self.failed, before.failed),
            discarded: gained(self.discarded, before.discarded),
            unknown: gained(self.unknown, before.unknown),
            device: self.device.as_ref().map(|now| DeviceShare {
                devices: now.devices.clone(),
                made: gained(now.made, then.made),
                doubtful: gained(now.doubtful, then.doubtful),
                refused: gained(now.refused, then.refused),
                surplus: gained(now.surplus, then.surplus),
                settled: Settled::default(),
            }),
        }
    }

    /// Takes what a device's lines say.
    pub(super) fn said(&mut self, device: &Label, said: &DeviceSignatures, begins: bool, open: u64) {
        let (signed, uncertain) = (self.signed(), self.uncertain());
        let share = self.device.get_or_insert_with(|| {
            // What a device did before its lines were kept is compared with nothing.
            let signed = if open == 0 { signed } else { signed.saturating_sub(said.made) };
            let before = Settled { made: said.made, signed, unknown: uncertain };
            DeviceShare { settled: if begins { before } else { Settled::default() }, ..DeviceShare::default() }
        });
        if !share.devices.contains(device) {
            share.devices.push(device.clone());
        }
        share.made = share.made.saturating_add(said.made);
        share.doubtful = share.doubtful.saturating_add(said.doubtful);
        share.refused = share.refused.saturating_add(said.refused);
        self.keep_surplus(open);
    }

    /// What is too much now stays so: every signature had its intent before it was made, and no later one explains it.
    fn keep_surplus(&mut self, open: u64) {
        let Some(share) = &self.device else { return };
        let surplus = self.now(share).surplus(open);
        if let Some(share) = &mut self.device {
            share.surplus = share.surplus.saturating_add(surplus);
            share.settled.made = share.settled.made.saturating_add(surplus);
        }
    }

    /// What an earlier process left is told: from here on the counts begin anew.
    pub(super) fn settle(&mut self, device: &Label) {
        let (signed, unknown) = (self.signed(), self.uncertain());
        let Some(share) = &self.device else { return };
        if share.devices != [device.clone()] {
            return;
        }
        let (missing, made) = (self.now(share).missing(), share.made);
        if let Some(share) = &mut self.device {
            share.settled = Settled { made, signed: signed - missing, unknown };
        }
    }

    fn now(&self, device: &DeviceShare) -> Since {
        Since {
            made: device.made.saturating_sub(device.settled.made),
            signed: self.signed().saturating_sub(device.settled.signed),
            unknown: self.uncertain().saturating_sub(device.settled.unknown),
        }
    }
}

/// Counts since the last settlement.
struct Since {
    made: u64,
    signed: u64,
    unknown: u64,
}

impl Since {
    const fn surplus(&self, open: u64) -> u64 {
        self.made.saturating_sub(self.signed.saturating_add(self.unknown).saturating_add(open))
    }

    const fn missing(&self) -> u64 {
        self.signed.saturating_sub(self.made)
    }
}
