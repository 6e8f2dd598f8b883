//! The chain of cross-reference sections, from the last `startxref` back to the first, and the revisions it makes.
//!
//! Broken chains are refused, never repaired: readers repair in different ways and then show different documents (PAD-26).

use crate::{
    error::PdfError,
    limit::Limits,
    revision::Revision,
    scan::{Entry, Scanner, broken, is_space, number_at, occurrences, only},
};

/// How a section is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SectionKind {
    Table,
    Stream,
}

/// One cross-reference section.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) offset: usize,
    pub(crate) kind: SectionKind,
    /// Whether a table names a stream beside it (`/XRefStm`).
    pub(crate) hybrid: bool,
    /// Whether the trailer names an encryption dictionary.
    pub(crate) encrypted: bool,
    prev: Option<usize>,
}

/// A file's sections, newest first, and its revisions, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) sections: Vec<Section>,
    pub(crate) revisions: Vec<Revision>,
}

/// A `startxref`, the offset it names, and the `%%EOF` after it.
#[derive(Clone, Copy, Debug)]
struct Marker {
    at: usize,
    names: usize,
    end: usize,
}

impl Chain {
    pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, PdfError> {
        check_header(bytes, limits)?;
        let last_at = occurrences(bytes, b"startxref").last().ok_or_else(|| broken(bytes.len(), "no startxref"))?;
        let last = marker(bytes, last_at).ok_or_else(|| broken(last_at, "startxref without offset and %%EOF"))?;
        let sections = sections(bytes, last.names, limits)?;
        let revisions = order(bytes, last, &sections)?;
        Ok(Self { sections, revisions })
    }

    /// The newest section.
    pub(crate) fn newest(&self) -> &Section {
        self.sections.first().expect("a chain has at least the section that startxref names")
    }
}

fn check_header(bytes: &[u8], limits: &Limits) -> Result<(), PdfError> {
    if bytes.len() > limits.file_len {
        return Err(PdfError::TooLarge { found: bytes.len(), limit: limits.file_len });
    }
    match occurrences(bytes.get(..1024.min(bytes.len())).unwrap_or_default(), b"%PDF-").next() {
        Some(0) => Ok(()),
        Some(offset) => Err(PdfError::HeaderOffset { offset }),
        None => Err(PdfError::NotPdf),
    }
}

fn marker(bytes: &[u8], at: usize) -> Option<Marker> {
    let mut scanner = Scanner::new(bytes, at);
    if !scanner.take(b"startxref") {
        return None;
    }
    scanner.skip_blank();
    let names = usize::try_from(scanner.number()?).ok()?;
    scanner.skip_blank();
    scanner.take(b"%%EOF").then(|| Marker { at, names, end: scanner.at() })
}

fn sections(bytes: &[u8], start: usize, limits: &Limits) -> Result<Vec<Section>, PdfError> {
    let mut found: Vec<Section> = Vec::new();
    let mut next = Some(start);
    while let Some(offset) = next {
        if found.iter().any(|section| section.offset == offset) {
            return Err(broken(offset, "the chain of /Prev is a circle"));
        }
        if found.len() == limits.sections {
            return Err(PdfError::TooManyRevisions { limit: limits.sections });
        }
        let section = section(bytes, offset)?;
        next = section.prev;
        found.push(section);
    }
    Ok(found)
}

fn section(bytes: &[u8], offset: usize) -> Result<Section, PdfError> {
    let mut scanner = Scanner::new(bytes, offset);
    let kind = if scanner.take(b"xref") {
        check_disjoint(offset, skip_table(&mut scanner)?)?;
        SectionKind::Table
    } else if scanner.object_header().is_some() {
        SectionKind::Stream
    } else {
        return Err(broken(offset, "no cross-reference section where one must be"));
    };
    let entries = scanner.dictionary()?;
    if kind == SectionKind::Stream && !is_xref_stream(bytes, &entries) {
        return Err(broken(offset, "the object is no cross-reference stream"));
    }
    if kind == SectionKind::Stream {
        check_disjoint(offset, index(bytes, &entries).ok_or_else(|| broken(offset, "/Index is no list of numbers"))?)?;
    }
    if only(&entries, b"Size").is_err() || only(&entries, b"Root").is_err() || only(&entries, b"Encrypt").is_err() {
        return Err(broken(offset, "an entry of the trailer is written twice"));
    }
    let prev = match only(&entries, b"Prev").map_err(|_| broken(offset, "/Prev is written twice"))? {
        None => None,
        Some(range) => Some(
            number_at(bytes, range)
                .and_then(|prev| usize::try_from(prev).ok())
                .ok_or_else(|| broken(offset, "/Prev is no offset"))?,
        ),
    };
    let hybrid = entries.iter().any(|entry| entry.key == b"XRefStm");
    let encrypted = entries.iter().any(|entry| entry.key == b"Encrypt");
    Ok(Section { offset, kind, hybrid, encrypted, prev })
}

