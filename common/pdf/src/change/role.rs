//! What each object of a revision is there for, by the ways that lead to it from the catalog.

use std::collections::{HashMap, HashSet, VecDeque};

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::tree;

/// What an object does in a document. One object may have several.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Role {
    Catalog,
    PageTree,
    Page,
    /// Content, resources, anything a page draws with.
    PageContent,
    /// `/Annots`, not yet told apart; never stored.
    Annots,
    AnnotationList,
    Annotation,
    /// A form field or its widget.
    Field,
    /// `/V` of a field, not yet told apart; never stored.
    Value,
    /// A signature dictionary.
    Signature,
    /// What a widget looks like.
    Appearance,
    /// What the widget of a signed field looks like.
    SignedAppearance,
    /// What the widget of a document time-stamp looks like.
    StampAppearance,
    Form,
    FormResource,
    /// `/DSS`.
    Evidence,
    /// `/Metadata`, `/Info`, `/Extensions`.
    Metadata,
    /// Reached from the catalog in any other way.
    Other,
}

impl Role {
    const fn is_structure(self) -> bool {
        matches!(self, Self::Catalog | Self::PageTree | Self::Page)
    }
}

/// The roles of every object that can be reached.
#[derive(Debug, Default)]
pub(crate) struct Roles(HashMap<ObjectId, HashSet<Role>>);

impl Roles {
    pub(crate) fn of(document: &Document) -> Self {
        let mut roles = Self::default();
        let mut open = VecDeque::new();
        for (key, value) in &document.trailer {
            let role = match key.as_slice() {
                b"Root" => Role::Catalog,
                b"Info" => Role::Metadata,
                key if is_bookkeeping(key) => continue,
                _ => Role::Other,
            };
            spread(document, value, role, &mut open);
        }
        while let Some((id, wanted)) = open.pop_front() {
            let Some(object) = document.objects.get(&id) else { continue };
            let role = arrive(object, wanted);
            if !role.is_structure() && roles.is_structure(id) {
                continue;
            }
            if roles.0.entry(id).or_default().insert(role) {
                inside(document, object, role, &mut open);
            }
        }
        roles
    }

    fn is_structure(&self, id: ObjectId) -> bool {
        self.get(id).any(Role::is_structure)
    }

    pub(crate) fn get(&self, id: ObjectId) -> impl Iterator<Item = Role> + '_ {
        self.0.get(&id).into_iter().flatten().copied()
    }
}

/// Entries of a trailer, or of a cross-reference stream, through which nothing can be shown.
fn is_bookkeeping(key: &[u8]) -> bool {
    const KEYS: [&[u8]; 14] = [
        b"Size",
        b"Prev",
        b"ID",
        b"Info",
        b"XRefStm",
        b"Type",
        b"Index",
        b"W",
        b"Length",
        b"Filter",
        b"DecodeParms",
        b"DL",
        b"DocChecksum",
        b"Encrypt",
    ];
    KEYS.contains(&key)
}

/// Settles a role that depends on what is found.
fn arrive(object: &Object, role: Role) -> Role {
    let dictionary = tree::dictionary_of(object);
    match (role, dictionary) {
        (Role::Annots, Some(annotation)) if is_widget(annotation) => Role::Field,
        (Role::Annots, Some(_)) => Role::Annotation,
        (Role::Annots, None) => Role::AnnotationList,
        (Role::PageTree, Some(node)) if !node.has(b"Kids") => Role::Page,
        (Role::Value, Some(value)) if is_signature(value) => Role::Signature,
        (Role::Value, _) => Role::Field,
        _ => role,
    }
}

pub(crate) fn is_widget(annotation: &Dictionary) -> bool {
    matches!(annotation.get(b"Subtype"), Ok(Object::Name(name)) if name == b"Widget")
}

pub(crate) fn is_signature(value: &Dictionary) -> bool {
    value.has_type(b"Sig") || value.has_type(b"DocTimeStamp") || (value.has(b"ByteRange") && value.has(b"Contents"))
}

/// Whether a field has a signature for its value.
pub(crate) fn is_signed(document: &Document, field: &Dictionary) -> bool {
    tree::dictionary(document, field, b"V").is_some_and(is_signature)
}

/// Whether a field has a document time-stamp for its value (PAD-07).
pub(crate) fn is_stamped(document: &Document, field: &Dictionary) -> bool {
    tree::dictionary(document, field, b"V").is_some_and(|value| is_stamp(document, value))
}

/// Whether a signature dictionary is a document time-stamp.
pub(crate) fn is_stamp(document: &Document, value: &Dictionary) -> bool {
    is_signature(value) && tree::name(document, value, b"SubFilter").is_some_and(|name| name == "ETSI.RFC3161")
}

/// Everything that `object`, which has `role`, refers to.
fn inside(document: &Document, object: &Object, role: Role, open: &mut VecDeque<(ObjectId, Role)>) {
    match object {
        Object::Dictionary(dictionary) => entries(document, dictionary, role, open),
        Object::Stream(stream) => entries(document, &stream.dict, role, open),
        Object::Array(items) => {
            let role = if role == Role::AnnotationList { Role::Annots } else { role };
            for item in items {
                spread(document, item, role, open);
            }
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

fn spread(document: &Document, value: &Object, role: Role, open: &mut VecDeque<(ObjectId, Role)>) {
    if let Object::Reference(id) = value {
        // Pages first: other ways that lead to a page stop there.
        if role.is_structure() {
            open.push_front((*id, role));
        } else {
            open.push_back((*id, role));
        }
    } else {
        inside(document, value, arrive(value, role), open);
    }
}

fn entries(document: &Document, dictionary: &Dictionary, role: Role, open: &mut VecDeque<(ObjectId, Role)>) {
    let appearance = match role {
        Role::Field if is_stamped(document, dictionary) => Role::StampAppearance,
        Role::Field if is_signed(document, dictionary) => Role::SignedAppearance,
        _ => Role::Appearance,
    };
    for (key, value) in dictionary {
        if let Some(next) = next(role, key, appearance) {
            spread(document, value, next, open);
        }
    }
}

/// The role of what lies under `key`; `None` for ways back.
fn next(role: Role, key: &[u8], appearance: Role) -> Option<Role> {
    if matches!(key, b"Parent" | b"P") && role != Role::Field {
        return None;
    }
    Some(match (role, key) {
        (Role::Catalog, b"Pages") => Role::PageTree,
        (Role::Catalog, b"AcroForm") => Role::Form,
        (Role::Catalog, b"DSS") => Role::Evidence,
        (Role::Catalog, b"Metadata" | b"Extensions") => Role::Metadata,
        (Role::Catalog, b"Perms") => Role::Value,
        (Role::Catalog, _) => Role::Other,
        (Role::PageTree, b"Kids") => Role::PageTree,
        (Role::Page, b"Annots") => Role::Annots,
        (Role::PageTree | Role::Page, _) => Role::PageContent,
        (Role::Field, b"P") => return None,
        (Role::Field, b"V") => Role::Value,
        (Role::Field, b"AP") => appearance,
        (Role::Form, b"Fields") => Role::Field,
        (Role::Form, b"XFA") => Role::Other,
        (Role::Form, _) => Role::FormResource,
        (same, _) => same,
    })
}
