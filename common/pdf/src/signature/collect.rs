//! All signatures of a file together: revisions, collisions, removals (PAD-04, PAD-26).

use std::collections::HashSet;

use lopdf::ObjectId;

use crate::{
    chain::Chain,
    change::{self, Act, Change, ChangeKind},
    error::{PdfError, SignatureFault},
    limit::Limits,
    scan::is_space,
    signature::{
        MalformedSignature, PdfSignature,
        history::{History, Seen, signature_value},
        read::{Source, read},
    },
    tree,
};

/// Every signature and document time-stamp of `file`, in the order of its fields. A malformed one is an error in its place, never left out.
///
/// # Errors
/// [`PdfError`] if the file as a whole cannot be read as it is written.
pub fn signatures(file: &[u8]) -> Result<Vec<Result<PdfSignature, MalformedSignature>>, PdfError> {
    signatures_within(file, &Limits::default())
}

/// [`signatures`] within limits of the caller's.
///
/// # Errors
/// [`PdfError`] if the file as a whole cannot be read as it is written, or meets a limit.
pub fn signatures_within(
    file: &[u8],
    limits: &Limits,
) -> Result<Vec<Result<PdfSignature, MalformedSignature>>, PdfError> {
    let chain = Chain::parse(file, limits)?;
    let history = History::read(file, &chain, limits)?;
    let mut found = Vec::new();
    let mut taken: Vec<(ObjectId, String)> = Vec::new();
    for field in tree::fields(&history.document, limits) {
        let Some((value, object)) = signature_value(&history.document, &field) else { continue };
        let malformed =
            |fault| MalformedSignature { field_name: field.name.clone(), object: object.map(Into::into), fault };
        let (Some(value), Some(object)) = (tree::dictionary_of(value), object) else {
            found.push(Err(malformed(SignatureFault::NotADictionary)));
            continue;
        };
        if let Some((_, other)) = taken.iter().find(|(id, _)| *id == object) {
            found.push(Err(malformed(SignatureFault::SharedBetweenFields { other: other.clone() })));
            continue;
        }
        taken.push((object, field.name.clone()));
        let source = Source { file, document: &history.document, field: &field, value, object };
        found.push(read(&source).map_err(malformed));
    }
    for result in &mut found {
        if let Ok(signature) = result
            && let Err(fault) = place(signature, file, &chain, &history, limits)
        {
            *result = Err(malformed(signature, fault));
        }
    }
    collide(&mut found);
    found.extend(removed(&history));
    found.extend(without_field(&history, &taken));
    Ok(found)
}

fn malformed(signature: &PdfSignature, fault: SignatureFault) -> MalformedSignature {
    MalformedSignature { field_name: signature.field_name.clone(), object: Some(signature.object), fault }
}

/// Finds the revision that `signature` signs and everything that came after.
fn place(
    signature: &mut PdfSignature,
    file: &[u8],
    chain: &Chain,
    history: &History,
    limits: &Limits,
) -> Result<(), SignatureFault> {
    let [_, _, start, len] = signature.byte_range;
    let end = start.saturating_add(len);
    let offset = usize::try_from(end).unwrap_or(usize::MAX);
    let revision = chain.revisions.iter().find(|revision| revision.ends_at(offset));
    let revision = revision.ok_or(SignatureFault::NotARevision { end })?;
    signature.revision = revision.number;
    signature.revisions = chain.revisions.len();
    signature.covers_whole_file = offset == file.len();
    let name = &signature.field_name;
    let seen = |state: &usize| {
        let state = history.states.get(*state)?;
        state.signatures.iter().find(|seen| seen.field_name == *name).map(|seen| &seen.value)
    };
    let now = seen(&(chain.revisions.len() - 1));
    let same = |then| matches!((then, now), (Some(then), Some(now)) if change::same(then, now));
    if !(revision.number - 1..chain.revisions.len()).all(|state| same(seen(&state))) {
        return Err(SignatureFault::ChangedSince);
    }
    let later = history.states.iter().skip(revision.number).flat_map(|state| &state.changes);
    signature.changes = later.chain(tail(file, chain).iter()).take(limits.changes).cloned().collect();
    Ok(())
}

