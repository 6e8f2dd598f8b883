//! Words of ours as the log spells them.

use kokuin_audit::entry::Label;

/// `text` as a label: what the log's alphabet does not have becomes `-`, and what is too long is cut.
pub(crate) fn label(text: &str) -> Label {
    let known = |c: char| c.is_ascii_alphanumeric() || "._:/+@-".contains(c);
    let spelled: String = text.chars().take(128).map(|c| if known(c) { c } else { '-' }).collect();
    let spelled = if spelled.is_empty() { "-" } else { &spelled };
    Label::new(spelled).expect("invariant: 1 to 128 characters of the log's alphabet")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_anything_in_the_logs_alphabet() {
        assert_eq!(label("system clock, undisciplined").as_str(), "system-clock--undisciplined");
        assert_eq!(label("").as_str(), "-");
        assert_eq!(label(&"\u{1b}".repeat(500)).as_str().len(), 128);
    }
}
