//! What reading a file will cost, found without building anything, and dictionaries that say two things.
//!
//! The library builds every value it meets: a page of text that inflates to millions of values takes gigabytes. Whatever it reads
//! begins with `obj`, or is a member of an object stream, so that is where values are counted before it reads any.

use std::collections::HashSet;

use lopdf::{Dictionary, Object, Stream};

use crate::{
    error::PdfError,
    limit::Limits,
    scan::{Entry, Scanner, number_at, occurrences, only},
};

/// Deeper than the library goes.
const DEPTH: usize = 128;

/// Values that an array or a dictionary takes the memory of, besides what is in it.
const CONTAINER: usize = 4;

/// Octets of a name or string that take the memory of one value.
const OCTETS: usize = 64;

/// What was found.
#[derive(Debug)]
pub(crate) struct Survey {
    values: usize,
    scanned: usize,
    limits: Limits,
    /// Whether a dictionary has a key twice. Readers differ on which one counts.
    pub(crate) double_key: bool,
}

/// Something open.
enum Open {
    Array,
    Dictionary { keys: HashSet<Vec<u8>>, wants_value: bool },
}

impl Survey {
    /// Looks at all of `bytes`.
    ///
    /// # Errors
    /// [`PdfError::TooCostly`].
    pub(crate) fn of(bytes: &[u8], limits: &Limits) -> Result<Self, PdfError> {
        let mut survey = Self { values: 0, scanned: 0, limits: *limits, double_key: false };
        for at in occurrences(bytes, b"obj") {
            if bytes.get(..at).is_some_and(|before| before.ends_with(b"end")) {
                continue;
            }
            let (end, keys) = survey.value(bytes, at + b"obj".len())?;
            let mut scanner = Scanner::new(bytes, end);
            scanner.skip_space();
            if keys.contains(&b"First"[..]) && keys.contains(&b"N"[..]) && scanner.take(b"stream") {
                survey.members(bytes, at + b"obj".len(), scanner)?;
            }
        }
        Ok(survey)
    }

    fn scan(&mut self, octets: usize) -> Result<(), PdfError> {
        self.scanned = self.scanned.saturating_add(octets);
        let what = "objects overlap, or object streams inflate too far";
        if self.scanned > self.limits.scanned_len { Err(PdfError::TooCostly { what }) } else { Ok(()) }
    }

    /// Counts one value. Gives where it ends, and the keys where it is a dictionary. What is malformed is left to the library,
    /// which stops there too.
    fn value(&mut self, bytes: &[u8], start: usize) -> Result<(usize, HashSet<Vec<u8>>), PdfError> {
        let mut scanner = Scanner::new(bytes, start);
        let mut open = Vec::new();
        let before = self.values;
        let found = loop {
            match self.step(&mut scanner, &mut open) {
                Some(keys) if open.is_empty() => break Some(keys),
                Some(_) => {}
                None => break None,
            }
            if self.values - before > self.limits.values / 4 || self.values > self.limits.values {
                return Err(PdfError::TooCostly { what: "the objects have too many values" });
            }
        };
        // Where it broke off inside a string, the rest was searched for the end.
        let end = if found.is_some() { scanner.at() } else { bytes.len() };
        self.scan(end.saturating_sub(start))?;
        Ok((end, found.unwrap_or_default()))
    }

