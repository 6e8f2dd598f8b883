//! The CMS inside the zeros that pad it.

use crate::error::SignatureFault;

/// Levels of indefinite-length elements that are looked into.
const LEVELS: usize = 64;

/// Octets of the SEQUENCE that `contents` begins with, of definite or indefinite length, header included.
fn sequence_len(contents: &[u8]) -> Option<usize> {
    if contents.first() != Some(&0x30) {
        return None;
    }
    let mut at = 0_usize;
    let mut open = 0_usize;
    loop {
        if contents.get(at..at + 2)? == [0, 0] {
            at += 2;
            open = open.checked_sub(1)?;
        } else {
            let tag = *contents.get(at)?;
            let (header, len) = header(contents.get(at..)?)?;
            match len {
                Some(len) => at = at.checked_add(header)?.checked_add(len)?,
                None if tag & 0x20 == 0 || open == LEVELS => return None,
                None => {
                    at += header;
                    open += 1;
                }
            }
        }
        if open == 0 {
            return (at <= contents.len()).then_some(at);
        }
    }
}

/// Octets of tag and length, and the length; `None` for an indefinite one.
fn header(bytes: &[u8]) -> Option<(usize, Option<usize>)> {
    let mut at = 1;
    if bytes.first()? & 0x1f == 0x1f {
        while bytes.get(at)? & 0x80 != 0 {
            at += 1;
        }
        at += 1;
    }
    let first = *bytes.get(at)?;
    at += 1;
    if first < 0x80 {
        return Some((at, Some(usize::from(first))));
    }
    let octets = usize::from(first & 0x7f);
    if octets == 0 {
        return Some((at, None));
    }
    if octets > 4 {
        return None;
    }
    let len = bytes.get(at..at + octets)?.iter().fold(0_usize, |len, octet| (len << 8) | usize::from(*octet));
    Some((at + octets, Some(len)))
}

/// Cuts the padding off.
///
/// # Errors
/// [`SignatureFault`] if there is no SEQUENCE, or if anything but zeros follows it.
pub(super) fn unpad(contents: &[u8]) -> Result<&[u8], SignatureFault> {
    let len = sequence_len(contents).ok_or(SignatureFault::ContentsNotDer)?;
    let (cms, padding) = contents.split_at_checked(len).ok_or(SignatureFault::ContentsNotDer)?;
    if padding.iter().any(|octet| *octet != 0) {
        return Err(SignatureFault::ContentsPadding);
    }
    Ok(cms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_zeros_after_a_sequence() {
        assert_eq!(unpad(&[0x30, 2, 5, 0, 0, 0]), Ok(&[0x30, 2, 5, 0][..]));
        assert_eq!(unpad(&[0x30, 0x80, 5, 0, 0, 0, 0]), Ok(&[0x30, 0x80, 5, 0, 0, 0][..]));
        assert_eq!(
            unpad(&[0x30, 0x80, 0x24, 0x80, 4, 1, 7, 0, 0, 0, 0, 0]),
            Ok(&[0x30, 0x80, 0x24, 0x80, 4, 1, 7, 0, 0, 0, 0][..])
        );
    }

    #[test]
    fn refuses_anything_but_zeros_after_the_sequence() {
        assert_eq!(unpad(&[0x30, 2, 5, 0, 0, 1]), Err(SignatureFault::ContentsPadding));
    }

    #[test]
    fn refuses_contents_without_a_sequence() {
        for contents in [
            &[][..],
            &[0],
            &[0, 0, 0],
            &[0x30],
            &[0x30, 3, 5, 0],
            &[0x31, 0],
            &[0x30, 0x84, 255, 255, 255, 255],
            &[0x30, 0x80, 5, 0],
        ] {
            assert_eq!(unpad(contents), Err(SignatureFault::ContentsNotDer), "{contents:02x?}");
        }
    }
}
