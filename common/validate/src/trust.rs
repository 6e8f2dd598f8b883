//! What the caller trusts, and for what. Nothing else is ever trusted (THR-02, THR-05).

use kokuin_asn1::Certificate;

/// One thing an anchor may vouch for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Time-stamping units.
    Tsa,
    /// Seals and signatures on documents.
    Seal,
    /// Transparency logs.
    Log,
    /// Servers on the network.
    Tls,
}

impl Purpose {
    /// Every purpose, in the order of the trust folder's names.
    pub const ALL: [Self; 4] = [Self::Tsa, Self::Seal, Self::Log, Self::Tls];

    /// The name of the trust folder that scopes an anchor to this purpose.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tsa => "tsa",
            Self::Seal => "seal",
            Self::Log => "log",
            Self::Tls => "tls",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Tsa => 1,
            Self::Seal => 2,
            Self::Log => 4,
            Self::Tls => 8,
        }
    }
}

/// A set of purposes, never empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Purposes(u8);

impl Purposes {
    /// Every purpose: an anchor whose scope the caller did not say.
    #[must_use]
    pub const fn all() -> Self {
        Self(15)
    }

    /// One purpose alone.
    #[must_use]
    pub const fn only(purpose: Purpose) -> Self {
        Self(purpose.bit())
    }

    /// This set and one purpose more.
    #[must_use]
    pub const fn and(self, purpose: Purpose) -> Self {
        Self(self.0 | purpose.bit())
    }

    /// Whether `purpose` is one of the set.
    #[must_use]
    pub const fn allows(self, purpose: Purpose) -> bool {
        self.0 & purpose.bit() != 0
    }

    /// The names, in fixed order.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        Purpose::ALL.into_iter().filter(|purpose| self.allows(*purpose)).map(Purpose::name).collect()
    }
}

/// A certificate that the caller trusts, and for what.
#[derive(Clone, Debug)]
pub struct TrustAnchor {
    certificate: Certificate,
    purposes: Purposes,
}

impl TrustAnchor {
    /// The certificate; only its name, key and CA constraints are used, as RFC 5280 6.1.1 says.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What it may vouch for.
    #[must_use]
    pub const fn purposes(&self) -> Purposes {
        self.purposes
    }
}

/// All anchors of one validation.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    anchors: Vec<TrustAnchor>,
}

impl TrustStore {
    /// Trusts nobody.
    #[must_use]
    pub const fn new() -> Self {
        Self { anchors: Vec::new() }
    }

    /// Trusts `certificate` for `purposes`. One given twice keeps both scopes.
    pub fn add(&mut self, certificate: Certificate, purposes: Purposes) {
        match self.anchors.iter_mut().find(|anchor| anchor.certificate.der() == certificate.der()) {
            Some(anchor) => anchor.purposes = Purposes(anchor.purposes.0 | purposes.0),
            None => self.anchors.push(TrustAnchor { certificate, purposes }),
        }
    }

    /// The anchors, in the order given.
    #[must_use]
    pub fn anchors(&self) -> &[TrustAnchor] {
        &self.anchors
    }

    /// The anchor that is this very certificate.
    #[must_use]
    pub fn anchor_of(&self, certificate: &Certificate) -> Option<&TrustAnchor> {
        self.anchors.iter().find(|anchor| anchor.certificate.der() == certificate.der())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_allows_only_its_purposes() {
        let scope = Purposes::only(Purpose::Tsa).and(Purpose::Log);
        assert_eq!(scope.names(), ["tsa", "log"]);
        assert!(!scope.allows(Purpose::Seal));
        assert_eq!(Purposes::all().names(), ["tsa", "seal", "log", "tls"]);
    }
}
