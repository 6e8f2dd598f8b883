//! One revision against the one before.

use std::collections::{BTreeSet, HashSet};

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::{
    change::{
        Act, Change, ChangeKind,
        role::{Role, Roles, is_signed, is_stamp, is_stamped, is_widget},
    },
    limit::Limits,
    tree,
};

/// A verdict on one object: how grave, and what the object is.
type Verdict = (ChangeKind, String);

/// The two revisions that are compared.
struct Pair<'a> {
    old: &'a Document,
    new: &'a Document,
    old_roles: Roles,
    new_roles: Roles,
}

/// Everything that differs between `old` and `new`, which is revision `revision`.
pub(crate) fn between(old: &Document, new: &Document, revision: usize, limits: &Limits) -> Vec<Change> {
    let pair = Pair { old, new, old_roles: Roles::of(old), new_roles: Roles::of(new) };
    let mut changes = Vec::new();
    if old.trailer.get(b"Root").ok() != new.trailer.get(b"Root").ok() {
        changes.push(whole(revision, "the trailer's /Root"));
    }
    let (before, after) = (page_count(old, limits), page_count(new, limits));
    if before != after {
        changes.push(whole(revision, &format!("the number of pages ({before} before, {after} after)")));
    }
    let ids: BTreeSet<ObjectId> = old.objects.keys().chain(new.objects.keys()).copied().collect();
    for id in ids {
        let found = match (old.objects.get(&id), new.objects.get(&id)) {
            (Some(before), Some(after)) if same(before, after) => None,
            (Some(before), Some(after)) if is_container(before) && is_container(after) => None,
            (Some(before), Some(after)) => Some((Act::Changed, pair.changed(id, before, after))),
            (None, Some(after)) if is_container(after) => None,
            (None, Some(after)) => Some((Act::Added, pair.added(id, after))),
            (Some(before), None) if is_container(before) => None,
            (Some(_), None) => Some((Act::Removed, pair.removed(id))),
            (None, None) => None,
        };
        if let Some((act, (kind, reason))) = found {
            changes.push(Change { revision, object: Some(id.into()), kind, act, reason });
        }
    }
    changes
}

fn whole(revision: usize, reason: &str) -> Change {
    Change { revision, object: None, kind: ChangeKind::Undefined, act: Act::Changed, reason: reason.into() }
}

fn page_count(document: &Document, limits: &Limits) -> String {
    tree::pages(document, limits).map_or_else(|_| "unreadable".into(), |pages| pages.len().to_string())
}

/// Object streams and cross-reference streams: their members are compared instead.
fn is_container(object: &Object) -> bool {
    matches!(object, Object::Stream(stream) if stream.dict.has_type(b"ObjStm") || stream.dict.has_type(b"XRef"))
}

