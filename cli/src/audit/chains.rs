//! The chains of devices' own lines, derived again from what the log keeps of them.

use std::collections::HashMap;

use kokuin_audit::entry::{DeviceLog, Label};
use kokuin_hsm_config::yubihsm::device_log::{Anchor, breaks, parse};

/// The last line of each device so far.
#[derive(Debug, Default)]
pub(super) struct Chains(HashMap<Label, Anchor>);

impl Chains {
    /// Where the lines of `entry` do not follow each other, or not those before them.
    pub(super) fn breaks(&mut self, entry: &DeviceLog) -> Vec<String> {
        let Some(lines) = parse(entry.lines.as_bytes()) else {
            return vec!["the lines kept are no whole lines".to_owned()];
        };
        let mut found = breaks(self.0.get(&entry.device).copied(), &lines);
        if lines.len() as u64 != entry.count {
            found.push(format!("{} lines are kept where the entry counts {}", lines.len(), entry.count));
        }
        if let Some(last) = lines.last() {
            self.0.insert(entry.device.clone(), (last.number, last.digest));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use kokuin_audit::entry::{DeviceLines, LogTime};

    use super::*;

    /// Two lines of the example on Yubico's page of `Get_Log_Entries`, and the one after them.
    const LINES: [&str; 3] = [
        "002e4b00ea0001cf94997ecb00051f6d415f51f1f035a1b713e730e4464e4033",
        "002f4c004d0001aff7ffffcc00055de25496a60d478c2b9c801d8d32ca66b554",
        "0030000000ffff000000000000000000",
    ];

    fn entry(lines: &[&str], count: u64) -> DeviceLog {
        DeviceLog {
            time: LogTime::from_unix_seconds(0),
            device: Label::new("yubihsm-1").unwrap(),
            last: 0,
            count,
            lines: DeviceLines::new(&hex::decode(lines.concat()).unwrap()).unwrap(),
            begins: false,
            signatures: Vec::new(),
            unexplained: 0,
            reasons: Vec::new(),
            unlogged: 0,
        }
    }

    #[test]
    fn follows_a_chain_from_entry_to_entry() {
        let third = format!("{}14ac7747ba9bbb243cfc70befeb5349b", LINES[2]);
        let mut chains = Chains::default();
        assert_eq!(chains.breaks(&entry(&LINES[..1], 1)), Vec::<String>::new());
        assert_eq!(chains.breaks(&entry(&[LINES[1], &third], 2)), Vec::<String>::new());
        let mut lost = Chains::default();
        assert_eq!(lost.breaks(&entry(&LINES[..1], 1)), Vec::<String>::new());
        assert_eq!(lost.breaks(&entry(&[&third], 1)), ["line 48 follows line 46: lines are missing"]);
    }

    #[test]
    fn says_where_lines_are_not_what_the_entry_counts() {
        assert_eq!(Chains::default().breaks(&entry(&LINES[..1], 2)), ["1 lines are kept where the entry counts 2"]);
        assert_eq!(Chains::default().breaks(&entry(&LINES[2..], 1)), ["the lines kept are no whole lines"]);
    }
}
