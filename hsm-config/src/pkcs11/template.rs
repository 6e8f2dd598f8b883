//! What a key is made with: able to sign, and nothing else, for ever (THR-63).

use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, MlDsaParameterSetType};
use kokuin_asn1::{enc, oids};
use kokuin_key::KeyId;
use kokuin_suite::KeyAlgorithm;

/// How one key pair is made.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) mechanism: Mechanism<'static>,
    pub(super) public: Vec<Attribute>,
    pub(super) private: Vec<Attribute>,
}

/// The plan for a key; `None` for kinds that this back end does not make.
pub(super) fn plan(name: &KeyId, id: &[u8], algorithm: KeyAlgorithm) -> Option<Plan> {
    let mut public = vec![
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Label(name.as_str().into()),
        Attribute::Id(id.to_vec()),
        Attribute::Verify(true),
        Attribute::Modifiable(false),
    ];
    let (mechanism, parameters) = match algorithm {
        KeyAlgorithm::P256 => (Mechanism::EccKeyPairGen, vec![Attribute::EcParams(enc::oid(&oids::P256))]),
        KeyAlgorithm::P384 => (Mechanism::EccKeyPairGen, vec![Attribute::EcParams(enc::oid(&oids::P384))]),
        // The name and not the object identifier: tokens of PKCS#11 3.0 know no other.
        KeyAlgorithm::Ed25519 => {
            (Mechanism::EccEdwardsKeyPairGen, vec![Attribute::EcParams(enc::printable_string("edwards25519"))])
        }
        KeyAlgorithm::Rsa { bits: bits @ (3072 | 4096) } => {
            let exponent = Attribute::PublicExponent(vec![1, 0, 1]);
            (Mechanism::RsaPkcsKeyPairGen, vec![Attribute::ModulusBits(u64::from(bits).into()), exponent])
        }
        KeyAlgorithm::MlDsa44 => ml_dsa(MlDsaParameterSetType::ML_DSA_44),
        KeyAlgorithm::MlDsa65 => ml_dsa(MlDsaParameterSetType::ML_DSA_65),
        KeyAlgorithm::MlDsa87 => ml_dsa(MlDsaParameterSetType::ML_DSA_87),
        KeyAlgorithm::P521 | KeyAlgorithm::Rsa { .. } => return None,
    };
    public.extend(parameters);
    let private = vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Label(name.as_str().into()),
        Attribute::Id(id.to_vec()),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::SignRecover(false),
        Attribute::Modifiable(false),
        Attribute::Copyable(false),
    ];
    Some(Plan { mechanism, public, private })
}

impl Plan {
    /// What the token must offer.
    pub(super) const fn mechanism_type(&self) -> MechanismType {
        match self.mechanism {
            Mechanism::EccKeyPairGen => MechanismType::ECC_KEY_PAIR_GEN,
            Mechanism::EccEdwardsKeyPairGen => MechanismType::ECC_EDWARDS_KEY_PAIR_GEN,
            Mechanism::RsaPkcsKeyPairGen => MechanismType::RSA_PKCS_KEY_PAIR_GEN,
            _ => MechanismType::ML_DSA_KEY_PAIR_GEN,
        }
    }
}

fn ml_dsa(set: MlDsaParameterSetType) -> (Mechanism<'static>, Vec<Attribute>) {
    (Mechanism::MlDsaKeyPairGen, vec![Attribute::ParameterSet(set.into())])
}
