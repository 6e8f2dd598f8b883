//! The legal entity identifier: 18 letters or digits and two check digits.

/// Whether `text` is an LEI whose check digits are right: ISO 7064 mod 97-10 over the whole gives 1 (ISO 17442-1).
pub(crate) fn is_lei(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 20
        && bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && bytes[18..].iter().all(u8::is_ascii_digit)
        && remainder(bytes) == 1
}

/// Remainder by 97 of the number that A = 10 .. Z = 35 spell.
fn remainder(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |rest, &byte| {
        if byte.is_ascii_digit() {
            (rest * 10 + u32::from(byte - b'0')) % 97
        } else {
            (rest * 100 + u32::from(byte - b'A') + 10) % 97
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_lei_of_a_public_register() {
        // GLEIF's own LEI.
        assert!(is_lei("506700GE1G29325QX363"));
    }

    #[test]
    fn refuses_wrong_check_digits_and_forms_cert_24() {
        for text in ["506700GE1G29325QX364", "506700ge1G29325QX363", "506700GE1G29325QX36", "506700GE1G29325QX3630", ""]
        {
            assert!(!is_lei(text), "{text}");
        }
    }
}