impl Pair<'_> {
    fn added(&self, id: ObjectId, object: &Object) -> Verdict {
        let worst = self.new_roles.get(id).map(|role| match role {
            Role::Evidence => (ChangeKind::Extension, "validation data"),
            Role::Metadata => (ChangeKind::Extension, "metadata"),
            Role::Signature if tree::dictionary_of(object).is_some_and(|value| is_stamp(self.new, value)) => {
                (ChangeKind::Extension, "document time-stamp")
            }
            Role::Signature => (ChangeKind::FormFill, "signature"),
            Role::Field if !is_field_dictionary(object) => (ChangeKind::FormFill, "field value"),
            Role::Field => (self.new_field(object), "form field"),
            Role::StampAppearance => (ChangeKind::Extension, "appearance of a document time-stamp"),
            Role::Appearance | Role::SignedAppearance => (ChangeKind::FormFill, "field appearance"),
            Role::Form => (ChangeKind::FormFill, "form"),
            Role::FormResource => (ChangeKind::FormResource, "form resource"),
            Role::AnnotationList | Role::Annots => (ChangeKind::Annotation, "annotation list"),
            Role::Annotation => (ChangeKind::Annotation, "annotation"),
            Role::Catalog => (ChangeKind::Undefined, "catalog"),
            Role::PageTree => (ChangeKind::Undefined, "page tree"),
            Role::Page => (ChangeKind::Undefined, "page"),
            Role::PageContent => (ChangeKind::Undefined, "page content"),
            Role::Value | Role::Other => (ChangeKind::Undefined, "other part of the document"),
        });
        let (kind, reason) = worst.max().unwrap_or((ChangeKind::Extension, "object that nothing refers to"));
        // The list of a page's annotations is judged by its members.
        if reason == "annotation list"
            && let Object::Array(items) = object
        {
            return self.list(&[], items);
        }
        (kind, reason.into())
    }

    fn removed(&self, id: ObjectId) -> Verdict {
        let worst = self.old_roles.get(id).map(|role| match role {
            Role::Evidence | Role::Metadata => (ChangeKind::Extension, role_name(role)),
            Role::Appearance => (ChangeKind::FormFill, role_name(role)),
            Role::Annotation | Role::AnnotationList | Role::Annots => (ChangeKind::Annotation, role_name(role)),
            Role::Catalog
            | Role::PageTree
            | Role::Page
            | Role::PageContent
            | Role::Field
            | Role::Value
            | Role::Signature
            | Role::SignedAppearance
            | Role::StampAppearance
            | Role::Form
            | Role::FormResource
            | Role::Other => (ChangeKind::Undefined, role_name(role)),
        });
        let (kind, reason) = worst.max().unwrap_or((ChangeKind::Extension, "object that nothing referred to"));
        (kind, reason.into())
    }

    fn changed(&self, id: ObjectId, before: &Object, after: &Object) -> Verdict {
        let roles: BTreeSet<Role> =
            self.old_roles.get(id).chain(self.new_roles.get(id).filter(|role| !is_signed_look(*role))).collect();
        let worst = roles.into_iter().map(|role| match (role, before, after) {
            (Role::Evidence | Role::Metadata, ..) => (ChangeKind::Extension, role_name(role).into()),
            (Role::Appearance, ..) => (ChangeKind::FormFill, role_name(role).into()),
            (Role::Annotation, ..) => (ChangeKind::Annotation, role_name(role).into()),
            (Role::AnnotationList | Role::Annots, Object::Array(old), Object::Array(new)) => self.list(old, new),
            (Role::Catalog, Object::Dictionary(old), Object::Dictionary(new)) => self.catalog(old, new),
            (Role::Page, Object::Dictionary(old), Object::Dictionary(new)) => self.page(old, new),
            (Role::Form, Object::Dictionary(old), Object::Dictionary(new)) => self.form(old, new),
            (Role::Field, Object::Array(old), Object::Array(new)) => self.fields(old, new),
            (Role::Field, Object::Dictionary(old), Object::Dictionary(new)) => self.field(old, new),
            (Role::FormResource, Object::Dictionary(old), Object::Dictionary(new)) if only_grew(old, new) => {
                (ChangeKind::FormResource, role_name(role).into())
            }
            _ => (ChangeKind::Undefined, role_name(role).into()),
        });
        worst.max().unwrap_or_else(|| (ChangeKind::Extension, "object that nothing refers to".into()))
    }

    fn catalog(&self, old: &Dictionary, new: &Dictionary) -> Verdict {
        let verdicts = differing(old, new).into_iter().map(|key| match key.as_slice() {
            b"DSS" | b"Extensions" | b"Version" | b"Metadata" => (ChangeKind::Extension, named("catalog", &key)),
            b"Perms" if !old.has(b"Perms") => (ChangeKind::FormFill, named("catalog", &key)),
            b"AcroForm" => {
                let empty = Dictionary::new();
                let before = tree::dictionary(self.old, old, b"AcroForm").unwrap_or(&empty);
                tree::dictionary(self.new, new, b"AcroForm")
                    .map_or_else(|| (ChangeKind::Undefined, named("catalog", &key)), |after| self.form(before, after))
            }
            _ => (ChangeKind::Undefined, named("catalog", &key)),
        });
        verdicts.max().unwrap_or_else(|| (ChangeKind::Extension, "catalog, order of entries".into()))
    }

    fn page(&self, old: &Dictionary, new: &Dictionary) -> Verdict {
        let verdicts = differing(old, new).into_iter().map(|key| match key.as_slice() {
            b"Annots" => self.list(tree::array(self.old, old, b"Annots"), tree::array(self.new, new, b"Annots")),
            _ => (ChangeKind::Undefined, named("page", &key)),
        });
        verdicts.max().unwrap_or_else(|| (ChangeKind::Extension, "page, order of entries".into()))
    }

    /// Two lists of annotations.
    fn list(&self, old: &[Object], new: &[Object]) -> Verdict {
        if !missing(old, new).is_empty() {
            return (ChangeKind::Annotation, "annotation list, one removed".into());
        }
        (self.new_fields(old, new), "annotation list".into())
    }

    fn form(&self, old: &Dictionary, new: &Dictionary) -> Verdict {
        let verdicts = differing(old, new).into_iter().map(|key| match key.as_slice() {
            b"Fields" => self.fields(tree::array(self.old, old, b"Fields"), tree::array(self.new, new, b"Fields")),
            // Says that there are signatures, which the list of fields says as well.
            b"SigFlags" => (ChangeKind::Extension, named("form", &key)),
            b"DA" if !old.has(b"DA") => (ChangeKind::FormResource, named("form", &key)),
            b"DA" | b"NeedAppearances" => (ChangeKind::FormFill, named("form", &key)),
            b"DR" => {
                let empty = Dictionary::new();
                let before = tree::dictionary(self.old, old, b"DR").unwrap_or(&empty);
                let grew = tree::dictionary(self.new, new, b"DR").is_some_and(|after| only_grew(before, after));
                (if grew { ChangeKind::FormResource } else { ChangeKind::Undefined }, named("form", &key))
            }
            _ => (ChangeKind::Undefined, named("form", &key)),
        });
        verdicts.max().unwrap_or_else(|| (ChangeKind::FormFill, "form, order of entries".into()))
    }

    /// Two lists of fields.
    fn fields(&self, old: &[Object], new: &[Object]) -> Verdict {
        if !missing(old, new).is_empty() {
            return (ChangeKind::Undefined, "form fields, one removed".into());
        }
        (self.new_fields(old, new), "form fields".into())
    }

    /// A field, its widget, or the value of one.
    fn field(&self, old: &Dictionary, new: &Dictionary) -> Verdict {
        let signed = is_signed(self.old, old);
        let verdicts = differing(old, new).into_iter().map(|key| match key.as_slice() {
            b"V" | b"AS" | b"AP" if signed => (ChangeKind::Undefined, named("signed field", &key)),
            b"V" | b"AP" if is_stamped(self.new, new) && !is_drawn(self.new, new) => {
                (ChangeKind::Extension, named("field", &key))
            }
            b"V" | b"AS" | b"AP" | b"I" | b"M" | b"F" => (ChangeKind::FormFill, named("field", &key)),
            b"Rect" | b"MK" | b"BS" | b"Border" | b"C" | b"H" if !signed => {
                (ChangeKind::Annotation, named("field", &key))
            }
            _ => (ChangeKind::Undefined, named("field", &key)),
        });
        verdicts.max().unwrap_or_else(|| (ChangeKind::FormFill, "field, order of entries".into()))
    }

    /// How grave it is that `new` has more annotations or fields than `old`.
    fn new_fields(&self, old: &[Object], new: &[Object]) -> ChangeKind {
        let kinds = missing(new, old).into_iter().map(|item| self.new_field(tree::resolve(self.new, item)));
        kinds.max().unwrap_or(ChangeKind::Extension)
    }

    /// How grave it is that there is a new annotation or field: a document time-stamp is evidence (PAD-20).
    fn new_field(&self, object: &Object) -> ChangeKind {
        if !self.is_signature_field(object) {
            ChangeKind::Annotation
        } else if tree::dictionary_of(object)
            .is_some_and(|field| is_stamped(self.new, field) && !is_drawn(self.new, field))
        {
            ChangeKind::Extension
        } else {
            ChangeKind::FormFill
        }
    }

    fn is_signature_field(&self, object: &Object) -> bool {
        let Some(field) = tree::dictionary_of(object) else { return false };
        let parent = tree::dictionary(self.new, field, b"Parent");
        [Some(field), parent]
            .into_iter()
            .flatten()
            .any(|node| matches!(tree::entry(self.new, node, b"FT"), Some(Object::Name(kind)) if kind == b"Sig"))
    }
}

