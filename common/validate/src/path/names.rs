//! Name constraints (RFC 5280 4.2.1.10): which names the CAs above allow a certificate to have.

use kokuin_asn1::{Asn1Error, Certificate, Reader, oids, tag};

use crate::name;

/// Names compared in one certificate against one constraint list, at most: 1000 names against 1000 subtrees (THR-90).
const COMPARISONS: usize = 1_000_000;

/// A name, or the top of a subtree of names.
#[derive(Clone, Debug)]
enum GeneralName {
    Directory(Vec<u8>),
    Dns(String),
    Email(String),
    Uri(String),
    Ip(Vec<u8>),
    /// A kind whose subtrees are not known here, by its tag.
    Other(u8),
}

/// What one CA's certificate says.
#[derive(Clone, Debug)]
pub(super) struct NameConstraints {
    permitted: Vec<GeneralName>,
    excluded: Vec<GeneralName>,
}

impl NameConstraints {
    /// Reads the extension's value.
    pub(super) fn parse(value: &[u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::enter_only(value, tag::SEQUENCE, "NameConstraints")?;
        let permitted = subtrees(reader.enter_optional(tag::context_constructed(0), "permittedSubtrees")?)?;
        let excluded = subtrees(reader.enter_optional(tag::context_constructed(1), "excludedSubtrees")?)?;
        let end = reader.here();
        reader.finish()?;
        // A leading full stop is for URIs and mail addresses; in a DNS name readers disagree about what it means.
        let is_unclear = |base: &GeneralName| matches!(base, GeneralName::Dns(name) if name.starts_with('.'));
        if permitted.iter().chain(&excluded).any(is_unclear) {
            return Err(Asn1Error::TextMalformed { at: end });
        }
        Ok(Self { permitted, excluded })
    }

    /// Why `certificate` has a name that it may not have.
    pub(super) fn check(&self, certificate: &Certificate) -> Result<(), String> {
        let names = names_of(certificate).map_err(|error| format!("its names cannot be read: {error}"))?;
        if names.len().saturating_mul(self.permitted.len() + self.excluded.len()) > COMPARISONS {
            return Err("it has more names than are compared".to_owned());
        }
        for name in &names {
            let is_compared = self.permitted.iter().chain(&self.excluded).any(|base| is_same_kind(base, name));
            if is_compared && !name.is_well_formed() {
                return Err(format!("{name} is no such name, so that nothing can be said about it"));
            }
            if let Some(base) = self.excluded.iter().find(|base| covers(base, name, true)) {
                return Err(format!("{name} is inside the excluded subtree {base}"));
            }
            let mut of_this_kind = self.permitted.iter().filter(|base| is_same_kind(base, name)).peekable();
            if of_this_kind.peek().is_some() && !of_this_kind.any(|base| covers(base, name, false)) {
                return Err(format!("{name} is outside every permitted subtree"));
            }
        }
        Ok(())
    }
}

impl GeneralName {
    /// Whether text that must be compared has the shape of its kind.
    fn is_well_formed(&self) -> bool {
        match self {
            Self::Dns(name) => !name.is_empty() && name.is_ascii() && name.split('.').all(|label| !label.is_empty()),
            Self::Email(name) => {
                name.is_ascii()
                    && name.split_once('@').is_some_and(|(mailbox, host)| {
                        !mailbox.is_empty() && !host.is_empty() && !host.starts_with('.') && !host.contains('@')
                    })
            }
            Self::Directory(_) | Self::Uri(_) | Self::Ip(_) | Self::Other(_) => true,
        }
    }
}

impl std::fmt::Display for GeneralName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory(_) => f.write_str("a directory name"),
            Self::Dns(name) => write!(f, "DNS name \"{name}\""),
            Self::Email(name) => write!(f, "mail address \"{name}\""),
            Self::Uri(name) => write!(f, "URI \"{name}\""),
            Self::Ip(_) => f.write_str("an IP address"),
            Self::Other(tag) => write!(f, "a name of kind 0x{tag:02x}"),
        }
    }
}

fn subtrees(reader: Option<Reader<'_>>) -> Result<Vec<GeneralName>, Asn1Error> {
    let mut bases = Vec::new();
    let Some(mut reader) = reader else { return Ok(bases) };
    while !reader.is_empty() {
        // minimum and maximum are fixed by RFC 5280; whatever follows the base narrows nothing.
        let mut subtree = reader.enter(tag::SEQUENCE, "GeneralSubtree")?;
        bases.push(general_name(&mut subtree)?);
    }
    Ok(bases)
}

