//! The new revision: signature dictionary, widget, form, page, catalog, cross-reference section.

use lopdf::{Dictionary, Document, Object, ObjectId, text_string};
use time::{OffsetDateTime, macros::format_description};

use crate::{
    chain::SectionKind,
    error::PdfError,
    prepare::{
        Prepared, SignatureRequest, SubFilter,
        policy::Sealable,
        write::{Appender, integer, value_bytes},
    },
    tree,
};

/// Print and Locked (ISO 32000-2, table 167): the widget shows nothing and cannot be moved.
const WIDGET_FLAGS: i64 = 4 + 128;

/// `SignaturesExist` and `AppendOnly` (ISO 32000-2, table 225).
const SIG_FLAGS: i64 = 3;

/// Digits of the largest offset that a cross-reference table can hold.
const OFFSET_DIGITS: usize = 10;

/// Largest object number that readers are sure to take (ISO 32000-2, annex C).
const MAX_NUMBER: u32 = 8_388_607;

/// [`MAX_NUMBER`] as a count.
const MAX_OBJECTS: usize = 8_388_607;

/// Octets that the update needs besides the hole and the objects it copies.
const OVERHEAD: usize = 4096;

/// Numbers of the new objects.
struct New {
    signature: ObjectId,
    widget: ObjectId,
    /// Not used where the cross-reference section is a table.
    xref: ObjectId,
}

impl New {
    /// Numbers that no entry of the document has, free ones included: generations of reused numbers confuse readers.
    fn after(document: &Document) -> Result<Self, PdfError> {
        let next = |step: u32| {
            document
                .max_id
                .checked_add(step)
                .filter(|number| *number <= MAX_NUMBER)
                .ok_or(PdfError::TooManyObjects { limit: MAX_OBJECTS })
        };
        Ok(Self { signature: (next(1)?, 0), widget: (next(2)?, 0), xref: (next(3)?, 0) })
    }
}

pub(super) fn append(
    original: &[u8],
    sealable: &Sealable,
    request: &SignatureRequest<'_>,
) -> Result<Prepared, PdfError> {
    let document = &sealable.document;
    let new = New::after(document)?;
    let mut out = Appender::new(original, request.contents_len * 2 + OVERHEAD);
    let (byte_range_at, hole) = signature(&mut out, new.signature, request)?;
    let (page, page_dictionary) = page(sealable)?;
    out.object(new.widget, &Object::Dictionary(widget(request, new.signature, page)));
    annotate(&mut out, sealable, (page, page_dictionary), new.widget);
    form(&mut out, sealable, new.widget)?;
    match sealable.chain.newest().kind {
        SectionKind::Table => out.table(trailer(sealable, new.widget)),
        SectionKind::Stream => out.stream(new.xref, trailer(sealable, new.xref))?,
    }
    let mut prepared = Prepared { bytes: out.into_bytes(), hole };
    fill_byte_range(&mut prepared, byte_range_at);
    Ok(prepared)
}

/// Writes the signature dictionary by hand, since its offsets must be known. Gives where `/ByteRange` goes, and the hole.
fn signature(
    out: &mut Appender,
    id: ObjectId,
    request: &SignatureRequest<'_>,
) -> Result<(usize, std::ops::Range<usize>), PdfError> {
    let (kind, sub_filter) = match request.sub_filter {
        SubFilter::CadesDetached => ("Sig", "ETSI.CAdES.detached"),
        SubFilter::Rfc3161 => ("DocTimeStamp", "ETSI.RFC3161"),
    };
    out.open(id);
    out.push(format!("<</Type/{kind}/Filter/Adobe.PPKLite/SubFilter/{sub_filter}").as_bytes());
    // A document time-stamp carries its time in the token (PAD-07).
    if request.sub_filter == SubFilter::CadesDetached {
        out.push(format!("/M({})", date(request.signing_time)?).as_bytes());
    }
    for (key, value) in [("Reason", request.reason), ("Location", request.location)] {
        if let Some(value) = value {
            out.push(format!("/{key} ").as_bytes());
            out.push(&value_bytes(&text_string(value)));
        }
    }
    out.push(b"/ByteRange");
    let byte_range_at = out.at();
    out.push(&[b' '; BYTE_RANGE_LEN]);
    out.push(b"/Contents");
    let start = out.at();
    out.push(b"<");
    out.push(&vec![b'0'; request.contents_len * 2]);
    out.push(b">");
    let hole = start..out.at();
    out.push(b">>");
    out.close();
    Ok((byte_range_at, hole))
}