/// Whether a widget has a place on its page where it is drawn: what it shows there is no mere evidence (PAD-28).
fn is_drawn(document: &Document, widget: &Dictionary) -> bool {
    let Some(written) = tree::entry(document, widget, b"Rect") else { return false };
    let corners: Option<Vec<f32>> = written
        .as_array()
        .ok()
        .and_then(|corners| corners.iter().map(|corner| tree::resolve(document, corner).as_float().ok()).collect());
    // A place that cannot be read is one that somebody else may read.
    !matches!(corners.as_deref(), Some([left, bottom, right, top]) if left == right || bottom == top)
}

/// The items of `items` that `others` does not have. Items written in place count as missing where there are too many to compare.
fn missing<'a>(items: &'a [Object], others: &[Object]) -> Vec<&'a Object> {
    const DIRECT: usize = 256;
    let references: HashSet<ObjectId> = others.iter().filter_map(|other| other.as_reference().ok()).collect();
    let direct: Vec<&Object> = others.iter().filter(|other| other.as_reference().is_err()).take(DIRECT).collect();
    let has = |item: &Object| match item {
        Object::Reference(id) => references.contains(id),
        written => direct.iter().any(|other| same(written, other)),
    };
    items.iter().filter(|item| !has(item)).collect()
}

/// What a signed field looks like may not change; that a field became signed in the newer revision does not forbid its look.
const fn is_signed_look(role: Role) -> bool {
    matches!(role, Role::SignedAppearance | Role::StampAppearance)
}

