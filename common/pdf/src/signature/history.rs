//! Every revision in turn: which signatures it has, and what it changed.

use lopdf::{Document, Object, ObjectId};

use crate::{
    chain::Chain,
    change::{self, Act, Change, ChangeKind},
    error::PdfError,
    limit::Limits,
    load::load,
    tree::{self, Field},
};

/// The value of a signature field in one revision.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) field_name: String,
    pub(super) object: Option<ObjectId>,
    pub(super) value: Object,
}

/// What one revision holds and what it changed.
#[derive(Debug)]
pub(super) struct State {
    pub(super) signatures: Vec<Seen>,
    pub(super) changes: Vec<Change>,
}

/// The states of the file, one a revision, and the document as it is now.
#[derive(Debug)]
pub(super) struct History {
    pub(super) states: Vec<State>,
    pub(super) document: Document,
}

impl History {
    pub(super) fn read(file: &[u8], chain: &Chain, limits: &Limits) -> Result<Self, PdfError> {
        if chain.revisions.iter().map(|revision| revision.end).sum::<usize>() > limits.compared_len {
            return Err(PdfError::TooCostly { what: "revisions to compare" });
        }
        let mut states: Vec<State> = Vec::with_capacity(chain.revisions.len());
        let mut previous: Option<Document> = None;
        for revision in &chain.revisions {
            let is_last = revision.number == chain.revisions.len();
            let prefix = file.get(..revision.end).unwrap_or_default();
            match load(prefix, chain, limits) {
                Ok(document) => {
                    let changes = match &previous {
                        Some(previous) => change::between(previous, &document, revision.number, limits),
                        None if revision.number > 1 => {
                            vec![not_compared(revision.number, "the revision before it cannot be read")]
                        }
                        None => Vec::new(),
                    };
                    states.push(State { signatures: seen(&document, limits), changes });
                    previous = Some(document);
                }
                Err(error) if is_last => return Err(error),
                Err(error) => {
                    let change = not_compared(revision.number, &format!("it cannot be read: {error}"));
                    states.push(State { signatures: Vec::new(), changes: vec![change] });
                    previous = None;
                }
            }
        }
        let document = previous.ok_or(PdfError::NotPdf)?;
        Ok(Self { states, document })
    }
}

fn not_compared(revision: usize, why: &str) -> Change {
    Change {
        revision,
        object: None,
        kind: ChangeKind::Undefined,
        act: Act::Changed,
        reason: format!("anything, since the revision cannot be compared: {why}"),
    }
}

fn seen(document: &Document, limits: &Limits) -> Vec<Seen> {
    let fields = tree::fields(document, limits);
    let values = fields.iter().filter_map(|field| {
        let (value, object) = signature_value(document, field)?;
        Some(Seen { field_name: field.name.clone(), object, value: value.clone() })
    });
    values.collect()
}

/// The value of a field that is, or should be, a signature; `None` for an empty field (THR-08) and for any other field.
pub(super) fn signature_value<'a>(document: &'a Document, field: &Field<'a>) -> Option<(&'a Object, Option<ObjectId>)> {
    let written = field.dictionary.get(b"V").ok()?;
    let value = tree::resolve(document, written);
    let looks_signed = tree::dictionary_of(value).is_some_and(change::is_signature);
    if !field.is_signature() && !looks_signed {
        return None;
    }
    match written {
        Object::Null => None,
        // A reference to nothing is no empty field: something was taken away (PAD-25).
        Object::Reference(id) => Some((value, Some(last_hop(document, *id)))),
        _ => Some((value, field.id)),
    }
}

/// The object at the end of references to references.
fn last_hop(document: &Document, id: ObjectId) -> ObjectId {
    let mut id = id;
    for _ in 0..8 {
        match document.objects.get(&id) {
            Some(Object::Reference(next)) => id = *next,
            Some(_) | None => break,
        }
    }
    id
}
