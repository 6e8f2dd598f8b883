//! Walks over a loaded revision: catalog, pages, form fields. Every walk is bounded and survives circles.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::{error::PdfError, limit::Limits};

/// References to references followed before giving up.
const HOPS: usize = 8;

/// Levels of the page tree and of the field tree.
const LEVELS: usize = 64;

/// Follows references until something else comes; null where nothing does, as ISO 32000-2 7.3.10 has it.
pub(crate) fn resolve<'a>(document: &'a Document, object: &'a Object) -> &'a Object {
    let mut object = object;
    for _ in 0..HOPS {
        match object {
            Object::Reference(id) => match document.objects.get(id) {
                Some(target) => object = target,
                None => return &Object::Null,
            },
            Object::Null
            | Object::Boolean(_)
            | Object::Integer(_)
            | Object::Real(_)
            | Object::Name(_)
            | Object::String(..)
            | Object::Array(_)
            | Object::Dictionary(_)
            | Object::Stream(_) => return object,
        }
    }
    &Object::Null
}

/// The value of `key`, references followed; `None` for absent and null.
pub(crate) fn entry<'a>(document: &'a Document, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    let value = resolve(document, dictionary.get(key).ok()?);
    (!value.is_null()).then_some(value)
}

/// The dictionary under `key`; a stream's counts.
pub(crate) fn dictionary<'a>(document: &'a Document, parent: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
    dictionary_of(entry(document, parent, key)?)
}

/// The array under `key`, empty where there is none.
pub(crate) fn array<'a>(document: &'a Document, parent: &'a Dictionary, key: &[u8]) -> &'a [Object] {
    entry(document, parent, key).and_then(|value| value.as_array().ok()).map_or(&[], Vec::as_slice)
}

/// The name under `key`, as text.
pub(crate) fn name(document: &Document, parent: &Dictionary, key: &[u8]) -> Option<String> {
    let name = entry(document, parent, key)?.as_name().ok()?;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// The text string under `key`.
pub(crate) fn text(document: &Document, parent: &Dictionary, key: &[u8]) -> Option<String> {
    let value = entry(document, parent, key)?;
    let raw = value.as_str().ok()?;
    Some(lopdf::decode_text_string(value).unwrap_or_else(|_| String::from_utf8_lossy(raw).into_owned()))
}

/// The dictionary that `object` is, a stream's included.
pub(crate) fn dictionary_of(object: &Object) -> Option<&Dictionary> {
    match object {
        Object::Dictionary(dictionary) => Some(dictionary),
        Object::Stream(stream) => Some(&stream.dict),
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Array(_)
        | Object::Reference(_) => None,
    }
}

/// The catalog and its object.
pub(crate) fn catalog(document: &Document) -> Result<(ObjectId, &Dictionary), PdfError> {
    let broken = PdfError::BrokenPages { what: "the trailer's /Root is no catalog" };
    let id = document.trailer.get(b"Root").and_then(Object::as_reference).map_err(|_| broken.clone())?;
    match document.objects.get(&id) {
        Some(Object::Dictionary(catalog)) if catalog.has(b"Pages") => Ok((id, catalog)),
        Some(_) | None => Err(broken),
    }
}

/// The pages in order.
pub(crate) fn pages(document: &Document, limits: &Limits) -> Result<Vec<ObjectId>, PdfError> {
    let broken = |what| PdfError::BrokenPages { what };
    let (catalog_id, catalog) = catalog(document)?;
    let root = catalog.get(b"Pages").and_then(Object::as_reference).map_err(|_| broken("/Pages is no reference"))?;
    let mut pages = Vec::new();
    // A catalog that is a page as well would be written twice by an update.
    let mut seen = HashSet::from([catalog_id]);
    let mut open = vec![(root, 0)];
    while let Some((id, level)) = open.pop() {
        if !seen.insert(id) {
            return Err(broken("a node is there twice"));
        }
        if level > LEVELS || seen.len() > limits.tree_nodes {
            return Err(broken("too deep or too large"));
        }
        let node =
            document.objects.get(&id).and_then(dictionary_of).ok_or_else(|| broken("a node is no dictionary"))?;
        if node.has(b"Kids") {
            for kid in array(document, node, b"Kids").iter().rev() {
                open.push((kid.as_reference().map_err(|_| broken("a kid is no reference"))?, level + 1));
            }
        } else if level == 0 {
            return Err(broken("the root has no /Kids"));
        } else {
            pages.push(id);
        }
    }
    if pages.is_empty() { Err(broken("there is no page")) } else { Ok(pages) }
}

/// A terminal field of the form.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    /// Fully qualified name.
    pub(crate) name: String,
    /// The object; `None` for one written inside its parent.
    pub(crate) id: Option<ObjectId>,
    /// `/FT`, inherited or its own.
    pub(crate) kind: Option<Vec<u8>>,
    pub(crate) dictionary: &'a Dictionary,
}

impl Field<'_> {
    pub(crate) fn is_signature(&self) -> bool {
        self.kind.as_deref() == Some(b"Sig")
    }
}

/// The fields of the form, in order. Circles and excess are cut, never followed.
pub(crate) fn fields<'a>(document: &'a Document, limits: &Limits) -> Vec<Field<'a>> {
    let mut fields = Vec::new();
    let Ok((_, catalog)) = catalog(document) else { return fields };
    let Some(form) = dictionary(document, catalog, b"AcroForm") else { return fields };
    let mut seen = HashSet::new();
    let mut nodes = 0_usize;
    let mut open: Vec<(&Object, String, Option<Vec<u8>>, usize)> =
        array(document, form, b"Fields").iter().rev().map(|kid| (kid, String::new(), None, 0)).collect();
    while let Some((object, parent, inherited, level)) = open.pop() {
        nodes += 1;
        let id = object.as_reference().ok();
        if level > LEVELS || nodes > limits.tree_nodes || id.is_some_and(|id| !seen.insert(id)) {
            continue;
        }
        let Some(node) = dictionary_of(resolve(document, object)) else { continue };
        let own = text(document, node, b"T").unwrap_or_default();
        let name = match (parent.is_empty(), own.is_empty()) {
            (false, false) => format!("{parent}.{own}"),
            (false, true) => parent,
            (true, _) => own,
        };
        let kind = entry(document, node, b"FT").and_then(|kind| kind.as_name().ok()).map(<[u8]>::to_vec).or(inherited);
        // Kids without /T are widgets of this field, not fields.
        let kids = array(document, node, b"Kids");
        let is_field = |kid: &&Object| dictionary_of(resolve(document, kid)).is_some_and(|kid| kid.has(b"T"));
        let is_parent = kids.iter().any(|kid| is_field(&kid));
        if is_parent {
            for kid in kids.iter().rev() {
                open.push((kid, name.clone(), kind.clone(), level + 1));
            }
        }
        // A value hides no children, and children hide no value.
        if !is_parent || node.has(b"V") {
            fields.push(Field { name, id, kind, dictionary: node });
        }
    }
    fields
}
