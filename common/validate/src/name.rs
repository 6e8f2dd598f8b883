//! Distinguished names: compared as RFC 5280 7.1 compares them.

use kokuin_asn1::{Reader, tag};

/// One attribute, ready to compare.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Attribute {
    oid: Vec<u8>,
    value: Value,
}

#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Value {
    /// Lower case, spaces folded.
    Text(String),
    /// Another type: compared octet by octet.
    Octets(Vec<u8>),
}

type Rdn = Vec<Attribute>;

/// Whether two `Name` elements name the same entity.
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    a == b || matches!((rdns(a), rdns(b)), (Some(a), Some(b)) if a == b)
}

/// Whether `name` is in the subtree whose top is `base` (RFC 5280 4.2.1.10).
pub(crate) fn is_within(name: &[u8], base: &[u8]) -> bool {
    match (rdns(name), rdns(base)) {
        (Some(name), Some(base)) => name.starts_with(&base),
        (None, _) | (_, None) => false,
    }
}

/// Whether the `Name` has no RDN.
pub(crate) fn is_empty(name: &[u8]) -> bool {
    name == [tag::SEQUENCE, 0]
}

fn rdns(name: &[u8]) -> Option<Vec<Rdn>> {
    let mut names = Reader::enter_only(name, tag::SEQUENCE, "Name").ok()?;
    let mut rdns = Vec::new();
    while !names.is_empty() {
        let mut set = names.enter(tag::SET, "RelativeDistinguishedName").ok()?;
        let mut rdn = Rdn::new();
        while !set.is_empty() {
            let mut attribute = set.enter(tag::SEQUENCE, "AttributeTypeAndValue").ok()?;
            let oid = attribute.expect(tag::OID, "type").ok()?.value.to_vec();
            let value = attribute.next().ok()?;
            let value = match text(value.tag, value.value) {
                Some(text) => Value::Text(folded(&text)),
                None => Value::Octets(value.raw.to_vec()),
            };
            rdn.push(Attribute { oid, value });
        }
        rdn.sort();
        rdns.push(rdn);
    }
    Some(rdns)
}

/// The text of a directory string.
fn text(tag: u8, content: &[u8]) -> Option<String> {
    match tag {
        tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING => String::from_utf8(content.to_vec()).ok(),
        tag::TELETEX_STRING => Some(content.iter().copied().map(char::from).collect()),
        tag::BMP_STRING => {
            let units: Vec<u16> =
                content.chunks(2).map(|pair| pair.iter().fold(0, |n, &b| n << 8 | u16::from(b))).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

fn folded(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use kokuin_asn1::{enc, oids};

    use super::*;

    fn name(attributes: &[(&kokuin_asn1::Oid, Vec<u8>)]) -> Vec<u8> {
        let rdns: Vec<_> =
            attributes.iter().map(|(oid, value)| enc::set_of(&[&enc::sequence(&[&enc::oid(oid), value])])).collect();
        enc::sequence(&rdns.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn compares_without_case_spaces_and_string_type() {
        let a = name(&[(&oids::CN, enc::utf8_string("Kokuin  Dev "))]);
        let b = name(&[(&oids::CN, enc::printable_string("kokuin dev"))]);
        assert!(is_same(&a, &b));
    }

    #[test]
    fn tells_orders_of_rdns_apart() {
        let (c, o) = (enc::printable_string("JP"), enc::utf8_string("Kokuin"));
        let a = name(&[(&oids::C, c.clone()), (&oids::O, o.clone())]);
        let b = name(&[(&oids::O, o), (&oids::C, c)]);
        assert!(!is_same(&a, &b));
    }

    #[test]
    fn subtree_is_a_prefix_of_rdns() {
        let country = (&oids::C, enc::printable_string("JP"));
        let base = name(std::slice::from_ref(&country));
        let below = name(&[country, (&oids::O, enc::utf8_string("Kokuin"))]);
        assert!(is_within(&below, &base));
        assert!(!is_within(&base, &below));
    }
}
