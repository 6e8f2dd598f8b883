//! What a key must not be able to do, told by its attributes (THR-63).

use cryptoki::object::{Attribute, AttributeType};

/// An attribute that makes a private key less than a device's own.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, thiserror::Error)]
pub enum Weakness {
    /// It is gone when the session is.
    #[error("CKA_TOKEN is not TRUE: it is gone with its session")]
    NotOnToken,
    /// Anybody may use it, without login.
    #[error("CKA_PRIVATE is not TRUE: it can be used without login")]
    NotPrivate,
    /// Its value can be read.
    #[error("CKA_SENSITIVE is not TRUE: its value can be read")]
    NotSensitive,
    /// Its value could be read once.
    #[error("CKA_ALWAYS_SENSITIVE is not TRUE: its value could be read once")]
    WasNotSensitive,
    /// It can be taken out of the token, wrapped with another key.
    #[error("CKA_EXTRACTABLE is not FALSE: it can be wrapped and taken away")]
    Extractable,
    /// It could be taken out once.
    #[error("CKA_NEVER_EXTRACTABLE is not TRUE: it could be wrapped once")]
    WasExtractable,
    /// It was made elsewhere.
    #[error("CKA_LOCAL is not TRUE: it was not made in the token")]
    Imported,
    /// It cannot sign.
    #[error("CKA_SIGN is not TRUE: it cannot sign")]
    CannotSign,
    /// It also decrypts: whoever may use it can turn a signature into a decryption.
    #[error("CKA_DECRYPT is not FALSE: it also decrypts")]
    Decrypts,
    /// It also unwraps keys.
    #[error("CKA_UNWRAP is not FALSE: it also unwraps keys")]
    Unwraps,
    /// It also agrees on keys.
    #[error("CKA_DERIVE is not FALSE: other keys can be derived from it")]
    Derives,
    /// It signs what it is given, unpadded.
    #[error("CKA_SIGN_RECOVER is not FALSE: it also signs with recovery")]
    SignsWithRecovery,
    /// Each use asks for the PIN again, which no service can give without keeping it.
    #[error("CKA_ALWAYS_AUTHENTICATE is TRUE: each signature asks for the PIN")]
    AlwaysAuthenticates,
    /// Its attributes can be changed later.
    #[error("CKA_MODIFIABLE is not FALSE: what it may do can be changed later")]
    Modifiable,
    /// A copy of it can be given other attributes.
    #[error("CKA_COPYABLE is not FALSE: a copy of it can be allowed more")]
    Copyable,
}

impl Weakness {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotOnToken => "pkcs11.weak-not-on-token",
            Self::NotPrivate => "pkcs11.weak-not-private",
            Self::NotSensitive => "pkcs11.weak-not-sensitive",
            Self::WasNotSensitive => "pkcs11.weak-was-not-sensitive",
            Self::Extractable => "pkcs11.weak-extractable",
            Self::WasExtractable => "pkcs11.weak-was-extractable",
            Self::Imported => "pkcs11.weak-imported",
            Self::CannotSign => "pkcs11.weak-cannot-sign",
            Self::Decrypts => "pkcs11.weak-decrypts",
            Self::Unwraps => "pkcs11.weak-unwraps",
            Self::Derives => "pkcs11.weak-derives",
            Self::SignsWithRecovery => "pkcs11.weak-signs-with-recovery",
            Self::AlwaysAuthenticates => "pkcs11.weak-always-authenticates",
            Self::Modifiable => "pkcs11.weak-modifiable",
            Self::Copyable => "pkcs11.weak-copyable",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        match self {
            Self::NotOnToken | Self::CannotSign | Self::AlwaysAuthenticates => "PKCS#11 3.1 4.9",
            Self::NotPrivate
            | Self::NotSensitive
            | Self::WasNotSensitive
            | Self::Extractable
            | Self::WasExtractable
            | Self::Imported => "EN 319 421 7.6.2, Kokuin THR-63",
            Self::Decrypts | Self::Unwraps | Self::Derives | Self::SignsWithRecovery => "EN 319 421 7.6.2, JP-TS-14",
            Self::Modifiable | Self::Copyable => "Kokuin THR-63",
        }
    }
}

/// What is asked of the token, with what makes each answer a weakness: anything but `expected`; no answer too, where `required`.
const RULES: [Rule; 15] = [
    rule(AttributeType::Token, true, true, Weakness::NotOnToken),
    rule(AttributeType::Private, true, true, Weakness::NotPrivate),
    rule(AttributeType::Sensitive, true, true, Weakness::NotSensitive),
    rule(AttributeType::AlwaysSensitive, true, true, Weakness::WasNotSensitive),
    rule(AttributeType::Extractable, false, true, Weakness::Extractable),
    rule(AttributeType::NeverExtractable, true, true, Weakness::WasExtractable),
    rule(AttributeType::Local, true, true, Weakness::Imported),
    rule(AttributeType::Sign, true, true, Weakness::CannotSign),
    rule(AttributeType::Decrypt, false, true, Weakness::Decrypts),
    rule(AttributeType::Unwrap, false, true, Weakness::Unwraps),
    rule(AttributeType::Derive, false, true, Weakness::Derives),
    rule(AttributeType::SignRecover, false, true, Weakness::SignsWithRecovery),
    rule(AttributeType::AlwaysAuthenticate, false, false, Weakness::AlwaysAuthenticates),
    rule(AttributeType::Modifiable, false, true, Weakness::Modifiable),
    // Newer than the others (PKCS#11 2.40): a token that has no such attribute says nothing of copies.
    rule(AttributeType::Copyable, false, false, Weakness::Copyable),
];

