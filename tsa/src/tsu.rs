//! A time-stamping unit: one key, one certificate, one offer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kokuin_asn1::{Certificate, Extension, enc, oids};
use kokuin_audit::{LeafIndex, entry::KeyName};
use kokuin_key::{KeyError, KeyState, Protection, Purpose, SigningKey};
use kokuin_profile::{Profile, refuse_unless_matches};

use crate::{
    config::TsuConfig,
    life::{Life, Phase},
    offer::Offer,
    refusal::Refusal,
    start::StartError,
    template::TokenTemplate,
};

/// A TSU whose certificate belongs to its key and keeps its profile.
#[derive(Debug)]
pub struct Tsu {
    name: String,
    key: Arc<dyn SigningKey>,
    key_name: KeyName,
    certificate: Certificate,
    chain: Vec<Certificate>,
    offer: Offer,
    template: TokenTemplate,
    /// `GeneralName` of the `tsa` field, as the certificate spells its subject.
    tsa_field: Option<Vec<u8>>,
    /// `Extension` elements of each token.
    extensions: Vec<u8>,
    /// When the configuration lets it sign.
    life: Life,
    /// When the key may be used, unix seconds, both ends included.
    key_period: (i64, i64),
    /// First unix second at which an algorithm of its tokens may not be used any more.
    algorithms_end: i64,
    /// The log's entry that introduced the certificate.
    certificate_entry: LeafIndex,
    /// Its device has given a signature that does not hold.
    doubted: AtomicBool,
}

/// `QCStatements` with the one statement `esi4-qtstStatement-1` and nothing in it (TSP-54).
const QUALIFIED: &[u8] = &[0x30, 0x0b, 0x30, 0x09, 0x06, 0x07, 0x04, 0x00, 0x81, 0x97, 0x5e, 0x01, 0x01];

/// The subject of this certificate is in the chain of that key, in service at that time: everything but the log's word.
#[derive(Debug)]
pub struct CheckedTsu(Tsu);

impl CheckedTsu {
    /// Checks key and certificate against each other and against profile "tsu" (TSP-40, TSP-56, TSP-67).
    ///
    /// # Errors
    /// The first rule broken. A certificate that is not valid now is no error here: each token asks again.
    pub fn new(
        config: &TsuConfig,
        life: Life,
        key: Arc<dyn SigningKey>,
        certificate: Certificate,
        chain: Vec<Certificate>,
    ) -> Result<Self, StartError> {
        if key.purpose() != Purpose::Tst {
            return Err(StartError::Purpose { key: key.id().to_string(), found: key.purpose() });
        }
        if key.public_key() != certificate.spki() {
            return Err(StartError::KeyMismatch { key: key.id().to_string(), subject: certificate.subject_text() });
        }
        let profile = Profile::by_name("tsu").ok_or(StartError::NoProfile)?;
        refuse_unless_matches(profile, &certificate)?;
        let template = TokenTemplate::new(&certificate, &chain, key.algorithm().signature_algorithm());
        let found = std::iter::once(&certificate).chain(&chain).map(|certificate| certificate.der().len()).sum();
        if found > CHAIN_LIMIT {
            return Err(StartError::ChainTooLong { limit: CHAIN_LIMIT, found });
        }
        let key_period = key_period(profile, &certificate)?;
        Ok(Self(Tsu {
            name: config.name.clone(),
            tsa_field: config.tsa_name.then(|| enc::explicit(4, certificate.subject())),
            extensions: if config.qualified {
                Extension::encode(&oids::QC_STATEMENTS, false, QUALIFIED)
            } else {
                Vec::new()
            },
            offer: Offer::new(config)?,
            key_name: key.id().into(),
            key,
            certificate,
            chain,
            template,
            life,
            key_period,
            algorithms_end: i64::MAX,
            certificate_entry: LeafIndex(0),
            doubted: AtomicBool::new(false),
        }))
    }

    /// The certificate that the log must name before a token does.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.0.certificate
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &Arc<dyn SigningKey> {
        &self.0.key
    }

    /// When the configuration lets it sign.
    #[must_use]
    pub const fn life(&self) -> Life {
        self.0.life
    }

    /// What the file holds after it.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.0.chain
    }

    /// When certificate and key-usage period let the key sign: unix seconds, both included.
    #[must_use]
    pub fn period(&self) -> (i64, i64) {
        let (from, until) = self.0.key_period;
        (from.max(self.0.certificate.not_before()), until.min(self.0.certificate.not_after()))
    }

    /// The last unix second at which it signs: certificate, key-usage period and algorithms allow it.
    pub(crate) fn last_second(&self) -> i64 {
        self.period().1.min(self.0.algorithms_end.saturating_sub(1))
    }

    /// The same, with the first unix second at which the policy does not let it sign any more (TSP-50).
    #[must_use]
    pub fn signing_until(self, end: Option<i64>) -> Self {
        Self(Tsu { algorithms_end: end.unwrap_or(i64::MAX), ..self.0 })
    }

    /// The TSU, once entry `index` of the log has introduced its certificate.
    #[must_use]
    pub fn introduced(self, index: LeafIndex) -> Tsu {
        Tsu { certificate_entry: index, ..self.0 }
    }
}

