//! Where things lie in the bytes: only what byte offsets need, since the PDF library gives none.
//!
//! Nothing here builds objects. It steps over them, with a bound on nesting and without recursion.

use std::ops::Range;

use crate::error::PdfError;

/// Arrays and dictionaries inside each other.
pub(crate) const DEPTH: usize = 64;

/// An entry of a dictionary: its key, escapes resolved, and where its value lies.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Range<usize>,
}

/// A position in the bytes of a file.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// White space of ISO 32000-2, table 1.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// Delimiters of ISO 32000-2, table 2.
const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Steps over `word` where it comes next.
    pub(crate) fn take(&mut self, word: &[u8]) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// Steps over white space only.
    pub(crate) fn skip_blank(&mut self) {
        self.at += self.rest().iter().take_while(|byte| is_space(**byte)).count();
    }

    /// Steps over white space and comments.
    pub(crate) fn skip_space(&mut self) {
        loop {
            self.skip_blank();
            if self.peek() != Some(b'%') {
                return;
            }
            self.at += self.rest().iter().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count();
        }
    }

    /// An unsigned number of at most 18 digits.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > 18 {
            return None;
        }
        let text = std::str::from_utf8(self.rest().get(..digits)?).ok()?;
        self.at += digits;
        text.parse().ok()
    }

    /// `N G obj`, as at the start of an indirect object. Readers differ on comments before it, and offset 0 is a comment.
    pub(crate) fn object_header(&mut self) -> Option<(u64, u64)> {
        self.skip_blank();
        let number = self.number()?;
        self.skip_blank();
        let generation = self.number()?;
        self.skip_blank();
        self.take(b"obj").then_some((number, generation))
    }

    /// The entries of the dictionary that comes next, in the order written, double ones included.
    pub(crate) fn dictionary(&mut self) -> Result<Vec<Entry>, PdfError> {
        self.skip_space();
        let start = self.at;
        if !self.take(b"<<") {
            return Err(broken(start, "no dictionary where one must be"));
        }
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            if self.take(b">>") {
                return Ok(entries);
            }
            let key = self.name()?;
            self.skip_space();
            let value = self.value()?;
            entries.push(Entry { key, value });
        }
    }

    /// A name without its slash, with `#xx` resolved.
    pub(crate) fn name(&mut self) -> Result<Vec<u8>, PdfError> {
        let start = self.at;
        if !self.take(b"/") {
            return Err(broken(start, "no name where one must be"));
        }
        let raw = self.regular();
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((&first, tail)) = rest.split_first() {
            let escape = (first == b'#').then(|| tail.get(..2).and_then(hex_octet)).flatten();
            match escape {
                Some(octet) => {
                    name.push(octet);
                    rest = tail.get(2..).unwrap_or_default();
                }
                None => {
                    name.push(first);
                    rest = tail;
                }
            }
        }
        Ok(name)
    }

    /// Steps over regular characters and gives them.
    pub(crate) fn regular(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let len = rest.iter().take_while(|byte| !is_space(**byte) && !is_delimiter(**byte)).count();
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// Steps over one value of any kind, a reference included, and says where it lies.
    pub(crate) fn value(&mut self) -> Result<Range<usize>, PdfError> {
        let start = self.at;
        let mut open: Vec<&[u8]> = Vec::new();
        loop {
            self.skip_space();
            let here = self.at;
            if let Some(close) = open.last()
                && self.take(close)
            {
                open.pop();
            } else {
                match self.peek() {
                    None => return Err(broken(here, "the file ends inside an object")),
                    Some(b'<') if self.take(b"<<") => open.push(b">>"),
                    Some(b'[') => {
                        self.at += 1;
                        open.push(b"]");
                    }
                    Some(b'<') => self.hexadecimal()?,
                    Some(b'(') => self.literal()?,
                    Some(b'/') => drop(self.name()?),
                    Some(byte) if byte.is_ascii_digit() => drop(self.number_or_reference()),
                    Some(byte) if is_delimiter(byte) => return Err(broken(here, "a delimiter out of place")),
                    Some(_) => drop(self.regular()),
                }
                if open.len() > DEPTH {
                    return Err(PdfError::TooDeep { limit: DEPTH, offset: here });
                }
            }
            if open.is_empty() {
                return Ok(start..self.at);
            }
        }
    }

    pub(crate) fn hexadecimal(&mut self) -> Result<(), PdfError> {
        let start = self.at;
        let len =
            self.rest().iter().position(|byte| *byte == b'>').ok_or_else(|| broken(start, "a string without end"))?;
        self.at += len + 1;
        Ok(())
    }

    pub(crate) fn literal(&mut self) -> Result<(), PdfError> {
        let start = self.at;
        let mut depth = 0_usize;
        let mut bytes = self.rest().iter().enumerate();
        while let Some((index, byte)) = bytes.next() {
            match byte {
                b'\\' => drop(bytes.next()),
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += index + 1;
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        Err(broken(start, "a string without end"))
    }

    /// `12 0 R`, or just a number, whose characters it gives.
    pub(crate) fn number_or_reference(&mut self) -> &'a [u8] {
        let number = self.regular();
        let mut ahead = self.clone();
        ahead.skip_space();
        if ahead.number().is_none() {
            return number;
        }
        ahead.skip_space();
        if ahead.take(b"R") && ahead.peek().is_none_or(|byte| is_space(byte) || is_delimiter(byte)) {
            self.at = ahead.at;
        }
        number
    }
}

/// The value of the only entry `key`, `None` where there is none. Double entries are an error, since readers differ on them.
pub(crate) fn only<'e>(entries: &'e [Entry], key: &[u8]) -> Result<Option<&'e Range<usize>>, Vec<u8>> {
    let mut found = entries.iter().filter(|entry| entry.key == key).map(|entry| &entry.value);
    let first = found.next();
    if found.next().is_some() { Err(key.to_vec()) } else { Ok(first) }
}