fn is_field_dictionary(object: &Object) -> bool {
    tree::dictionary_of(object).is_some_and(|field| is_widget(field) || field.has(b"FT") || field.has(b"T"))
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Catalog => "catalog",
        Role::PageTree => "page tree",
        Role::Page => "page",
        Role::PageContent => "page content",
        Role::Annots | Role::AnnotationList => "annotation list",
        Role::Annotation => "annotation",
        Role::Field => "field",
        Role::Value => "field value",
        Role::Signature => "signature dictionary",
        Role::Appearance => "field appearance",
        Role::SignedAppearance => "appearance of a signed field",
        Role::StampAppearance => "appearance of a document time-stamp",
        Role::Form => "form",
        Role::FormResource => "form resource",
        Role::Evidence => "validation data",
        Role::Metadata => "metadata",
        Role::Other => "other part of the document",
    }
}

fn named(what: &str, key: &[u8]) -> String {
    format!("{what} /{}", String::from_utf8_lossy(key))
}

/// Keys whose values differ, and keys that only one of the two has.
fn differing(old: &Dictionary, new: &Dictionary) -> BTreeSet<Vec<u8>> {
    let keys = old.iter().chain(new.iter()).map(|(key, _)| key);
    let differs = |key: &&Vec<u8>| match (old.get(key), new.get(key)) {
        (Ok(before), Ok(after)) => !same(before, after),
        (Ok(_), Err(_)) | (Err(_), Ok(_)) | (Err(_), Err(_)) => true,
    };
    keys.filter(differs).cloned().collect()
}

/// Whether `new` has everything that `old` has, unchanged, sub-dictionaries included.
fn only_grew(old: &Dictionary, new: &Dictionary) -> bool {
    old.iter().all(|(key, before)| match (before, new.get(key)) {
        (Object::Dictionary(before), Ok(Object::Dictionary(after))) => only_grew(before, after),
        (before, Ok(after)) => same(before, after),
        (_, Err(_)) => false,
    })
}

/// Whether two objects say the same, wherever they lie.
pub(crate) fn same(left: &Object, right: &Object) -> bool {
    match (left, right) {
        (Object::Stream(left), Object::Stream(right)) => {
            left.content == right.content && same_entries(&left.dict, &right.dict)
        }
        (Object::Dictionary(left), Object::Dictionary(right)) => same_entries(left, right),
        (Object::Array(left), Object::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        _ => left == right,
    }
}

fn same_entries(left: &Dictionary, right: &Dictionary) -> bool {
    left.len() == right.len() && left.iter().all(|(key, left)| right.get(key).is_ok_and(|right| same(left, right)))
}
