//! The answer, held against the question.

use kokuin_asn1::{
    cms::SignedData,
    oids,
    tsp::{TimeStampResp, TstInfo},
};

use super::{TspAnswer, TspError, TspRequest, query};

/// What was asked, with the nonce that was drawn for it.
pub(super) struct Asked<'a> {
    wanted: &'a TspRequest<'a>,
    /// Content octets of the INTEGER.
    nonce: Option<Vec<u8>>,
}

impl<'a> Asked<'a> {
    pub(super) const fn new(wanted: &'a TspRequest<'a>, nonce: Option<Vec<u8>>) -> Self {
        Self { wanted, nonce }
    }

    pub(super) fn query(&self) -> Vec<u8> {
        query(self.wanted, self.nonce.as_deref())
    }

    /// Takes an answer if every part of it is what was asked for. So a `grantedWithMods` passes only if nothing that was
    /// asked for was modified.
    pub(super) fn check(&self, response: Vec<u8>) -> Result<TspAnswer, TspError> {
        let parsed = TimeStampResp::parse(&response)?;
        let TimeStampResp { status, status_text, fail_info, token } = parsed;
        let Some(token) = token else {
            return Err(TspError::Refused { status, failure: fail_info, text: status_text });
        };
        let signed = SignedData::parse(token)?;
        let content = match (&signed.content_type, signed.content) {
            (content_type, Some(content)) if *content_type == oids::ID_CT_TST_INFO => content,
            (found, _) => return Err(TspError::NotATimeStamp { found: found.clone() }),
        };
        let info = TstInfo::parse(content)?;
        self.check_imprint(&info)?;
        self.check_nonce(&info)?;
        self.check_rest(&info, &signed)?;
        let (token, serial) = (token.to_vec(), info.serial.to_vec());
        let (gen_time, policy) = (info.gen_time, info.policy);
        Ok(TspAnswer { response, token, gen_time, serial, policy, status })
    }

    fn check_imprint(&self, info: &TstInfo<'_>) -> Result<(), TspError> {
        let found = &info.imprint;
        // Absent parameters and NULL mean the same for a hash algorithm (RFC 5754 2).
        let same_algorithm = found.algorithm.oid == self.wanted.algorithm.oid() && found.algorithm.has_no_parameters();
        if same_algorithm && found.digest == self.wanted.digest {
            return Ok(());
        }
        let found_digest = found.digest.iter().take(64).map(|octet| format!("{octet:02x}")).collect();
        Err(TspError::Imprint { found_algorithm: found.algorithm.oid.clone(), found_digest })
    }

    fn check_nonce(&self, info: &TstInfo<'_>) -> Result<(), TspError> {
        match (self.nonce.as_deref(), info.nonce) {
            (None, None) => Ok(()),
            (Some(sent), Some(found)) if sent == found => Ok(()),
            (Some(_), None) => Err(TspError::NonceMissing),
            (Some(_) | None, Some(_)) => Err(TspError::NonceWrong),
        }
    }

    fn check_rest(&self, info: &TstInfo<'_>, signed: &SignedData<'_>) -> Result<(), TspError> {
        match self.wanted.policy {
            Some(expected) if *expected != info.policy => {
                return Err(TspError::Policy { expected: expected.clone(), found: info.policy.clone() });
            }
            Some(_) | None => (),
        }
        if self.wanted.cert_req && signed.certificates.is_empty() {
            return Err(TspError::CertificateMissing);
        }
        match self.wanted.gen_time {
            Some(window) if !window.contains(info.gen_time.unix_micros()) => {
                Err(TspError::GenTime { found: info.gen_time, window })
            }
            Some(_) | None => Ok(()),
        }
    }
}