/// The unsigned number that lies at `range` and nothing else.
pub(crate) fn number_at(bytes: &[u8], range: &Range<usize>) -> Option<u64> {
    let mut scanner = Scanner::new(bytes.get(..range.end)?, range.start);
    let number = scanner.number()?;
    (scanner.at() == range.end).then_some(number)
}

/// Every offset at which `word` occurs.
pub(crate) fn occurrences<'a>(bytes: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(word.len()).enumerate().filter(move |(_, window)| *window == word).map(|(at, _)| at)
}

fn hex_octet(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

pub(crate) const fn broken(offset: usize, what: &'static str) -> PdfError {
    PdfError::BrokenXref { offset, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(text: &str) -> Result<&str, PdfError> {
        Scanner::new(text.as_bytes(), 0).value().map(|range| &text[range])
    }

    #[test]
    fn steps_over_one_value_of_each_kind() {
        for text in [
            "12",
            "-1.5",
            "12 0 R",
            "/A#20b",
            "(a\\)(b)c)",
            "<0aF >",
            "[1 [2] <<>>]",
            "<</A<</B 1 0 R>>/C(x)>>",
            "true",
        ] {
            assert_eq!(value_of(&format!("{text} /Next")), Ok(text));
        }
        assert_eq!(value_of("12 0 Rx"), Ok("12"));
    }

    #[test]
    fn resolves_escapes_in_names() {
        assert_eq!(Scanner::new(b"/By#74eRange 1", 0).name(), Ok(b"ByteRange".to_vec()));
        assert_eq!(Scanner::new(b"/A#zz", 0).name(), Ok(b"A#zz".to_vec()));
    }

    #[test]
    fn refuses_deep_nesting_without_recursion() {
        let deep = "[".repeat(100_000);
        assert_eq!(value_of(&deep), Err(PdfError::TooDeep { limit: DEPTH, offset: DEPTH }));
    }

    #[test]
    fn refuses_values_without_end() {
        for text in ["(a", "<0a", "[1", "<</A 1", ")"] {
            assert!(matches!(value_of(text), Err(PdfError::BrokenXref { .. })), "{text}");
        }
    }

    #[test]
    fn finds_double_entries() {
        let entries = Scanner::new(b"<</A 1/#41 2/B 3>>", 0).dictionary().unwrap();
        assert_eq!(only(&entries, b"A"), Err(b"A".to_vec()));
        assert_eq!(only(&entries, b"B"), Ok(Some(&(15..16))));
    }
}