/// `[0 `, three offsets with a space each, `]`.
const BYTE_RANGE_LEN: usize = 3 + 3 * (OFFSET_DIGITS + 1) + 1;

fn fill_byte_range(prepared: &mut Prepared, at: usize) {
    let [a, b, c, d] = prepared.byte_range();
    let text = format!("[{a} {b} {c} {d}]");
    // What is left of the place stays white space.
    for (place, octet) in prepared.bytes.iter_mut().skip(at).take(BYTE_RANGE_LEN).zip(text.bytes()) {
        *place = octet;
    }
}

fn date(unix: i64) -> Result<String, PdfError> {
    let time = OffsetDateTime::from_unix_timestamp(unix).ok().filter(|time| (1970..=9999).contains(&time.year()));
    let format = format_description!("D:[year][month][day][hour][minute][second]Z");
    time.and_then(|time| time.format(format).ok()).ok_or(PdfError::BadTime(unix))
}

fn page(sealable: &Sealable) -> Result<(ObjectId, &Dictionary), PdfError> {
    match sealable.document.objects.get(&sealable.first_page) {
        Some(Object::Dictionary(page)) => Ok((sealable.first_page, page)),
        Some(_) | None => Err(PdfError::BrokenPages { what: "the first page is no dictionary" }),
    }
}

fn widget(request: &SignatureRequest<'_>, signature: ObjectId, page: ObjectId) -> Dictionary {
    let name = |name: &str| Object::Name(name.as_bytes().to_vec());
    let mut widget = Dictionary::new();
    widget.set("Type", name("Annot"));
    widget.set("Subtype", name("Widget"));
    widget.set("FT", name("Sig"));
    widget.set("T", text_string(request.field_name));
    widget.set("V", Object::Reference(signature));
    widget.set("Rect", Object::Array(vec![Object::Integer(0); 4]));
    widget.set("F", Object::Integer(WIDGET_FLAGS));
    widget.set("P", Object::Reference(page));
    widget
}

/// Adds the widget to the page's annotations: to their list where it is an object of its own, else to the page.
fn annotate(out: &mut Appender, sealable: &Sealable, (page, dictionary): (ObjectId, &Dictionary), widget: ObjectId) {
    let mut annotations = tree::array(&sealable.document, dictionary, b"Annots").to_vec();
    annotations.push(Object::Reference(widget));
    let list = dictionary.get(b"Annots").and_then(Object::as_reference).ok();
    match list.filter(|id| matches!(sealable.document.objects.get(id), Some(Object::Array(_)))) {
        Some(id) => out.object(id, &Object::Array(annotations)),
        None => {
            let mut updated = dictionary.clone();
            updated.set("Annots", Object::Array(annotations));
            out.object(page, &Object::Dictionary(updated));
        }
    }
}

/// Gives the catalog a form with the new field, keeping what an empty form already had.
fn form(out: &mut Appender, sealable: &Sealable, widget: ObjectId) -> Result<(), PdfError> {
    let (id, catalog) = tree::catalog(&sealable.document)?;
    let mut form = tree::dictionary(&sealable.document, catalog, b"AcroForm").cloned().unwrap_or_default();
    form.set("Fields", Object::Array(vec![Object::Reference(widget)]));
    form.set("SigFlags", Object::Integer(SIG_FLAGS));
    // Appearances that a reader makes anew would be changes (ISO 32000-2, 12.7.4.3).
    form.remove(b"NeedAppearances");
    let mut updated = catalog.clone();
    updated.set("AcroForm", Object::Dictionary(form));
    out.object(id, &Object::Dictionary(updated));
    Ok(())
}

fn trailer(sealable: &Sealable, highest: ObjectId) -> Dictionary {
    let stated = sealable.document.trailer.get(b"Size").and_then(Object::as_i64).unwrap_or(0);
    let mut trailer = Dictionary::new();
    trailer.set("Size", Object::Integer(stated.max(i64::from(highest.0) + 1)));
    for key in [&b"Root"[..], b"Info", b"ID"] {
        if let Ok(value) = sealable.document.trailer.get(key) {
            trailer.set(key.to_vec(), value.clone());
        }
    }
    trailer.set("Prev", integer(sealable.chain.newest().offset));
    trailer
}
