//! The one wrapper through which text from outside reaches a screen (THR-98).

use std::fmt;

/// Text whose control, bidirectional and invisible characters are shown as escapes, so that it can neither move the cursor, nor
/// end a line, nor change the order in which the rest is read.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if is_dangerous(character) {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                fmt::Write::write_char(f, character)?;
            }
        }
        Ok(())
    }
}

/// Characters that do something instead of being seen.
pub(crate) fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thr_98_escapes_what_moves_hides_or_reorders() {
        let hostile = "a\u{1b}[2J\nTOTAL-PASSED\r\u{202e}gpj\u{200b}\u{9b}\u{2028}b";
        assert_eq!(Shown(hostile).to_string(), r"a\u{1b}[2J\u{a}TOTAL-PASSED\u{d}\u{202e}gpj\u{200b}\u{9b}\u{2028}b");
    }

    #[test]
    fn leaves_ordinary_text_alone() {
        let text = "国民デモ株式会社, O=\"Größe\" \\, CN=x";
        assert_eq!(Shown(text).to_string(), text);
    }
}