fn general_name(reader: &mut Reader<'_>) -> Result<GeneralName, Asn1Error> {
    let tlv = reader.next()?;
    let text = || String::from_utf8_lossy(tlv.value).to_ascii_lowercase();
    Ok(match tlv.tag {
        0xa4 => GeneralName::Directory(tlv.value.to_vec()),
        0x82 => GeneralName::Dns(text()),
        0x81 => GeneralName::Email(text()),
        0x86 => GeneralName::Uri(text()),
        0x87 => GeneralName::Ip(tlv.value.to_vec()),
        other => GeneralName::Other(other),
    })
}

fn names_of(certificate: &Certificate) -> Result<Vec<GeneralName>, Asn1Error> {
    let mut names = Vec::new();
    if !name::is_empty(certificate.subject()) {
        names.push(GeneralName::Directory(certificate.subject().to_vec()));
    }
    for (oid, value) in certificate.subject_attributes() {
        if oid == oids::EMAIL_ADDRESS {
            names.push(GeneralName::Email(value.to_ascii_lowercase()));
        }
    }
    if let Some(extension) = certificate.extension(&oids::SUBJECT_ALT_NAME) {
        let mut reader = Reader::enter_only(extension.value, tag::SEQUENCE, "SubjectAltName")?;
        while !reader.is_empty() {
            names.push(general_name(&mut reader)?);
        }
    }
    Ok(names)
}

fn is_same_kind(a: &GeneralName, b: &GeneralName) -> bool {
    match (a, b) {
        (GeneralName::Other(a), GeneralName::Other(b)) => a == b,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// `unclear` is the answer where the kind is not understood: excluded covers everything of that kind, permitted nothing.
fn covers(base: &GeneralName, name: &GeneralName, unclear: bool) -> bool {
    match (base, name) {
        (GeneralName::Directory(base), GeneralName::Directory(name)) => name::is_within(name, base),
        (GeneralName::Dns(base), GeneralName::Dns(name)) => is_at_or_below(name, base),
        (GeneralName::Email(base), GeneralName::Email(name)) => covers_mail(base, name),
        (GeneralName::Uri(base), GeneralName::Uri(name)) => host(name).map_or(unclear, |host| covers_host(base, host)),
        (GeneralName::Ip(base), GeneralName::Ip(name)) => covers_address(base, name),
        (GeneralName::Other(base), GeneralName::Other(name)) => base == name && unclear,
        (
            GeneralName::Directory(_)
            | GeneralName::Dns(_)
            | GeneralName::Email(_)
            | GeneralName::Uri(_)
            | GeneralName::Ip(_)
            | GeneralName::Other(_),
            _,
        ) => false,
    }
}

/// `example.com` covers itself and everything below; the empty base covers everything.
fn is_at_or_below(name: &str, base: &str) -> bool {
    base.is_empty() || name == base || name.strip_suffix(base).is_some_and(|rest| rest.ends_with('.'))
}

fn covers_host(base: &str, host: &str) -> bool {
    match base.strip_prefix('.') {
        Some(_) => host.ends_with(base) && host.len() > base.len(),
        None => host == base,
    }
}

fn covers_mail(base: &str, name: &str) -> bool {
    if base.contains('@') {
        return base == name;
    }
    name.rsplit_once('@').is_some_and(|(_, host)| covers_host(base, host))
}

fn host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.split(':').next()
}

/// `base` is an address and a mask of the same length.
fn covers_address(base: &[u8], name: &[u8]) -> bool {
    base.len() == name.len() * 2
        && name
            .iter()
            .zip(base)
            .zip(base.iter().skip(name.len()))
            .all(|((name, base), mask)| name & mask == base & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_base_covers_itself_and_below() {
        assert!(is_at_or_below("example.com", "example.com"));
        assert!(is_at_or_below("a.example.com", "example.com"));
        assert!(!is_at_or_below("badexample.com", "example.com"));
    }

    #[test]
    fn mail_base_is_a_mailbox_a_host_or_a_domain() {
        assert!(covers_mail("a@example.com", "a@example.com"));
        assert!(covers_mail("example.com", "b@example.com"));
        assert!(!covers_mail("example.com", "b@sub.example.com"));
        assert!(covers_mail(".example.com", "b@sub.example.com"));
    }

    #[test]
    fn address_base_has_a_mask() {
        assert!(covers_address(&[10, 0, 0, 0, 255, 0, 0, 0], &[10, 9, 8, 7]));
        assert!(!covers_address(&[10, 0, 0, 0, 255, 0, 0, 0], &[11, 9, 8, 7]));
        assert!(!covers_address(&[10, 0, 0, 0], &[10, 0, 0, 0]));
    }
}
