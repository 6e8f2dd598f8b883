//! The body of `POST /tsa/batches`, read without a string for each digest.

use std::fmt;

use kokuin_evidence::{BatchError, Digests, batch::MAX_DIGESTS};
use kokuin_suite::DigestAlgorithm;
use serde::{
    Deserialize,
    de::{Deserializer, IgnoredAny, SeqAccess, Visitor},
};

use super::BatchRefusal;

/// Octets of the longest digest.
const LONGEST: usize = 64;
/// Octets that each digest may take in a body: its digits, two quotes, a comma, a line break and some blanks.
const SPELLED: u32 = 140;
const _: () = assert!(SPELLED as usize >= 2 * LONGEST + 4, "the longest digest fits");

/// Octets that a body with `limit` digests may have.
#[must_use]
pub const fn body_limit(limit: u32) -> u32 {
    SPELLED.saturating_mul(limit).saturating_add(4096)
}

/// Which digests are to be stamped.
#[derive(Debug)]
pub struct BatchRequest(pub Digests);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    hash_algorithm: String,
    digests: Spelled,
}

/// Digests one after the other, and what is wrong with the first that is wrong.
#[derive(Default)]
struct Spelled {
    octets: Vec<u8>,
    len: usize,
    count: usize,
    misspelled: Option<usize>,
    other_length: Option<(usize, usize)>,
}

impl Spelled {
    fn take(&mut self, text: &str) {
        let index = self.count;
        self.count += 1;
        if self.count > MAX_DIGESTS || self.misspelled.is_some() || self.other_length.is_some() {
            return;
        }
        let mut digest = [0; LONGEST];
        let found = text.len() / 2;
        if found > LONGEST {
            self.other_length = Some((index, found));
            return;
        }
        if hex::decode_to_slice(text, &mut digest[..found]).is_err() {
            self.misspelled = Some(index);
            return;
        }
        if index == 0 {
            self.len = found;
        } else if found != self.len {
            self.other_length = Some((index, found));
        }
        self.octets.extend_from_slice(&digest[..found]);
    }
}

impl<'de> Deserialize<'de> for Spelled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SpelledVisitor)
    }
}

struct SpelledVisitor;

impl<'de> Visitor<'de> for SpelledVisitor {
    type Value = Spelled;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of digests in hexadecimal")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Spelled, A::Error> {
        let mut spelled = Spelled::default();
        while spelled.count < MAX_DIGESTS {
            match sequence.next_element_seed(DigestSeed(&mut spelled))? {
                Some(()) => {}
                None => return Ok(spelled),
            }
        }
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            spelled.count += 1;
        }
        Ok(spelled)
    }
}

/// One digest, decoded where it stands.
struct DigestSeed<'a>(&'a mut Spelled);

impl<'de> serde::de::DeserializeSeed<'de> for DigestSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for DigestSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a digest in hexadecimal")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.take(text);
        Ok(())
    }
}

