//! The requests, built before anything is measured.

use kokuin_asn1::{oids, tsp::RequestBuilder};

use crate::options::{Target, TsaOptions};

/// How many different requests are sent in turn.
const DIFFERENT: usize = 256;

/// One request, ready for the wire.
#[derive(Debug)]
pub(crate) struct Question {
    /// Head and body.
    pub(crate) bytes: Vec<u8>,
    /// SHA-256 value that is stamped.
    pub(crate) digest: [u8; 32],
    /// Content octets of the nonce.
    pub(crate) nonce: [u8; 8],
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Questions(Vec<Question>);

impl Questions {
    pub(crate) fn new(target: &Target, options: &TsaOptions) -> anyhow::Result<Self> {
        (0..DIFFERENT).map(|_| Question::new(target, options)).collect::<Result<_, _>>().map(Self)
    }

    /// The request to send as number `turn`.
    pub(crate) fn at(&self, turn: u64) -> &Question {
        let place = usize::try_from(turn).unwrap_or(0) % self.0.len();
        &self.0[place]
    }
}

impl Question {
    fn new(target: &Target, options: &TsaOptions) -> anyhow::Result<Self> {
        let (mut digest, mut nonce) = ([0; 32], [0; 8]);
        getrandom::fill(&mut digest)?;
        getrandom::fill(&mut nonce)?;
        // Positive, and of one length for all.
        nonce[0] = nonce[0] & 0x7f | 0x40;
        let body =
            RequestBuilder::new(&oids::SHA256, &digest).nonce_content(&nonce).cert_req(options.cert_req).encode();
        let mut bytes = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/timestamp-query\r\nContent-Length: {}\r\n\r\n",
            target.path,
            target.authority,
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&body);
        Ok(Self { bytes, digest, nonce })
    }
}