struct Rule {
    attribute: AttributeType,
    expected: bool,
    required: bool,
    weakness: Weakness,
}

const fn rule(attribute: AttributeType, expected: bool, required: bool, weakness: Weakness) -> Rule {
    Rule { attribute, expected, required, weakness }
}

/// What to ask the token about a private key.
pub(super) fn asked() -> Vec<AttributeType> {
    RULES.iter().map(|rule| rule.attribute).collect()
}

/// Everything that is weak about a key with these attributes, in the order of the rules.
pub(super) fn weaknesses(attributes: &[Attribute]) -> Vec<Weakness> {
    let answer = |asked| attributes.iter().find(|found| found.attribute_type() == asked).and_then(truth);
    let is_weak = |rule: &&Rule| answer(rule.attribute).map_or(rule.required, |found| found != rule.expected);
    RULES.iter().filter(is_weak).map(|rule| rule.weakness).collect()
}

fn truth(attribute: &Attribute) -> Option<bool> {
    match attribute {
        Attribute::Token(found)
        | Attribute::Private(found)
        | Attribute::Sensitive(found)
        | Attribute::AlwaysSensitive(found)
        | Attribute::Extractable(found)
        | Attribute::NeverExtractable(found)
        | Attribute::Local(found)
        | Attribute::Sign(found)
        | Attribute::Decrypt(found)
        | Attribute::Unwrap(found)
        | Attribute::Derive(found)
        | Attribute::SignRecover(found)
        | Attribute::AlwaysAuthenticate(found)
        | Attribute::Modifiable(found)
        | Attribute::Copyable(found) => Some(*found),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict() -> Vec<Attribute> {
        vec![
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::AlwaysSensitive(true),
            Attribute::Extractable(false),
            Attribute::NeverExtractable(true),
            Attribute::Local(true),
            Attribute::Sign(true),
            Attribute::Decrypt(false),
            Attribute::Unwrap(false),
            Attribute::Derive(false),
            Attribute::SignRecover(false),
            Attribute::AlwaysAuthenticate(false),
            Attribute::Modifiable(false),
            Attribute::Copyable(false),
        ]
    }

    #[test]
    fn each_attribute_that_is_not_as_it_must_be_is_a_weakness_of_its_own_thr_63() {
        assert_eq!(weaknesses(&strict()), []);
        for (at, rule) in RULES.iter().enumerate() {
            let mut changed = strict();
            changed[at] = flipped(&changed[at]);
            assert_eq!(weaknesses(&changed), [rule.weakness]);
        }
    }

    #[test]
    fn what_the_token_does_not_tell_is_weak_but_for_what_old_tokens_do_not_know_thr_63() {
        let optional = [Weakness::AlwaysAuthenticates, Weakness::Copyable];
        let expected: Vec<_> =
            RULES.iter().map(|rule| rule.weakness).filter(|found| !optional.contains(found)).collect();
        assert_eq!(weaknesses(&[]), expected);
    }

    fn flipped(attribute: &Attribute) -> Attribute {
        let other = !truth(attribute).unwrap();
        match attribute {
            Attribute::Token(_) => Attribute::Token(other),
            Attribute::Private(_) => Attribute::Private(other),
            Attribute::Sensitive(_) => Attribute::Sensitive(other),
            Attribute::AlwaysSensitive(_) => Attribute::AlwaysSensitive(other),
            Attribute::Extractable(_) => Attribute::Extractable(other),
            Attribute::NeverExtractable(_) => Attribute::NeverExtractable(other),
            Attribute::Local(_) => Attribute::Local(other),
            Attribute::Sign(_) => Attribute::Sign(other),
            Attribute::Decrypt(_) => Attribute::Decrypt(other),
            Attribute::Unwrap(_) => Attribute::Unwrap(other),
            Attribute::Derive(_) => Attribute::Derive(other),
            Attribute::SignRecover(_) => Attribute::SignRecover(other),
            Attribute::AlwaysAuthenticate(_) => Attribute::AlwaysAuthenticate(other),
            Attribute::Modifiable(_) => Attribute::Modifiable(other),
            Attribute::Copyable(_) => Attribute::Copyable(other),
            other => panic!("{other:?} is no rule's"),
        }
    }
}
