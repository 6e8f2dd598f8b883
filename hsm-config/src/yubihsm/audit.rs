//! The device's log, read and given back.

use kokuin_key::{DeviceExtract, DeviceLog, KeyError, KeyId};
use yubihsm::{Client, client};

use crate::yubihsm::book::{Dump, Keys};
use crate::yubihsm::device::{Device, Line, Role};
use crate::yubihsm::device_log::{Anchor, LogLine};
use crate::yubihsm::{OnUnexplained, YubiHsmError};

/// The crate counts errors down from here.
const CRATE_OK: u8 = 0x75;

impl Device {
    /// What the device did before this process is over.
    pub(super) fn begin(&self, line: &mut Line) -> Result<(), YubiHsmError> {
        let dump = self.dump(line)?;
        line.book.begin(&dump);
        Ok(())
    }

    fn dump(&self, line: &mut Line) -> Result<Dump, YubiHsmError> {
        let (read, count, unlogged) = self.query(line, Role::Audit, ask)?;
        self.fill.set(count);
        Ok(Dump { lines: rebuilt(&read, line.book.anchor()), count, unlogged })
    }
}

impl DeviceLog for Device {
    fn name(&self) -> &KeyId {
        &self.config.name
    }

    fn device(&self) -> &str {
        &self.label
    }

    fn fill(&self) -> (u16, u16) {
        self.fill.of()
    }

    fn read(&self) -> Result<DeviceExtract, KeyError> {
        let mut line = self.line();
        let dump = self.dump(&mut line).map_err(|error| error.as_key_error())?;
        let config = &self.config;
        let keys = Keys {
            session_key: config.auth_key,
            identity_key: config.identity_key,
            name: &|object| self.known(object),
        };
        let extract = line.book.extract(&dump, &keys);
        if !extract.unexplained.is_empty() && config.on_unexplained == OnUnexplained::Stop {
            self.stop();
        }
        Ok(extract)
    }

    fn acknowledge(&self, extract: &DeviceExtract) -> Result<(), KeyError> {
        let mut line = self.line();
        // Ours from here on, whatever the device answers: lines that it gives again are passed over.
        let out_of_turn = KeyError::Library("acknowledging a device's log out of turn");
        if !line.book.acknowledge(extract.last).ok_or(out_of_turn)? {
            return Ok(());
        }
        let (last, count) = (extract.last, u16::try_from(extract.count).unwrap_or(u16::MAX));
        let forget = move |client: &Client| client.set_log_index(last);
        self.query(&mut line, Role::Audit, forget).map_err(|error| error.as_key_error())?;
        let (held, _) = self.fill.of();
        self.fill.set(held.saturating_sub(count) + 1);
        Ok(())
    }
}

/// A line as the crate gives it: with the result in a table of its own, where each error has two octets. `true`: it is an error.
type Read = (LogLine, bool);

/// The lines that the crate can read, the number of those that there are, and the number of events without a line.
fn ask(client: &Client) -> Result<(Vec<Read>, u16, u32), client::Error> {
    let entries = client.get_log_entries()?;
    let mut lines = Vec::with_capacity(entries.entries.len());
    for entry in &entries.entries {
        let line = LogLine {
            number: entry.item,
            command: entry.cmd.to_u8(),
            length: entry.length,
            session_key: entry.session_key,
            target: entry.target_key,
            second: entry.second_key,
            result: entry.result.to_u8(),
            tick: entry.tick,
            digest: entry.digest.0,
        };
        lines.push((line, entry.result.is_err()));
    }
    let unlogged = u32::from(entries.unlogged_boot_events) + u32::from(entries.unlogged_auth_events);
    Ok((lines, u16::from(entries.num_entries), unlogged))
}

/// Every line of the device, without knowing what came before; with the number of those that there are.
pub(super) fn all_lines(client: &Client) -> Result<(Vec<LogLine>, u16), client::Error> {
    let (read, count, _) = ask(client)?;
    Ok((rebuilt(&read, None), count))
}

/// The lines as the device has them: the digest says which of its two octets an error was.
fn rebuilt(read: &[Read], anchor: Option<Anchor>) -> Vec<LogLine> {
    let mut lines: Vec<LogLine> = Vec::with_capacity(read.len());
    for (line, is_error) in read {
        let mut line = *line;
        if *is_error {
            let named = LogLine { result: CRATE_OK.wrapping_sub(line.result), ..line };
            let before = lines.last().map(|before| (before.number, before.digest)).or(anchor);
            // Without a line before it, the device's own code is the likely one.
            if before.is_none_or(|(_, digest)| !line.follows(&digest)) {
                line = named;
            }
        }
        lines.push(line);
    }
    lines
}
