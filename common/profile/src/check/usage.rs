//! basicConstraints, keyUsage and extKeyUsage: what the key may do.

use kokuin_asn1::{Asn1Error, Oid, Reader, oids, tag};

use super::{Findings, hex, key::Family, list};
use crate::{
    definition::{KeyUsageRule, Role},
    rule::Rule,
    view::{RawExtension, View},
};

/// RFC 5280 4.2.1.3, in the order of their bits.
const BITS: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];
const KEY_ENCIPHERMENT: u16 = 1 << 2;
const DATA_ENCIPHERMENT: u16 = 1 << 3;
const KEY_AGREEMENT: u16 = 1 << 4;
const KEY_CERT_SIGN: u16 = 1 << 5;
const CRL_SIGN: u16 = 1 << 6;
const ENCIPHER_ONLY: u16 = 1 << 7;
const DECIPHER_ONLY: u16 = 1 << 8;

/// The bit of `name`, counted from the least.
pub(super) fn bit(name: &str) -> Option<u16> {
    BITS.iter().position(|bit| *bit == name).map(|index| 1 << index)
}

fn set(names: &[String]) -> u16 {
    names.iter().filter_map(|name| bit(name)).fold(0, |set, bit| set | bit)
}

fn names(set: u16) -> String {
    list(BITS.iter().enumerate().filter(|(index, _)| set & (1 << index) != 0).map(|(_, name)| *name))
}

/// Named bits as a BIT STRING has them: the first is the highest of 32.
pub(crate) fn named_bits(names: &[String]) -> u32 {
    u32::from(set(names)).reverse_bits()
}

pub(super) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let usage = check_key_usage(view, findings);
    if findings.profile.role == Role::EndEntity {
        check_leaf(view, usage, findings);
    } else {
        check_ca(view, usage, findings);
    }
    check_extended(view, findings);
}

fn check_key_usage(view: &View<'_>, findings: &mut Findings<'_>) -> Option<u16> {
    let Some(extension) = view.extension(&oids::KEY_USAGE) else {
        findings.add(Rule::KeyUsageCritical, "keyUsage is absent".to_owned());
        return None;
    };
    findings.add_if(!extension.critical, Rule::KeyUsageCritical, || "keyUsage is not critical".to_owned());
    let (found, minimal) = findings.read("keyUsage", read_bits(extension.value))?;
    findings.add_if(found == 0, Rule::KeyUsageNotEmpty, || "keyUsage has no bit".to_owned());
    findings.add_if(!minimal, Rule::KeyUsageMinimal, || {
        format!("keyUsage is {}, which has unknown bits or ends in zero bits", hex(extension.value))
    });

    let prohibited = match Family::of(view.spki) {
        Some(Family::Rsa) | None => 0,
        Some(Family::Montgomery) => !(KEY_AGREEMENT | ENCIPHER_ONLY | DECIPHER_ONLY),
        Some(Family::Ec) => KEY_ENCIPHERMENT | DATA_ENCIPHERMENT,
        Some(Family::Edwards | Family::MlDsa | Family::HashMlDsa | Family::SlhDsa | Family::HashSlhDsa) => {
            KEY_ENCIPHERMENT | DATA_ENCIPHERMENT | KEY_AGREEMENT | ENCIPHER_ONLY | DECIPHER_ONLY
        }
    };
    findings.add_if(found & prohibited != 0, Rule::KeyUsageFitsKey, || {
        format!("keyUsage has {}, which the key cannot do", names(found & prohibited))
    });
    let KeyUsageRule { one_of, preferred } = &findings.profile.key_usage;
    let preferred = set(preferred);
    if !one_of.iter().any(|allowed| set(allowed) == found) {
        let allowed = one_of.iter().map(|allowed| format!("{{{}}}", names(set(allowed))));
        let message = format!("keyUsage is {{{}}}, allowed are {}", names(found), list(allowed));
        findings.add(Rule::KeyUsageAllowed, message);
    } else if found != preferred {
        let message = format!("keyUsage is {{{}}}, preferred is {{{}}}", names(found), names(preferred));
        findings.add(Rule::KeyUsagePreferred, message);
    }
    Some(found)
}

/// The known bits, and whether they are all, without a zero bit at their end.
fn read_bits(value: &[u8]) -> Result<(u16, bool), Asn1Error> {
    let mut reader = Reader::new(value, "KeyUsage");
    let string = reader.bit_string("KeyUsage")?;
    reader.finish()?;
    let bit_at = |index: usize| string.bytes.get(index / 8).is_some_and(|octet| octet & (0x80 >> (index % 8)) != 0);
    let bits = (0..BITS.len()).filter(|&index| bit_at(index)).fold(0, |set, index| set | 1 << index);
    let length = string.bytes.len() * 8 - usize::from(string.unused);
    Ok((bits, length == 0 || (length <= BITS.len() && bit_at(length - 1))))
}