fn is_xref_stream(bytes: &[u8], entries: &[Entry]) -> bool {
    let Ok(Some(range)) = only(entries, b"Type") else { return false };
    Scanner::new(bytes, range.start).name().is_ok_and(|name| name == b"XRef")
}

/// A subsection: its first number, and how many.
type Subsection = (u64, u64);

/// An object that a section lists twice is at the first place to some readers and at the last to others.
fn check_disjoint(offset: usize, mut subsections: Vec<Subsection>) -> Result<(), PdfError> {
    subsections.retain(|(_, count)| *count > 0);
    subsections.sort_unstable();
    let overlap = subsections.windows(2).any(|pair| match *pair {
        [(first, count), (next, _)] => first.saturating_add(count) > next,
        _ => false,
    });
    if overlap { Err(broken(offset, "an object is listed twice")) } else { Ok(()) }
}

/// The subsections that `/Index` names; none where it is absent, since `/Size` makes one then.
fn index(bytes: &[u8], entries: &[Entry]) -> Option<Vec<Subsection>> {
    let Some(range) = only(entries, b"Index").ok()? else { return Some(Vec::new()) };
    let mut scanner = Scanner::new(bytes.get(..range.end)?, range.start);
    let mut subsections = Vec::new();
    scanner.take(b"[").then_some(())?;
    loop {
        scanner.skip_space();
        if scanner.take(b"]") {
            return Some(subsections);
        }
        let first = scanner.number()?;
        scanner.skip_space();
        subsections.push((first, scanner.number()?));
    }
}

/// Steps over `0 5`, its five lines, and so on, to after `trailer`. Gives the subsections.
fn skip_table(scanner: &mut Scanner<'_>) -> Result<Vec<Subsection>, PdfError> {
    let mut subsections = Vec::new();
    loop {
        scanner.skip_space();
        if scanner.take(b"trailer") {
            return Ok(subsections);
        }
        let at = scanner.at();
        let header = scanner.number().and_then(|first| {
            scanner.skip_blank();
            scanner.number().map(|count| (first, count))
        });
        let (first, count) = header.ok_or_else(|| broken(at, "a cross-reference subsection has no header"))?;
        subsections.push((first, count));
        for _ in 0..count {
            scanner.skip_blank();
            let at = scanner.at();
            let line = scanner.number().and_then(|_offset| {
                scanner.skip_blank();
                scanner.number()
            });
            scanner.skip_blank();
            if line.is_none() || !(scanner.take(b"n") || scanner.take(b"f")) {
                return Err(broken(at, "a cross-reference subsection has fewer lines than it says"));
            }
        }
    }
}

/// Pairs each section with the `startxref` that ends its revision. A linearized file's first-page section shares the last one.
fn order(bytes: &[u8], last: Marker, sections: &[Section]) -> Result<Vec<Revision>, PdfError> {
    let markers: Vec<Marker> = occurrences(bytes, b"startxref").filter_map(|at| marker(bytes, at)).collect();
    for section in sections {
        // Readers would differ on where its revision ends.
        let mut own = markers.iter().filter(|marker| marker.names == section.offset && marker.at > section.offset);
        if let (Some(_), Some(second)) = (own.next(), own.next()) {
            return Err(broken(second.at, "two startxref name one cross-reference section"));
        }
    }
    let mut ends = vec![last.end];
    for section in sections.iter().skip(1) {
        let Some(marker) = markers.iter().find(|marker| marker.names == section.offset && marker.at > section.offset)
        else {
            continue;
        };
        if ends.last().is_some_and(|newer| *newer <= marker.end) {
            return Err(broken(marker.at, "an older revision ends after a newer one"));
        }
        ends.push(marker.end);
    }
    ends.reverse();
    let mut start = 0;
    let mut revisions = Vec::with_capacity(ends.len());
    for (index, end) in ends.iter().copied().enumerate() {
        let space = bytes.get(end..).unwrap_or_default().iter().take_while(|byte| is_space(**byte)).count();
        let next = Revision { number: index + 1, start, end, end_with_space: end + space };
        start = next.end_with_space;
        revisions.push(next);
    }
    Ok(revisions)
}
