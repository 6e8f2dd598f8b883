//! The batch lane of a service, as its client sees it: one request, patience, and the records.

use std::{
    collections::{BTreeMap, HashMap},
    io::Read as _,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_fetch::{Answer, Client, Limits, Reach, Url};
use kokuin_settings::Secret;
use kokuin_suite::DigestAlgorithm;
use serde::Deserialize;

use super::{receipt_url, service_url};
use crate::{problem, receipt, tls::TlsArgs};

/// How long to wait for a place, and then for the token.
const PATIENCE: Duration = Duration::from_secs(300);
/// Between two questions, whatever the service says.
const LONGEST_PAUSE_S: u64 = 60;
/// Octets of one record with its place in an archive; one has a token and 17 pairs of hashes at most.
const RECORD: u64 = 32 * 1024;

/// The lane at an address.
pub(super) struct Lane {
    client: Client,
    tsa: String,
    api_key: Option<Secret>,
}

/// A batch with its token and all records, by digest.
#[derive(Debug)]
pub(super) struct Stamped {
    pub(super) token: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) gen_time: String,
    pub(super) records: HashMap<Vec<u8>, Vec<u8>>,
}

/// What the service answers; more may be added to it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    id: String,
    status: String,
    hash_algorithm: String,
    token: Option<String>,
    serial: Option<String>,
    gen_time: Option<String>,
    records: Option<BTreeMap<String, String>>,
    code: Option<String>,
}

impl Lane {
    /// The lane of the TSU at `tsa`, for `count` digests.
    ///
    /// # Errors
    /// If it is an `https` address without anchors, or their file cannot be read.
    pub(super) fn new(tsa: &str, tls: &TlsArgs, api_key: Option<Secret>, count: usize) -> anyhow::Result<Self> {
        // The address is the user's own choice, so it may be on this machine or in the own network.
        let mut limits = Limits::TSP.with_reach(Reach::CONFIGURED);
        limits.total = Duration::from_secs(180);
        limits.body = (count as u64 + 100).saturating_mul(RECORD);
        let client = tls.client(limits)?;
        client.check(&tsa.parse()?).context("--tls-ca FILE")?;
        Ok(Self { client, tsa: tsa.trim_end_matches('/').to_owned(), api_key })
    }

    /// The log receipt of the token with this number; `None` if the authority gives none.
    ///
    /// # Errors
    /// As [`receipt::fetch`].
    pub(super) fn receipt(&self, serial: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
        receipt::fetch(&self.client, &receipt_url(&self.tsa, serial).parse()?, self.api_key.as_ref())
    }

    /// Has `digests` stamped, and fetches their records. Nobody has checked those.
    ///
    /// # Errors
    /// If the service refuses, gives no token in time, or says what cannot be.
    pub(super) fn stamp(&self, algorithm: DigestAlgorithm, digests: &[Vec<u8>]) -> anyhow::Result<Stamped> {
        let digests: Vec<String> = digests.iter().map(hex::encode).collect();
        let body = serde_json::json!({"hashAlgorithm": algorithm.name(), "digests": digests}).to_string();
        let url: Url = format!("{}/batches", self.tsa).parse()?;
        let submit = || {
            Ok(self.client.submit(
                &url,
                "application/json",
                "application/json",
                body.as_bytes(),
                self.api_key.as_ref(),
            )?)
        };
        // What was refused was not taken: it may be sent again.
        let answer = patiently(submit, |answer| matches!(answer.status, 429 | 503))?;
        let told = read(&answer)?;
        let id = told.id.clone();
        ensure!(
            id.len() == 32 && id.bytes().all(|octet| octet.is_ascii_hexdigit()),
            "the address of the batch is none"
        );
        let place = format!("{}/batches/{id}", service_url(&self.tsa));
        let told = if answer.status == 202 { self.wait(&place)? } else { told };
        self.finish(algorithm, told, &place)
    }

    fn wait(&self, place: &str) -> anyhow::Result<Told> {
        let url: Url = place.parse()?;
        let ask = || Ok(self.client.ask(&url, self.api_key.as_ref())?);
        let answer = patiently(ask, |answer| matches!(answer.status, 202 | 429 | 503))?;
        if answer.status == 202 {
            bail!("the batch has no token yet; its records will be at {place}/records");
        }
        read(&answer)
    }

