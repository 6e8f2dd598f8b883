//! What our log says of a device's lines.

use kokuin_audit::{
    Accounts, LeafIndex,
    entry::{DeviceLines, DeviceLog, DeviceSignatures, Entry, FieldError, KeyName, Label, LogTime, Text},
};
use kokuin_key::DeviceExtract;

/// The entry about `extract`. `before`: the last entry about the same device, whose lines the device may have kept, because the process ended before it
/// could let the device forget them.
pub(crate) fn entry(
    device: &Label,
    mut extract: DeviceExtract,
    begins: bool,
    before: Option<&DeviceLog>,
) -> Result<DeviceLog, FieldError> {
    if let Some(before) = before {
        forget(&mut extract, before);
    }
    let signatures = extract.signatures.iter().filter(|said| said.made > 0 || said.refused > 0);
    Ok(DeviceLog {
        time: LogTime::system_now(),
        device: device.clone(),
        last: extract.last,
        count: extract.count,
        lines: DeviceLines::new(&extract.lines)?,
        begins,
        signatures: signatures
            .map(|said| DeviceSignatures {
                key: KeyName::from(&said.key),
                made: said.made,
                doubtful: said.doubtful,
                refused: said.refused,
            })
            .collect(),
        unexplained: extract.unexplained.len() as u64,
        reasons: reasons(&extract.unexplained),
        unlogged: extract.unlogged,
    })
}

/// Takes off lines that our log has. They are told by their octets: number and digest are among them.
fn forget(extract: &mut DeviceExtract, before: &DeviceLog) {
    let known = before.lines.as_bytes();
    if known.is_empty() || !extract.lines.starts_with(known) {
        return;
    }
    extract.lines.drain(..known.len());
    extract.count = extract.count.saturating_sub(before.count);
    for said in &mut extract.signatures {
        let name = KeyName::from(&said.key);
        if let Some(counted) = before.signatures.iter().find(|counted| counted.key == name) {
            said.made = said.made.saturating_sub(counted.made);
            said.refused = said.refused.saturating_sub(counted.refused);
            said.doubtful = said.doubtful.min(said.made);
        }
    }
}

/// What the counts say of an earlier process, while nothing is being signed: `entry` has its last lines.
pub(crate) fn compare(accounts: &Accounts, index: LeafIndex, entry: &DeviceLog) -> Vec<String> {
    let mut after = accounts.clone();
    after.entry(index, &Entry::DeviceLog(DeviceLog { begins: false, ..entry.clone() }));
    let mut found = Vec::new();
    for account in after.keys() {
        if account.device.as_ref().is_none_or(|share| share.devices != [entry.device.clone()]) {
            continue;
        }
        // Of a key that the device never spoke of before, nothing can be compared.
        if accounts.key(&account.key).is_none_or(|known| known.device.is_none()) {
            continue;
        }
        let key = &account.key;
        let surplus = after.surplus(key).saturating_sub(accounts.surplus(key));
        if surplus > 0 {
            found.push(format!(
                "key {key}: {surplus} signatures of an earlier process more than its entries and its lost answers explain"
            ));
        }
        let missing = account.missing();
        if missing > 0 {
            found.push(format!("key {key}: entries tell of {missing} signatures that the device has no line of"));
        }
    }
    found
}

/// Adds what comparing found.
pub(crate) fn add(entry: &mut DeviceLog, found: &[String]) {
    entry.unexplained += found.len() as u64;
    entry.reasons.extend(reasons(found));
    entry.reasons.truncate(DeviceLog::MAX_REASONS);
}

fn reasons(texts: &[String]) -> Vec<Text> {
    let fitting = |text: &String| {
        let plain: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        Text::new(&plain).ok()
    };
    texts.iter().take(DeviceLog::MAX_REASONS).filter_map(fitting).collect()
}