impl BatchRequest {
    /// Reads a body; `limit` digests are the most.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn parse(body: &[u8], limit: u32) -> Result<Self, BatchRefusal> {
        let Body { hash_algorithm, digests } = serde_json::from_slice(body).map_err(BatchRefusal::Malformed)?;
        let Ok(algorithm) = hash_algorithm.parse::<DigestAlgorithm>() else {
            return Err(BatchRefusal::AlgorithmUnknown(hash_algorithm.chars().take(32).collect()));
        };
        let limit = limit as usize;
        if digests.count > limit.min(MAX_DIGESTS) {
            return Err(BatchRefusal::TooMany { found: digests.count, limit });
        }
        if let Some(index) = digests.misspelled {
            return Err(BatchRefusal::DigestSpelling { index });
        }
        let expected = algorithm.output_len();
        let wrong_length = if digests.count > 0 && digests.len != expected && algorithm != DigestAlgorithm::Sha1 {
            Some((0, digests.len))
        } else {
            digests.other_length
        };
        if let Some((index, found)) = wrong_length {
            return Err(BatchRefusal::Digests(BatchError::DigestLength { index, algorithm, expected, found }));
        }
        let digests = Digests::new(algorithm, &digests.octets).map_err(BatchRefusal::Digests)?;
        Ok(Self(digests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> &'static str {
        BatchRequest::parse(body.as_bytes(), 100_000).unwrap_err().code()
    }

    fn spelled(count: usize, octets: usize) -> String {
        let digests: Vec<String> =
            (0..count).map(|number| format!("\"{number:0width$x}\"", width = octets * 2)).collect();
        digests.join(",")
    }

    #[test]
    fn reads_digests_in_any_order_and_case_and_keeps_each_once() {
        let (upper, lower) = ("AB".repeat(32), "ab".repeat(32));
        let body = format!("{{\"digests\": [\"{upper}\", \"{lower}\"], \"hashAlgorithm\": \"sha3-256\"}}");
        let request = BatchRequest::parse(body.as_bytes(), 2).unwrap();
        assert_eq!(request.0.as_bytes(), [0xab; 32]);
        assert_eq!(request.0.algorithm(), DigestAlgorithm::Sha3_256);
    }

    #[test]
    fn refuses_empty_wrong_mixed_and_misspelled_digests_and_algorithms_of_the_past() {
        let with = |algorithm: &str, digests: &str| {
            code(&format!("{{\"hashAlgorithm\":\"{algorithm}\",\"digests\":[{digests}]}}"))
        };
        assert_eq!(with("sha256", ""), "batch.empty");
        assert_eq!(with("sha512", &spelled(1, 32)), "batch.digest-length");
        assert_eq!(with("sha256", &format!("{},{}", spelled(1, 32), spelled(1, 48))), "batch.digest-length");
        assert_eq!(with("sha256", &spelled(1, 65)), "batch.digest-length");
        assert_eq!(with("sha256", "\"\""), "batch.digest-length");
        assert_eq!(with("sha256", "\"abc\""), "tsa.batch.digest-spelling");
        assert_eq!(with("sha256", &format!("\"{}\"", "zz".repeat(32))), "tsa.batch.digest-spelling");
        assert_eq!(with("sha256", &format!("\"{}\"", "é".repeat(32))), "tsa.batch.digest-spelling");
        assert_eq!(with("sha1", &spelled(1, 20)), "batch.algorithm-of-the-past");
        assert_eq!(with("md5", &spelled(1, 16)), "tsa.batch.algorithm-unknown");
    }

    #[test]
    fn refuses_what_is_not_the_object_described() {
        for body in ["", "[]", "{}", "{\"hashAlgorithm\":\"sha256\",\"digests\":[1]}", "{\"hashAlgorithm\":\"sha256\"}"]
        {
            assert_eq!(code(body), "tsa.batch.malformed");
        }
        let unknown = format!("{{\"hashAlgorithm\":\"sha256\",\"digests\":[{}],\"more\":1}}", spelled(1, 32));
        assert_eq!(code(&unknown), "tsa.batch.malformed");
        assert_eq!(code(&format!("{}0", &unknown[..unknown.len() - 9])), "tsa.batch.malformed");
    }

    #[test]
    fn takes_a_hundred_thousand_digests_and_not_one_more() {
        let body = |count| format!("{{\"hashAlgorithm\":\"sha512\",\"digests\":[{}]}}", spelled(count, 64));
        let most = body(100_000);
        assert!(most.len() <= body_limit(100_000) as usize);
        assert_eq!(BatchRequest::parse(most.as_bytes(), 100_000).unwrap().0.len(), 100_000);
        match BatchRequest::parse(body(100_001).as_bytes(), 100_000) {
            Err(BatchRefusal::TooMany { found: 100_001, limit: 100_000 }) => {}
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            BatchRequest::parse(body(11).as_bytes(), 10),
            Err(BatchRefusal::TooMany { found: 11, limit: 10 })
        ));
    }
}
