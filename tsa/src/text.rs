//! Text from outside, cut to a length that cannot flood a log or an answer (THR-85).

use std::fmt;

use kokuin_asn1::Oid;

/// Longest content of an OID that is shown whole, in octets. Every registered one is shorter.
const OID_OCTETS: usize = 32;

/// `oid` dotted, or its size where it is longer than anything registered.
pub(crate) fn shown(oid: &Oid) -> impl fmt::Display {
    let octets = oid.as_bytes().len();
    if octets > OID_OCTETS { format!("of {octets} octets") } else { oid.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_size_of_an_oid_of_ten_thousand_arcs_thr_85() {
        let mut content = vec![1_u8; 10_000];
        content[0] = 0x2a;
        let oid = Oid::from_content(&content).expect("an OID");
        assert_eq!(shown(&oid).to_string(), "of 10000 octets");
        assert_eq!(shown(&kokuin_asn1::oids::SHA256).to_string(), "2.16.840.1.101.3.4.2.1");
    }
}
