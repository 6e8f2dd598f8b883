//! One signature dictionary, from its bytes: entries, byte range, gap (PAD-03, PAD-27).

use std::ops::Range;

use lopdf::{Dictionary, Document, Object, ObjectId, StringFormat, xref::XrefEntry};

use crate::{
    error::SignatureFault,
    scan::{Entry, Scanner, only},
    signature::{PdfSignature, SignatureKind, contents::unpad},
    tree::{self, Field},
};

/// What is read, and where from.
pub(super) struct Source<'a> {
    pub(super) file: &'a [u8],
    pub(super) document: &'a Document,
    pub(super) field: &'a Field<'a>,
    /// The value of the field.
    pub(super) value: &'a Dictionary,
    /// The object that holds `value`.
    pub(super) object: ObjectId,
}

/// The signature in `source`, its revision and what follows from it not yet filled in.
pub(super) fn read(source: &Source<'_>) -> Result<PdfSignature, SignatureFault> {
    let written = written_entries(source);
    if let Some(entries) = &written {
        check_single(entries)?;
    }
    let type_name = type_name(source)?;
    let sub_filter = tree::name(source.document, source.value, b"SubFilter").ok_or(SignatureFault::SubFilterMissing)?;
    let byte_range = byte_range(source)?;
    let padded = contents(source)?;
    check_gap(&byte_range, written.as_deref())?;
    let cms = unpad(padded)?;
    let kind = if sub_filter == "ETSI.RFC3161" { SignatureKind::DocTimeStamp } else { SignatureKind::Signature };
    Ok(PdfSignature {
        field_name: source.field.name.clone(),
        object: source.object.into(),
        revision: 0,
        revisions: 0,
        byte_range,
        contents: cms.to_vec(),
        contents_room: padded.len(),
        sub_filter,
        filter: tree::name(source.document, source.value, b"Filter"),
        type_name,
        kind,
        claimed_time: tree::text(source.document, source.value, b"M"),
        reason: tree::text(source.document, source.value, b"Reason"),
        location: tree::text(source.document, source.value, b"Location"),
        name: tree::text(source.document, source.value, b"Name"),
        has_cert_entry: source.value.has(b"Cert"),
        doc_mdp: doc_mdp(source),
        covers_whole_file: false,
        changes: Vec::new(),
    })
}

/// The dictionary's entries as they lie in the file; `None` if it lies in an object stream.
fn written_entries(source: &Source<'_>) -> Option<Vec<Entry>> {
    let offset = match source.document.reference_table.get(source.object.0)? {
        XrefEntry::Normal { offset, .. } => usize::try_from(*offset).ok()?,
        XrefEntry::Compressed { .. } | XrefEntry::Free | XrefEntry::UnusableFree => return None,
    };
    let mut scanner = Scanner::new(source.file, offset);
    scanner.object_header()?;
    let entries = scanner.dictionary().ok()?;
    if source.field.id != Some(source.object) {
        return Some(entries);
    }
    // The dictionary is written inside the field.
    let range = only(&entries, b"V").ok()??;
    Scanner::new(source.file, range.start).dictionary().ok()
}

fn check_single(entries: &[Entry]) -> Result<(), SignatureFault> {
    for key in [&b"ByteRange"[..], b"Contents", b"SubFilter", b"Type", b"Filter", b"M", b"Reference"] {
        only(entries, key).map_err(|key| SignatureFault::DuplicateEntry(String::from_utf8_lossy(&key).into_owned()))?;
    }
    Ok(())
}

fn type_name(source: &Source<'_>) -> Result<Option<String>, SignatureFault> {
    match tree::entry(source.document, source.value, b"Type") {
        None => Ok(None),
        Some(Object::Name(name)) if name == b"Sig" || name == b"DocTimeStamp" => {
            Ok(Some(String::from_utf8_lossy(name).into_owned()))
        }
        Some(other) => Err(SignatureFault::TypeUnknown(
            other.as_name().map_or_else(|_| "(no name)".into(), |name| String::from_utf8_lossy(name).into_owned()),
        )),
    }
}

/// `/ByteRange`, which must be written in place: behind a reference a later revision could replace it.
fn byte_range(source: &Source<'_>) -> Result<[u64; 4], SignatureFault> {
    let items = match source.value.get(b"ByteRange") {
        Err(_) | Ok(Object::Null) => return Err(SignatureFault::ByteRangeMissing),
        Ok(Object::Array(items)) => items,
        Ok(_) => return Err(SignatureFault::ByteRangeNotFour),
    };
    let numbers: Vec<u64> =
        items.iter().filter_map(|item| item.as_i64().ok().and_then(|number| u64::try_from(number).ok())).collect();
    let range: [u64; 4] = match <[u64; 4]>::try_from(numbers) {
        Ok(range) if items.len() == 4 => range,
        Ok(_) | Err(_) => return Err(SignatureFault::ByteRangeNotFour),
    };
    let [a, b, c, d] = range;
    if a != 0 {
        return Err(SignatureFault::ByteRangeStart(a));
    }
    if b == 0 || d == 0 {
        return Err(SignatureFault::ByteRangeEmpty);
    }
    if c < b {
        return Err(SignatureFault::ByteRangeOverlap { first_end: b, second: c });
    }
    let file_len = u64::try_from(source.file.len()).unwrap_or(u64::MAX);
    let end = c.saturating_add(d);
    if end > file_len {
        return Err(SignatureFault::ByteRangeBeyondFile { end, file_len });
    }
    Ok(range)
}

fn contents<'a>(source: &Source<'a>) -> Result<&'a [u8], SignatureFault> {
    match source.value.get(b"Contents") {
        Err(_) | Ok(Object::Null) => Err(SignatureFault::ContentsMissing),
        Ok(Object::String(octets, _)) if octets.is_empty() => Err(SignatureFault::ContentsMissing),
        Ok(Object::String(octets, StringFormat::Hexadecimal)) => Ok(octets),
        Ok(_) => Err(SignatureFault::ContentsNotHex),
    }
}

/// The gap must be this dictionary's `/Contents` string from `<` to `>` and nothing else.
fn check_gap(byte_range: &[u64; 4], written: Option<&[Entry]>) -> Result<(), SignatureFault> {
    let entries = written.ok_or(SignatureFault::Compressed)?;
    let Ok(Some(Range { start, end })) = only(entries, b"Contents") else { return Err(SignatureFault::Compressed) };
    let (contents_start, contents_end) = (octets(*start), octets(*end));
    let [_, gap_start, gap_end, _] = *byte_range;
    if (gap_start, gap_end) == (contents_start, contents_end) {
        return Ok(());
    }
    Err(SignatureFault::GapIsNotContents { gap_start, gap_end, contents_start, contents_end })
}

fn octets(offset: usize) -> u64 {
    u64::try_from(offset).unwrap_or(u64::MAX)
}

/// `/P` of the `DocMDP` transform; 2 where it is not written (ISO 32000-2, table 257).
fn doc_mdp(source: &Source<'_>) -> Option<u8> {
    let references = tree::array(source.document, source.value, b"Reference");
    let transform = references.iter().take(16).find_map(|reference| {
        let reference = tree::dictionary_of(tree::resolve(source.document, reference))?;
        (tree::name(source.document, reference, b"TransformMethod")? == "DocMDP").then_some(reference)
    })?;
    let parameters = tree::dictionary(source.document, transform, b"TransformParams");
    let level =
        parameters.and_then(|parameters| tree::entry(source.document, parameters, b"P")).and_then(|p| p.as_i64().ok());
    Some(level.and_then(|level| u8::try_from(level).ok()).unwrap_or(2))
}