/// What follows the last `%%EOF` (PAD-26).
fn tail(file: &[u8], chain: &Chain) -> Option<Change> {
    let last = chain.revisions.last()?;
    let rest = file.get(last.end..).unwrap_or_default();
    let stray = rest.iter().filter(|octet| !is_space(**octet)).count();
    (stray > 0).then(|| Change {
        revision: last.number + 1,
        object: None,
        kind: ChangeKind::Undefined,
        act: Act::Added,
        reason: format!("{} octets after the last %%EOF", rest.len()),
    })
}

/// Refuses signatures whose ranges collide: each must lie in what a later one signs, gap included (PAD-04).
fn collide(found: &mut [Result<PdfSignature, MalformedSignature>]) {
    let ranges: Vec<Option<(String, u64, u64)>> = found
        .iter()
        .map(|result| {
            result
                .as_ref()
                .ok()
                .map(|one| (one.field_name.clone(), one.byte_range[1], one.byte_range[2] + one.byte_range[3]))
        })
        .collect();
    for (index, result) in found.iter_mut().enumerate() {
        let Ok(signature) = result else { continue };
        let (gap, end) = (signature.byte_range[1], signature.byte_range[2] + signature.byte_range[3]);
        let other = ranges.iter().enumerate().filter(|(place, _)| *place != index).find_map(|(_, other)| {
            let (name, other_gap, other_end) = other.as_ref()?;
            (gap < *other_end && *other_gap < end).then(|| name.clone())
        });
        if let Some(other) = other {
            *result = Err(malformed(signature, SignatureFault::Collision { other }));
        }
    }
}

/// Signatures of earlier revisions whose field no longer has a value.
fn removed(history: &History) -> Vec<Result<PdfSignature, MalformedSignature>> {
    let Some((now, earlier)) = history.states.split_last() else { return Vec::new() };
    let is_there = |seen: &Seen| now.signatures.iter().any(|other| other.field_name == seen.field_name);
    let mut names = HashSet::new();
    let mut gone = Vec::new();
    for (index, state) in earlier.iter().enumerate().rev() {
        for seen in state.signatures.iter().filter(|seen| !is_there(seen)) {
            if names.insert(seen.field_name.clone()) {
                gone.push(Err(MalformedSignature {
                    field_name: seen.field_name.clone(),
                    object: seen.object.map(Into::into),
                    fault: SignatureFault::Removed { revision: index + 1 },
                }));
            }
        }
    }
    gone
}

/// Signature dictionaries that no field has for its value. Usage rights (`/Perms /UR3`) are no signature of the document.
fn without_field(history: &History, taken: &[(ObjectId, String)]) -> Vec<Result<PdfSignature, MalformedSignature>> {
    let document = &history.document;
    let mut known: HashSet<ObjectId> = taken.iter().map(|(id, _)| *id).collect();
    if let Ok((_, catalog)) = tree::catalog(document)
        && let Some(permissions) = tree::dictionary(document, catalog, b"Perms")
    {
        known.extend([&b"UR"[..], b"UR3"].into_iter().filter_map(|key| permissions.get(key).ok()?.as_reference().ok()));
    }
    let orphans = document.objects.iter().filter(|(id, object)| {
        !known.contains(id)
            && tree::dictionary_of(object).is_some_and(|value| change::is_signature(value) && !value.has(b"Subtype"))
    });
    orphans
        .map(|(id, _)| {
            Err(MalformedSignature {
                field_name: String::new(),
                object: Some((*id).into()),
                fault: SignatureFault::NoField,
            })
        })
        .collect()
}
