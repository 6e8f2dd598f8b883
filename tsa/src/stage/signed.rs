//! A token that has been signed and that nobody may have yet.

use kokuin_asn1::tsp::{Accuracy, GenTime, TstInfoParts};
use kokuin_audit::{OpenIntent, entry::Digest};

use super::{AssignedTsu, IntendedTst};
use crate::{desk::Desk, refusal::Refusal, serial::SerialSource, timekeeper::Timekeeper};

/// A signed token, and the digests by which its log entry commits to it.
#[derive(Debug)]
pub struct SignedTst {
    token: Vec<u8>,
    assigned: AssignedTsu,
    commitments: Commitments,
    /// Dropped with the token, it says that the signature was thrown away.
    intent: Option<OpenIntent>,
}

/// SHA-256 of what left and of what stays true when a token is extended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Commitments {
    /// Of the token.
    pub token: Digest,
    /// Of the signature value.
    pub signature: Digest,
    /// Of the signed attributes as they were signed (tag SET).
    pub attributes: Digest,
}

impl SignedTst {
    /// Signs, with a reading whose age is looked at last of all (THR-35).
    ///
    /// # Errors
    /// As [`AssignedTsu::refreshed`] and [`AssignedTsu::reread`]; [`Refusal::Key`], [`Refusal::SignatureWrong`].
    pub fn new(
        intended: IntendedTst,
        desk: &mut Desk,
        keeper: &Timekeeper,
        serials: &SerialSource,
    ) -> Result<Self, Refusal> {
        let (assigned, mut intent) = intended.ready(keeper, serials)?;
        let (tsu, request, time) = (assigned.tsu(), assigned.request(), assigned.time());
        let micros = time.micros();
        let gen_time = GenTime::from_unix_micros(micros).map_err(|_| Refusal::TimeOutOfRange { micros })?;
        desk.info.clear();
        TstInfoParts {
            policy: tsu.offer().oid(request.policy()),
            imprint: request.imprint(),
            serial: assigned.serial().as_bytes(),
            gen_time,
            accuracy: Some(Accuracy::from_micros(time.bound_us)),
            ordering: false,
            nonce: request.nonce(),
            tsa: tsu.tsa_field(),
            extensions: tsu.extensions(),
        }
        .encode_into(&mut desk.info);
        tsu.template().attributes_into(&mut desk.attributes, &desk.info);
        let signature = desk.sign(intent.as_mut()).inspect_err(|refusal| tsu.heed(refusal))?;
        let token = tsu.template().token(&desk.info, &desk.attributes, &signature, request.cert_req());
        let commitments = Commitments {
            token: Digest::of(&token),
            signature: Digest::of(&signature),
            attributes: Digest::of(&desk.attributes),
        };
        Ok(Self { token, assigned, commitments, intent })
    }

    /// Whose it is and when.
    #[must_use]
    pub const fn assigned(&self) -> &AssignedTsu {
        &self.assigned
    }

    /// What its log entry says of it.
    #[must_use]
    pub const fn commitments(&self) -> Commitments {
        self.commitments
    }

    /// Looks at the age of the reading a last time.
    ///
    /// # Errors
    /// [`Refusal::ReadingTooOld`]: the token must be dropped.
    pub(crate) fn check_release(&mut self, keeper: &Timekeeper) -> Result<(), Refusal> {
        keeper.check_release(&self.assigned.time().reading).inspect_err(|refusal| {
            if let Some(intent) = &mut self.intent {
                intent.because(refusal.code());
            }
        })
    }

    /// Hands over the token once its entry has been handed to the log, which ends its intent.
    #[must_use]
    pub(crate) fn into_token(self) -> Vec<u8> {
        if let Some(intent) = self.intent {
            intent.spend();
        }
        self.token
    }
}