    fn finish(&self, algorithm: DigestAlgorithm, told: Told, place: &str) -> anyhow::Result<Stamped> {
        if told.status == "failed" {
            let code = told.code.unwrap_or_default();
            bail!("the batch gets no token ({})", code.escape_debug());
        }
        let found = told.hash_algorithm.escape_debug();
        ensure!(told.hash_algorithm == algorithm.name(), "the batch is by {found}, {algorithm} was asked for");
        let (Some(token), Some(serial), Some(gen_time)) = (told.token, told.serial, told.gen_time) else {
            bail!("the service's answer has no token");
        };
        let token = STANDARD.decode(token).context("the token is not base64")?;
        let serial = hex::decode(serial).context("the serial number is not hexadecimal")?;
        let records = match told.records {
            Some(records) => records.into_iter().map(decoded).collect::<Result<_, _>>()?,
            None => {
                let records = format!("{place}/records").parse()?;
                unpack(&self.client.get_as(&records, self.api_key.as_ref())?.body)?
            }
        };
        Ok(Stamped { token, serial, gen_time: gen_time.escape_debug().to_string(), records })
    }
}

/// Asks until the answer is another than `wait` is for, at the pace that the service asks for, or until patience ends.
fn patiently(
    mut ask: impl FnMut() -> anyhow::Result<Answer>,
    wait: impl Fn(&Answer) -> bool,
) -> anyhow::Result<Answer> {
    let begun = Instant::now();
    loop {
        let answer = ask()?;
        let pause = Duration::from_secs(answer.retry_after_s.unwrap_or(1).clamp(1, LONGEST_PAUSE_S));
        if !wait(&answer) || begun.elapsed() + pause > PATIENCE {
            return Ok(answer);
        }
        thread::sleep(pause);
    }
}

fn read(answer: &Answer) -> anyhow::Result<Told> {
    match answer.status {
        200..=202 => serde_json::from_slice(&answer.body).context("the service's answer is not as expected"),
        404 | 405 if answer.content_type != "application/problem+json" => {
            bail!("the service has no batch lane (status {})", answer.status)
        }
        _ => Err(problem::told(answer)),
    }
}

fn decoded((digest, record): (String, String)) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
    let digest = hex::decode(digest).context("a digest is not hexadecimal")?;
    Ok((digest, STANDARD.decode(record).context("a record is not base64")?))
}

/// Reads an archive of `{digest}.ers`.
fn unpack(archive: &[u8]) -> anyhow::Result<HashMap<Vec<u8>, Vec<u8>>> {
    let mut records = HashMap::new();
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry.context("the archive of the records cannot be read")?;
        let digest = entry.path()?.file_stem().and_then(|stem| hex::decode(stem.as_encoded_bytes()).ok());
        let digest = digest.context("a file of the archive is not named after a digest")?;
        let mut record = Vec::new();
        entry.read_to_end(&mut record)?;
        records.insert(digest, record);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::{TcpListener, TcpStream},
    };

    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        tls: TlsArgs,
    }

    const ID: &str = "00112233445566778899aabbccddeeff";

    /// Reads one request; answers with `status` and `body`. Says what was asked for, and whether the key came with it.
    fn answer(stream: TcpStream, status: u16, body: &[u8]) -> (String, bool) {
        let mut reader = BufReader::new(stream);
        let (mut asked, mut key, mut length) = (String::new(), false, 0);
        reader.read_line(&mut asked).unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            key |= line == "authorization: bearer key";
            length = line.strip_prefix("content-length: ").map_or(length, |value| value.parse().unwrap());
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
        let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        reader.get_mut().write_all(&[head.as_bytes(), body].concat()).unwrap();
        (asked.split(' ').take(2).collect::<Vec<_>>().join(" "), key)
    }

    #[test]
    fn shows_its_key_with_each_request_of_a_batch() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tsa = format!("http://{}/tsa", listener.local_addr().unwrap());
        let told = |status, more| {
            format!(r#"{{"id": "{ID}", "status": "{status}", "hashAlgorithm": "sha256"{more}}}"#).into_bytes()
        };
        let token = r#", "token": "AA==", "serial": "0b", "genTime": "now""#;
        let server = thread::spawn(move || {
            let answers = [
                (202, told("pending", "")),
                (200, told("stamped", token)),
                (200, tar::Builder::new(Vec::new()).into_inner().unwrap()),
                (200, b"proof".to_vec()),
            ];
            answers.map(|(status, body)| answer(listener.accept().unwrap().0, status, &body))
        });
        let tls = Line::parse_from(["timestamp"]).tls;
        let lane = Lane::new(&tsa, &tls, Some(Secret::new(b"key".to_vec())), 1).unwrap();
        let stamped = lane.stamp(DigestAlgorithm::Sha256, &[vec![0; 32]]).unwrap();
        assert_eq!(lane.receipt(&stamped.serial).unwrap().as_deref(), Some(&b"proof"[..]));
        let place = format!("GET /tsa/batches/{ID}");
        let expected = ["POST /tsa/batches", &place, &format!("{place}/records"), "GET /tsa/receipts/0b"];
        assert_eq!(server.join().unwrap(), expected.map(|asked| (asked.to_owned(), true)));
    }
}