/// When the key may be used: as the certificate says, and where that names no end, as long as the profile allows at most. A key ends before
/// its certificate does, in either case (TSP-68, JP-TS-16).
fn key_period(profile: &Profile, certificate: &Certificate) -> Result<(i64, i64), StartError> {
    let begin = certificate.private_key_usage_period().and_then(|period| period.not_before).unwrap_or(i64::MIN);
    let rule = profile.private_key_usage_period.as_ref().ok_or(StartError::NoProfile)?;
    let end = rule.end_of_use(certificate).ok_or_else(|| StartError::KeyPeriod {
        subject: certificate.subject_text(),
        from: certificate.not_before(),
        until: certificate.not_after(),
        rest: rule.min_months_after,
    })?;
    Ok((begin, end))
}

/// Most octets of all certificates in a token.
const CHAIN_LIMIT: usize = 32 * 1024;

impl Tsu {
    /// Whether a token of `micros` after 1970 may be signed: the key is active, its life by the configuration, certificate and key-usage
    /// period cover the time (TSP-17, TSP-64), and the algorithms may still be used (TSP-50).
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::KeyNotActive`], [`Refusal::OutsideCertificate`], [`Refusal::OutsideKeyPeriod`], [`Refusal::AlgorithmEnded`].
    pub fn check_in_service(&self, micros: i64) -> Result<(), Refusal> {
        let phase = self.life.phase_at(micros);
        if phase != Phase::Active {
            return Err(Refusal::NotActive { tsu: self.name.clone(), phase });
        }
        self.check_active()?;
        let at = micros.div_euclid(1_000_000);
        let (from, until) = (self.certificate.not_before(), self.certificate.not_after());
        if at < from || at > until {
            return Err(Refusal::OutsideCertificate { from, until, at });
        }
        let (from, until) = self.key_period;
        if at < from || at > until {
            return Err(Refusal::OutsideKeyPeriod { from, until, at });
        }
        if at >= self.algorithms_end {
            return Err(Refusal::AlgorithmEnded { end: self.algorithms_end, at });
        }
        Ok(())
    }

    /// Its key's state: suspended too while the device is in doubt.
    #[must_use]
    pub fn state(&self) -> KeyState {
        match self.key.state() {
            KeyState::Active if self.is_doubted() => KeyState::Suspended,
            state => state,
        }
    }

    /// Nothing more is signed with a device's key that has given a wrong signature, until an operator has suspended and resumed it (THR-66).
    pub(crate) fn heed(&self, refusal: &Refusal) {
        if matches!(refusal, Refusal::Key(KeyError::WrongAnswer)) && self.key.protection() == Protection::Device {
            tracing::error!(key = %self.key.id(), "the device gave a signature that does not hold: the key is suspended");
            self.doubt();
        }
    }

    pub(crate) fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn trust(&self) {
        self.doubted.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_doubted(&self) -> bool {
        self.doubted.load(Ordering::Relaxed)
    }

    /// Whether the key may be used at all (THR-65).
    ///
    /// # Errors
    /// [`Refusal::KeyNotActive`].
    pub fn check_active(&self) -> Result<(), Refusal> {
        match self.state() {
            KeyState::Active => Ok(()),
            state @ (KeyState::Suspended | KeyState::Lost) => {
                Err(Refusal::KeyNotActive { key: self.key.id().to_string(), state })
            }
        }
    }

    /// Last part of its address.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When the configuration lets it sign.
    #[must_use]
    pub const fn life(&self) -> Life {
        self.life
    }

    /// The last unix second at which the key may be used, by the certificate's key-usage period or by the configuration; none: no end but the
    /// certificate's.
    #[must_use]
    pub fn key_end(&self) -> Option<i64> {
        let configured = self.life.end();
        let period = Some(self.key_period.1).filter(|end| *end != i64::MAX);
        configured.into_iter().chain(period).min()
    }

    /// The first unix second at which an algorithm may not be used any more, if that is known.
    #[must_use]
    pub fn algorithms_end(&self) -> Option<i64> {
        Some(self.algorithms_end).filter(|end| *end != i64::MAX)
    }

    /// Its key.
    #[must_use]
    pub const fn key(&self) -> &Arc<dyn SigningKey> {
        &self.key
    }

    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The issuers' certificates.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// What it offers.
    #[must_use]
    pub const fn offer(&self) -> &Offer {
        &self.offer
    }

    /// The constant parts of its tokens.
    #[must_use]
    pub const fn template(&self) -> &TokenTemplate {
        &self.template
    }

    /// `tsa`: a `GeneralName` with the certificate's subject, octet for octet (TSP-39).
    #[must_use]
    pub fn tsa_field(&self) -> Option<&[u8]> {
        self.tsa_field.as_deref()
    }

    /// `extensions` of each token; none is critical (TSP-51).
    #[must_use]
    pub fn extensions(&self) -> &[u8] {
        &self.extensions
    }

    /// What the log calls the key.
    #[must_use]
    pub const fn key_name(&self) -> &KeyName {
        &self.key_name
    }

    /// The log's entry that introduced the certificate.
    #[must_use]
    pub const fn certificate_entry(&self) -> LeafIndex {
        self.certificate_entry
    }
}
