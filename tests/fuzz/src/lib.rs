//! What the targets share: the invariants of signed messages, and where a part lies.

pub mod message;

/// Asserts that `part` is a piece of `whole`: nothing parsed comes from anywhere else.
///
/// # Panics
/// If it does not.
pub fn assert_inside(whole: &[u8], part: &[u8]) {
    let (start, end) = (whole.as_ptr().addr(), whole.as_ptr().addr() + whole.len());
    let part_start = part.as_ptr().addr();
    assert!(
        part.is_empty() || (start <= part_start && part_start + part.len() <= end),
        "a part lies outside the input"
    );
}
