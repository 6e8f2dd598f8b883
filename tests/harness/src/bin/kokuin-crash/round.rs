//! One kill, and everything that must hold after it.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use kokuin_audit::{Entry, Receipt, SignedCheckpoint, VerifierKey};
use kokuin_fetch::{
    Client, Limits, Reach,
    tsp::{self, TspRequest},
};
use kokuin_suite::DigestAlgorithm;
use kokuin_suite_openssl::OpenSslEngine;

use crate::{
    clients::{Crowd, Token},
    log::WholeLog,
    server::Server,
    verdict::{self, check},
};

/// Receipts that are fetched and verified in each round; the tiles show the rest.
const RECEIPTS: usize = 20;

/// How long tokens may wait for the checkpoint that covers them.
const COVERED: Duration = Duration::from_secs(10);

/// Everything that anybody outside got to see, over all rounds.
#[derive(Debug, Default)]
pub(crate) struct Held {
    tokens: Vec<Token>,
    checkpoints: Vec<SignedCheckpoint>,
}

impl Held {
    pub(crate) const fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// The latest token, by its own time.
    fn latest(&self) -> Option<&Token> {
        self.tokens.iter().max_by_key(|token| token.gen_time)
    }
}

/// One round.
#[derive(Debug)]
pub(crate) struct Round {
    tokens: usize,
    passed: u32,
    failures: Vec<String>,
}

impl Round {
    /// Lets clients stamp, kills `moment` after the first token, and collects what the clients hold.
    pub(crate) fn load_and_kill(
        server: &mut Server,
        held: &mut Held,
        clients: u32,
        moment: Duration,
    ) -> anyhow::Result<Self> {
        let key = VerifierKey::parse(&server.vkey()?)?;
        let crowd = Crowd::new(server.url("/tsa")?, server.url("/log/checkpoint")?);
        let (tokens, checkpoints) = std::thread::scope(|scope| {
            let crowd = &crowd;
            let started: Vec<_> = (0..clients).map(|client| scope.spawn(move || crowd.stamp(client))).collect();
            let watcher = scope.spawn(|| crowd.watch(&key));
            let waited = Instant::now();
            while crowd.received.load(Ordering::Relaxed) == 0 && waited.elapsed() < COVERED {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(moment);
            let killed = server.kill();
            crowd.over.store(true, Ordering::Relaxed);
            let broke = |_| anyhow::anyhow!("a client broke");
            let mut tokens = Vec::new();
            for client in started {
                tokens.push(client.join().map_err(broke)??);
            }
            let checkpoints = watcher.join().map_err(broke)??;
            killed.map(|()| (tokens, checkpoints))
        })?;
        let mut round = Self { tokens: tokens.iter().map(Vec::len).sum(), passed: 0, failures: Vec::new() };
        round.note("some tokens were issued", check(round.tokens > 0, || "none".to_owned()));
        let forward = tokens.iter().try_for_each(|own| verdict::forward(own));
        round.note("time goes forward for every client", forward);
        let mut tokens: Vec<Token> = tokens.into_iter().flatten().collect();
        tokens.sort_by_key(|token| token.gen_time);
        held.tokens.extend(tokens);
        held.checkpoints.extend(checkpoints);
        Ok(round)
    }

    /// Everything that must hold once the service is up again.
    pub(crate) fn check(&mut self, server: &Server, held: &mut Held) {
        match covered(server, held) {
            Ok(log) => {
                let shown = held.checkpoints.iter().map(|checkpoint| (checkpoint.size().0, checkpoint.root()));
                let consistent = verdict::consistent(&log.roots, log.checkpoint.size().0, shown);
                self.note("every token held is logged", verdict::logged(&log.tokens, &held.tokens));
                self.note("no serial number is there twice", verdict::unique(&log.twice, &held.tokens));
                self.note("every checkpoint shown is a beginning of the log", consistent);
                held.checkpoints = vec![log.checkpoint];
            }
            Err(error) => self.note("the log can be read", Err(error)),
        }
        self.note("receipts verify", receipts(server, held));
        self.note("time does not go back", forward(server, held));
        self.note("audit verify passes", server.audit_verify());
    }

    /// The service did not come up again.
    pub(crate) fn broke(&mut self, error: &anyhow::Error) {
        self.failures.push(format!("it starts again: {error:#}"));
    }

    fn note(&mut self, name: &str, result: anyhow::Result<()>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => self.failures.push(format!("{name}: {error:#}")),
        }
    }

    pub(crate) const fn tokens(&self) -> usize {
        self.tokens
    }

    pub(crate) const fn passed(&self) -> u32 {
        self.passed
    }

    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }
}

/// The log, once a checkpoint covers all tokens held; the last reading if none ever does.
fn covered(server: &Server, held: &Held) -> anyhow::Result<WholeLog> {
    let key = VerifierKey::parse(&server.vkey()?)?;
    let sizes: Vec<u64> = held.checkpoints.iter().map(|checkpoint| checkpoint.size().0).collect();
    let start = Instant::now();
    loop {
        let log = WholeLog::read(server, &key, &sizes)?;
        let missing = held.tokens.iter().any(|token| !log.tokens.contains_key(&token.serial));
        if !missing || start.elapsed() > COVERED {
            return Ok(log);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The newest tokens' receipts, which are those that the kill endangered.
fn receipts(server: &Server, held: &Held) -> anyhow::Result<()> {
    let key = VerifierKey::parse(&server.vkey()?)?;
    for token in held.tokens.iter().rev().take(RECEIPTS) {
        let serial = hex::encode(&token.serial);
        let receipt = Receipt::parse(&server.get(&format!("/tsa/receipts/{serial}"))?)?;
        match receipt.verify(&key, &OpenSslEngine)?.entry() {
            Entry::Tst(tst) => check(tst.digest == token.digest, || format!("{serial} is for another token"))?,
            other => anyhow::bail!("{serial} is for {other:?}"),
        }
    }
    Ok(())
}

/// The first token after the restart is not earlier than any before.
fn forward(server: &Server, held: &mut Held) -> anyhow::Result<()> {
    let client = Client::new(Limits::TSP.with_reach(Reach::LOOPBACK));
    let wanted = TspRequest::new(DigestAlgorithm::Sha256, &[0x5a; 32]);
    let answer = tsp::request(&client, &server.url("/tsa")?, &wanted)?;
    let digest = kokuin_audit::entry::Digest::of(&answer.token);
    let first = Token { serial: answer.serial, digest, gen_time: answer.gen_time.unix_micros() };
    let order: Vec<Token> = held.latest().cloned().into_iter().chain([first.clone()]).collect();
    held.tokens.push(first);
    verdict::forward(&order)
}
