//! What the cross-reference data lists is what is read, and nothing else.
//!
//! The library keys objects by the header it finds where an entry points, and members of an object stream by its own list. A reader that
//! follows the entries sees other objects where the two disagree, so a file in which they do is refused (PAD-20, PAD-26).

use std::collections::HashMap;

use lopdf::{Document, Object, xref::XrefEntry};

use crate::{error::PdfError, limit::Limits, scan::Scanner};

/// Keeps the objects that are listed.
///
/// # Errors
/// [`PdfError::BrokenObject`] for an entry that points to anything but its own object, or to nothing.
pub(crate) fn keep_listed(document: &mut Document, bytes: &[u8], limits: &Limits) -> Result<(), PdfError> {
    let entries = &document.reference_table.entries;
    let mut containers = HashMap::new();
    for (&number, entry) in entries {
        let (id, is_its_own) = match *entry {
            XrefEntry::Free | XrefEntry::UnusableFree => continue,
            XrefEntry::Normal { offset, generation } => {
                let header = usize::try_from(offset).ok().and_then(|at| Scanner::new(bytes, at).object_header());
                let own = Some((u64::from(number), u64::from(generation)));
                ((number, generation), header == own && document.objects.contains_key(&(number, generation)))
            }
            XrefEntry::Compressed { container, index } => {
                let members = containers.entry(container).or_insert_with(|| members(document, container, limits));
                let is_there = members.get(&number) == Some(&Place::Once(usize::from(index)));
                ((number, 0), is_there && document.objects.contains_key(&(number, 0)))
            }
        };
        if !is_its_own {
            return Err(PdfError::BrokenObject { object: id.into() });
        }
    }
    document.objects.retain(|(number, generation), _| match entries.get(number) {
        Some(XrefEntry::Normal { generation: listed, .. }) => listed == generation,
        Some(XrefEntry::Compressed { .. }) => *generation == 0,
        Some(XrefEntry::Free | XrefEntry::UnusableFree) | None => false,
    });
    Ok(())
}

/// Where a number is in the list of an object stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Once(usize),
    Repeated,
}

/// The members of an object stream; none if it cannot be read.
fn members(document: &Document, container: u32, limits: &Limits) -> HashMap<u32, Place> {
    let read = || {
        let stream = document.objects.get(&(container, 0))?.as_stream().ok()?;
        let first = usize::try_from(stream.dict.get(b"First").and_then(Object::as_i64).ok()?).ok()?;
        let content = stream.get_plain_content_with_limit(limits.inflated_len).ok()?;
        let mut scanner = Scanner::new(content.get(..first)?, 0);
        let mut members = HashMap::new();
        for index in 0.. {
            scanner.skip_space();
            if scanner.peek().is_none() {
                break;
            }
            let number = u32::try_from(scanner.number()?).ok()?;
            scanner.skip_space();
            scanner.number()?;
            members.entry(number).and_modify(|place| *place = Place::Repeated).or_insert(Place::Once(index));
        }
        Some(members)
    };
    read().unwrap_or_default()
}
