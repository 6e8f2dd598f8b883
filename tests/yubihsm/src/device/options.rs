//! Force-audit and command-audit, and what they decide.

use serde::{Deserialize, Serialize};

use super::{Device, run::Call};
use crate::{object::Capabilities, refusal::Refusal, settings::Firmware, wire::Command};

const FORCE_AUDIT: u8 = 1;
const COMMAND_AUDIT: u8 = 3;
const ALGORITHM_TOGGLE: u8 = 4;
/// On until a factory reset.
const FIXED: u8 = 2;

/// The device-wide options.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Options {
    /// 0 off, 1 on, 2 fixed.
    pub(crate) force_audit: u8,
    /// The same for each command, in the device's order.
    pub(crate) command_audit: Vec<(u8, u8)>,
}

impl Options {
    /// As shipped. What is off in old firmware is what Yubico's own log test takes for off.
    pub(super) fn new(firmware: Firmware) -> Self {
        let quiet = [Command::ECHO, Command::SESSION_MESSAGE, Command::DEVICE_INFO, Command::GET_LOG_ENTRIES];
        let on = |command| u8::from(firmware.audits_by_default() && !quiet.contains(&command));
        let command_audit = firmware.audited().map(|command| (command.0, on(command))).collect();
        Self { force_audit: 0, command_audit }
    }

    pub(super) fn audits(&self, command: Command) -> bool {
        self.command_audit.iter().any(|(of, value)| *of == command.0 && *value > 0)
    }
}

impl Device {
    pub(super) fn option(&self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::GET_OPTION)?;
        let option = call.fields.u8()?;
        call.fields.end()?;
        match option {
            FORCE_AUDIT => Ok(vec![self.options.force_audit]),
            COMMAND_AUDIT => Ok(self.options.command_audit.iter().flat_map(|(of, value)| [*of, *value]).collect()),
            // Every algorithm is on: there is no toggle here, which the Python client takes for that.
            ALGORITHM_TOGGLE => Err(Refusal::InvalidData),
            _ => Err(Refusal::InvalidData),
        }
    }

    pub(super) fn set_option(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::SET_OPTION)?;
        let option = call.fields.u8()?;
        let length = usize::from(call.fields.u16()?);
        let value = call.fields.take(length)?;
        call.fields.end()?;
        match option {
            FORCE_AUDIT => {
                let [value] = value else { return Err(Refusal::WrongLength) };
                set(&mut self.options.force_audit, *value)?;
            }
            COMMAND_AUDIT => self.options.command_audit = audits(&self.options.command_audit, value)?,
            _ => return Err(Refusal::InvalidData),
        }
        Ok(Vec::new())
    }

    pub(super) fn set_log_index(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::GET_LOG_ENTRIES)?;
        let number = call.fields.u16()?;
        call.fields.end()?;
        if !self.log.forget(number) {
            return Err(Refusal::InvalidData);
        }
        if self.settings.choices.log_index_clears_counters {
            (self.log.unlogged_boots, self.log.unlogged_logins) = (0, 0);
        }
        Ok(Vec::new())
    }
}

/// All pairs or none.
fn audits(current: &[(u8, u8)], pairs: &[u8]) -> Result<Vec<(u8, u8)>, Refusal> {
    let (pairs, []) = pairs.as_chunks::<2>() else { return Err(Refusal::WrongLength) };
    let mut audits = current.to_vec();
    for [command, value] in pairs {
        let known = audits.iter_mut().find(|(of, _)| of == command).ok_or(Refusal::InvalidData)?;
        set(&mut known.1, *value)?;
    }
    Ok(audits)
}

fn set(current: &mut u8, value: u8) -> Result<(), Refusal> {
    if value > FIXED || (*current == FIXED && value != FIXED) {
        return Err(Refusal::InvalidData);
    }
    *current = value;
    Ok(())
}
