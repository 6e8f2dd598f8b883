//! Which documents are sealed (THR-16): whole, plain, and showing the same to everybody.

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::{
    chain::Chain,
    change::is_signature,
    error::{ActiveContent, PdfError},
    limit::Limits,
    load::load_surveyed,
    tree,
};

/// Findings listed at most.
const FINDINGS: usize = 32;

/// A document that may be sealed.
#[derive(Debug)]
pub(super) struct Sealable {
    pub(super) chain: Chain,
    pub(super) document: Document,
    pub(super) first_page: ObjectId,
}

impl Sealable {
    pub(super) fn load(original: &[u8], limits: &Limits) -> Result<Self, PdfError> {
        let chain = Chain::parse(original, limits)?;
        if let Some(section) = chain.sections.iter().find(|section| section.hybrid) {
            return Err(PdfError::HybridXref { offset: section.offset });
        }
        let end = chain.revisions.last().map_or(original.len(), |revision| revision.end_with_space);
        if end != original.len() {
            return Err(PdfError::BrokenXref { offset: end, what: "something follows the last %%EOF" });
        }
        let (document, survey) = load_surveyed(original, &chain, limits)?;
        if survey.double_key {
            return Err(PdfError::DoubleKey);
        }
        check_size(&document, &chain)?;
        let pages = tree::pages(&document, limits)?;
        let first_page = pages.first().copied().ok_or(PdfError::BrokenPages { what: "there is no page" })?;
        check_signatures(&document)?;
        check_form(&document)?;
        check_activity(&document)?;
        Ok(Self { chain, document, first_page })
    }
}

/// An object whose number is not below `/Size` is missing to some readers, and the update would bring it back to them.
fn check_size(document: &Document, chain: &Chain) -> Result<(), PdfError> {
    let size = document.trailer.get(b"Size").and_then(Object::as_i64).unwrap_or(0);
    match document.objects.keys().next_back() {
        Some((highest, _)) if i64::from(*highest) >= size => {
            Err(PdfError::BrokenXref { offset: chain.newest().offset, what: "/Size is not above all object numbers" })
        }
        Some(_) | None => Ok(()),
    }
}

fn check_signatures(document: &Document) -> Result<(), PdfError> {
    let (_, catalog) = tree::catalog(document)?;
    if tree::entry(document, catalog, b"Perms").is_some() {
        return Err(PdfError::Certified);
    }
    let is_one = |object: &&Object| {
        tree::dictionary_of(object).is_some_and(|value| is_signature(value) && !value.has(b"Subtype"))
    };
    let signatures = document.objects.values().filter(is_one).count();
    if signatures > 0 { Err(PdfError::ExistingSignature { signatures }) } else { Ok(()) }
}

fn check_form(document: &Document) -> Result<(), PdfError> {
    let (_, catalog) = tree::catalog(document)?;
    let Some(form) = tree::entry(document, catalog, b"AcroForm") else { return Ok(()) };
    let form = tree::dictionary_of(form).ok_or(PdfError::ExistingForm { fields: 0 })?;
    if let Some(id) = form.get(b"XFA").ok().filter(|xfa| !tree::resolve(document, xfa).is_null()) {
        let object = id.as_reference().ok().map(Into::into);
        return Err(PdfError::ActiveContent(vec![ActiveContent { object, what: "form in XML (XFA)" }]));
    }
    match tree::array(document, form, b"Fields").len() {
        0 => Ok(()),
        fields => Err(PdfError::ExistingForm { fields }),
    }
}

/// Everything that acts by itself or shows what is not in the file.
fn check_activity(document: &Document) -> Result<(), PdfError> {
    let mut findings = Vec::new();
    for (id, object) in &document.objects {
        let mut found = Vec::new();
        look(document, object, &mut found);
        findings.extend(found.into_iter().map(|what| ActiveContent { object: Some((*id).into()), what }));
        if findings.len() >= FINDINGS {
            findings.truncate(FINDINGS);
            break;
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(PdfError::ActiveContent(findings)) }
}

/// Looks at one object; the PDF library bounds how deep it is.
fn look(document: &Document, object: &Object, found: &mut Vec<&'static str>) {
    if found.len() >= FINDINGS {
        return;
    }
    match object {
        Object::Array(items) => items.iter().for_each(|item| look(document, item, found)),
        Object::Dictionary(dictionary) => look_at_entries(document, dictionary, found),
        Object::Stream(stream) => {
            // A stream's /F names a file that holds its content.
            if stream.dict.has(b"F") {
                found.push("stream kept in another file");
            }
            // Readers show the one or the other: the page of another file, or another image for print.
            if stream.dict.has(b"Alternates") || stream.dict.has(b"OPI") {
                found.push("image with others in its place");
            }
            if stream.dict.has(b"Ref") {
                found.push("page of another file");
            }
            look_at_entries(document, &stream.dict, found);
        }
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Reference(_) => {}
    }
}

fn look_at_entries(document: &Document, dictionary: &Dictionary, found: &mut Vec<&'static str>) {
    found.extend(activity(document, dictionary));
    dictionary.iter().for_each(|(_, value)| look(document, value, found));
}

fn activity(document: &Document, dictionary: &Dictionary) -> Option<&'static str> {
    if dictionary.has(b"JS") || dictionary.has(b"JavaScript") {
        return Some("JavaScript");
    }
    if dictionary.has(b"XFA") {
        return Some("form in XML (XFA)");
    }
    match tree::entry(document, dictionary, b"S")?.as_name().ok()? {
        b"JavaScript" => Some("JavaScript"),
        b"Launch" => Some("action that starts a program"),
        b"ImportData" => Some("action that imports data"),
        b"SubmitForm" => Some("action that sends data"),
        b"GoToE" | b"GoToR" => Some("action that opens another file"),
        b"Rendition" | b"Movie" | b"RichMediaExecute" => Some("action that plays media"),
        b"SetOCGState" | b"Hide" => Some("action that changes what is shown"),
        _ => None,
    }
}