    /// One token; the keys of the dictionary that it closes. `None` where it fits nowhere.
    fn step(&mut self, scanner: &mut Scanner<'_>, open: &mut Vec<Open>) -> Option<HashSet<Vec<u8>>> {
        scanner.skip_space();
        let at = scanner.at();
        let mut closed = HashSet::new();
        let is_key = matches!(open.last(), Some(Open::Dictionary { wants_value: false, .. }));
        if is_key && !matches!(scanner.peek(), Some(b'/' | b'>')) {
            return None;
        }
        match scanner.peek()? {
            b'>' if is_key && scanner.take(b">>") => match open.pop() {
                Some(Open::Dictionary { keys, .. }) => closed = keys,
                Some(Open::Array) | None => return None,
            },
            b']' if matches!(open.last(), Some(Open::Array)) && scanner.take(b"]") => drop(open.pop()),
            opening @ (b'<' | b'[') if scanner.take(b"<<") || (opening == b'[' && scanner.take(b"[")) => {
                self.values += CONTAINER;
                open.push(match opening {
                    b'[' => Open::Array,
                    _ => Open::Dictionary { keys: HashSet::new(), wants_value: false },
                });
                return (open.len() <= DEPTH).then_some(closed);
            }
            b'<' => scanner.hexadecimal().ok()?,
            b'(' => scanner.literal().ok()?,
            b'/' => {
                let name = scanner.name().ok()?;
                if let Some(Open::Dictionary { keys, wants_value }) = open.last_mut().filter(|_| is_key) {
                    self.values += 1 + name.len() / OCTETS;
                    self.double_key |= !keys.insert(name);
                    *wants_value = true;
                    return Some(closed);
                }
            }
            // The library reads `0-0-0` as three numbers.
            byte if byte.is_ascii_digit() => {
                let run = scanner.number_or_reference();
                self.values += run.iter().skip(1).filter(|byte| !byte.is_ascii_digit()).count();
            }
            _ => {
                let run = scanner.regular();
                self.values += run.len() / 2;
                if run.is_empty() {
                    return None;
                }
            }
        }
        self.values += 1 + (scanner.at() - at) / OCTETS;
        if let Some(Open::Dictionary { wants_value, .. }) = open.last_mut() {
            *wants_value = false;
        }
        Some(closed)
    }

    /// Counts the members of an object stream: the library reads each where the header says, even where they overlap.
    fn members(&mut self, bytes: &[u8], dictionary: usize, scanner: Scanner<'_>) -> Result<(), PdfError> {
        let unusual = PdfError::TooCostly { what: "an object stream is packed in an unusual way" };
        let entries = Scanner::new(bytes, dictionary).dictionary().map_err(|_| unusual.clone())?;
        let first = only(&entries, b"First").ok().flatten().and_then(|range| number_at(bytes, range));
        let first = first.and_then(|first| usize::try_from(first).ok()).ok_or_else(|| unusual.clone())?;
        let packed = packed(bytes, &entries, scanner);
        self.scan(packed.len())?;
        let content = if is_deflated(bytes, &entries).ok_or(unusual)? {
            let mut dictionary = Dictionary::new();
            dictionary.set("Filter", Object::Name(b"FlateDecode".to_vec()));
            Stream::new(dictionary, packed.to_vec())
                .get_plain_content_with_limit(self.limits.inflated_len)
                .map_err(|_| PdfError::TooCostly { what: "an object stream inflates beyond the limit" })?
        } else {
            packed.to_vec()
        };
        self.scan(content.len())?;
        let header = String::from_utf8_lossy(content.get(..first).unwrap_or_default()).into_owned();
        let words =
            header.split(['\r', '\n']).flat_map(|line| line.split('%').next().unwrap_or_default().split_whitespace());
        for offset in words.skip(1).step_by(2) {
            if let Some(at) = offset.parse().ok().and_then(|offset: usize| first.checked_add(offset)) {
                self.value(&content, at)?;
            }
        }
        Ok(())
    }
}

/// The stream's octets as its length says, or all that follow where that is not their end. What follows deflated octets does no harm.
fn packed<'a>(bytes: &'a [u8], entries: &[Entry], mut scanner: Scanner<'a>) -> &'a [u8] {
    if !scanner.take(b"\r\n") && !scanner.take(b"\n") {
        scanner.take(b"\r");
    }
    let rest = bytes.get(scanner.at()..).unwrap_or_default();
    let length = only(entries, b"Length").ok().flatten().and_then(|range| number_at(bytes, range));
    let stated =
        length.and_then(|length| usize::try_from(length).ok()).and_then(|length| rest.split_at_checked(length));
    match stated {
        Some((content, after)) if after.trim_ascii_start().starts_with(b"endstream") => content,
        Some(_) | None => rest,
    }
}

/// Whether an object stream is deflated, or as it is; `None` for what nobody writes.
fn is_deflated(bytes: &[u8], entries: &[Entry]) -> Option<bool> {
    if entries.iter().any(|entry| entry.key == b"DecodeParms") {
        return None;
    }
    let Some(range) = only(entries, b"Filter").ok()? else { return Some(false) };
    let filter: Vec<u8> =
        bytes.get(range.clone())?.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    matches!(filter.as_slice(), b"/FlateDecode" | b"[/FlateDecode]").then_some(true)
}