fn check_leaf(view: &View<'_>, usage: Option<u16>, findings: &mut Findings<'_>) {
    let signs = usage.unwrap_or(0) & (KEY_CERT_SIGN | CRL_SIGN);
    findings
        .add_if(signs != 0, Rule::LeafSignsNoCertificates, || format!("an end entity's keyUsage has {}", names(signs)));
    if let Some((ca, length)) = constraints(view, findings) {
        findings.add_if(ca, Rule::LeafIsNoCa, || "basicConstraints has cA TRUE in an end entity".to_owned());
        findings.add_if(length, Rule::LeafPathLength, || "pathLenConstraint is in an end entity".to_owned());
    }
}

fn check_ca(view: &View<'_>, usage: Option<u16>, findings: &mut Findings<'_>) {
    let critical = view.extension(&oids::BASIC_CONSTRAINTS).is_some_and(|extension| extension.critical);
    let ca = constraints(view, findings).is_some_and(|(ca, _)| ca);
    findings.add_if(!critical || !ca, Rule::CaConstraints, || {
        format!("basicConstraints is {}critical and cA is {ca}", if critical { "" } else { "not " })
    });
    let missing = !usage.unwrap_or(0) & (KEY_CERT_SIGN | CRL_SIGN);
    findings.add_if(missing != 0, Rule::CaSigns, || format!("a CA's keyUsage lacks {}", names(missing)));
}

/// cA, and whether there is a pathLenConstraint.
fn constraints(view: &View<'_>, findings: &mut Findings<'_>) -> Option<(bool, bool)> {
    let extension = view.extension(&oids::BASIC_CONSTRAINTS)?;
    let read = || {
        let mut reader = Reader::enter_only(extension.value, tag::SEQUENCE, "BasicConstraints")?;
        let ca = reader.optional(tag::BOOLEAN, "cA")?.is_some_and(|flag| flag.value != [0]);
        let length = reader.optional(tag::INTEGER, "pathLenConstraint")?.is_some();
        reader.finish()?;
        Ok((ca, length))
    };
    findings.read("basicConstraints", read())
}

fn check_extended(view: &View<'_>, findings: &mut Findings<'_>) {
    let extension = view.extension(&oids::EXT_KEY_USAGE);
    let purposes = match extension {
        Some(extension) => match findings.read("extKeyUsage", purposes(extension)) {
            Some(purposes) => Some(purposes),
            None => return,
        },
        None => None,
    };
    if let (Some(extension), Some(purposes)) = (extension, &purposes) {
        let stamps = purposes.contains(&oids::KP_TIME_STAMPING);
        findings.add_if(stamps && !extension.critical, Rule::TimeStampingCritical, || {
            "extKeyUsage has timeStamping and is not critical".to_owned()
        });
    }
    if let Some(rule) = &findings.profile.extended_key_usage {
        let mut found: Vec<String> = purposes.iter().flatten().map(Oid::to_string).collect();
        let mut expected = rule.exactly.clone();
        found.sort();
        expected.sort();
        findings.add_if(found != expected, Rule::ExtendedKeyUsageExact, || {
            format!("extKeyUsage is {}, it must be {}", list(found), list(expected))
        });
    }
    if let Some(purposes) = purposes.filter(|_| findings.profile.role != Role::EndEntity) {
        let any = purposes.contains(&oids::ANY_EXT_KEY_USAGE);
        let missing = findings
            .profile
            .issues_for
            .iter()
            .filter(|wanted| !any && !purposes.iter().any(|purpose| purpose.to_string() == **wanted));
        let missing: Vec<&String> = missing.collect();
        findings.add_if(!missing.is_empty(), Rule::CaAdmitsPurposes, || {
            format!("extKeyUsage of the CA excludes {}", list(missing))
        });
    }
}

fn purposes(extension: &RawExtension<'_>) -> Result<Vec<Oid>, Asn1Error> {
    let mut reader = Reader::enter_only(extension.value, tag::SEQUENCE, "ExtKeyUsageSyntax")?;
    let mut purposes = Vec::new();
    while !reader.is_empty() {
        purposes.push(reader.oid("KeyPurposeId")?);
    }
    Ok(purposes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_bits_as_rfc_5280_does() {
        assert_eq!(read_bits(&[3, 2, 6, 0xc0]).unwrap(), (0b11, true));
        assert_eq!(read_bits(&[3, 3, 7, 0x00, 0x80]).unwrap(), (DECIPHER_ONLY, true));
        assert_eq!(read_bits(&[3, 2, 0, 0x80]).unwrap(), (1, false));
        assert_eq!(read_bits(&[3, 1, 0]).unwrap(), (0, true));
        assert_eq!(named_bits(&["keyCertSign".to_owned(), "cRLSign".to_owned()]), 0x0600_0000);
    }
}
