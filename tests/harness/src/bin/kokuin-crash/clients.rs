//! Clients that ask for tokens until there is nobody to ask, and one that watches the checkpoints.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use kokuin_audit::{SignedCheckpoint, VerifierKey, entry::Digest};
use kokuin_fetch::{
    Client, Limits, Reach, Url,
    tsp::{self, TspRequest},
};
use kokuin_suite::DigestAlgorithm;
use kokuin_suite_openssl::OpenSslEngine;

/// A token that a client holds, as far as it matters here.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// Serial number, content octets.
    pub(crate) serial: Vec<u8>,
    /// SHA-256 of the token.
    pub(crate) digest: Digest,
    /// Microseconds since 1970.
    pub(crate) gen_time: i64,
}

/// What all clients of a round share.
#[derive(Debug)]
pub(crate) struct Crowd {
    url: Url,
    checkpoint: Url,
    /// Set when the service has been killed.
    pub(crate) over: AtomicBool,
    /// Tokens received so far.
    pub(crate) received: AtomicU64,
}

impl Crowd {
    pub(crate) const fn new(url: Url, checkpoint: Url) -> Self {
        Self { url, checkpoint, over: AtomicBool::new(false), received: AtomicU64::new(0) }
    }

    fn client() -> Client {
        let total = Duration::from_secs(5);
        Client::new(Limits { total, ..Limits::TSP }.with_reach(Reach::LOOPBACK))
    }

    /// Stamps one digest after the other. Every answer is checked against its request; an answer that is wrong, and not
    /// just missing, ends the run.
    pub(crate) fn stamp(&self, client_number: u32) -> anyhow::Result<Vec<Token>> {
        let (client, mut tokens) = (Self::client(), Vec::new());
        let mut digest = [0; 32];
        while !self.over.load(Ordering::Relaxed) {
            getrandom::fill(&mut digest)?;
            // Some with the certificate, some without: two sizes of answers.
            let cert_req = client_number.is_multiple_of(2);
            let wanted = TspRequest { cert_req, ..TspRequest::new(DigestAlgorithm::Sha256, &digest) };
            match tsp::request(&client, &self.url, &wanted) {
                Ok(answer) => {
                    let gen_time = answer.gen_time.unix_micros();
                    tokens.push(Token { serial: answer.serial, digest: Digest::of(&answer.token), gen_time });
                    self.received.fetch_add(1, Ordering::Relaxed);
                }
                Err(tsp::TspError::Fetch(_) | tsp::TspError::TurnedAway(_)) => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(wrong) => return Err(wrong.into()),
            }
        }
        Ok(tokens)
    }

    /// Keeps every new checkpoint that is shown.
    pub(crate) fn watch(&self, key: &VerifierKey) -> anyhow::Result<Vec<SignedCheckpoint>> {
        let (client, mut seen) = (Self::client(), Vec::<SignedCheckpoint>::new());
        while !self.over.load(Ordering::Relaxed) {
            if let Ok(answer) = client.get(&self.checkpoint) {
                let checkpoint = SignedCheckpoint::verify(&answer.body, key, &OpenSslEngine)?;
                if seen.last().is_none_or(|last| last.checkpoint() != checkpoint.checkpoint()) {
                    seen.push(checkpoint);
                }
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(seen)
    }
}
