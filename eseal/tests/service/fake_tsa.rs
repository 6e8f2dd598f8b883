//! A TSA behind a socket, as good or bad as a test wants it.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use kokuin_asn1::{
    Certificate, cades,
    cms::{SignedAttributes, SignedDataParts, SignerIdParts, SignerParts, build_signed_data},
    enc, oids,
    tsp::{Accuracy, GenTime, TimeStampReq, TimeStampResp, TstInfoParts},
};
use kokuin_key::{Prepared, Purpose, SigningKey};
use kokuin_suite::{DigestAlgorithm, digest};

/// How the TSA behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Mood {
    Good = 0,
    /// Answers 503.
    Busy = 1,
    /// Stamps another imprint.
    OtherImprint = 2,
    /// Changes a bit of its signature.
    BrokenSignature = 3,
    /// Says nothing until it has another mood.
    Silent = 4,
}

/// A running TSA.
#[derive(Debug)]
pub(crate) struct FakeTsa {
    pub(crate) url: String,
    mood: Arc<AtomicU8>,
}

impl FakeTsa {
    pub(crate) fn start(key: Arc<dyn SigningKey>, certificate: Certificate) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tsa", listener.local_addr().unwrap());
        let mood = Arc::new(AtomicU8::new(Mood::Good as u8));
        let shared = Arc::clone(&mood);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                while shared.load(Relaxed) == Mood::Silent as u8 {
                    thread::sleep(Duration::from_millis(5));
                }
                answer(stream, &*key, &certificate, shared.load(Relaxed));
            }
        });
        Self { url, mood }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.mood.store(mood as u8, Relaxed);
    }
}

fn answer(mut stream: TcpStream, key: &dyn SigningKey, certificate: &Certificate, mood: u8) {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    let body = loop {
        let Ok(count @ 1..) = stream.read(&mut buffer) else { return };
        received.extend_from_slice(&buffer[..count]);
        let Some(head) = received.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
        let length: usize =
            text.split("content-length: ").nth(1).unwrap().lines().next().unwrap().trim().parse().unwrap();
        if received.len() >= head + 4 + length {
            break received[head + 4..head + 4 + length].to_vec();
        }
    };
    let (status, reply) = if mood == Mood::Busy as u8 {
        ("503 Busy", Vec::new())
    } else {
        ("200 OK", reply(&body, key, certificate, mood))
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    );
    drop(stream.write_all(&[head.as_bytes(), &reply].concat()));
}

fn reply(query: &[u8], key: &dyn SigningKey, certificate: &Certificate, mood: u8) -> Vec<u8> {
    let query = TimeStampReq::parse(query).unwrap();
    let other = enc::sequence(&[&DigestAlgorithm::Sha256.algorithm_id_der(), &enc::octet_string(&[7; 32])]);
    let imprint = if mood == Mood::OtherImprint as u8 { &other } else { query.imprint.raw };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let info = TstInfoParts {
        policy: &"2.999.1".parse().unwrap(),
        imprint,
        serial: &[1, 2, 3],
        gen_time: GenTime::from_unix_micros(i64::try_from(now).unwrap()).unwrap(),
        accuracy: Some(Accuracy::from_micros(1_000_000)),
        ordering: false,
        nonce: query.nonce,
        tsa: None,
        extensions: &[],
    }
    .encode();
    let sha256 = DigestAlgorithm::Sha256;
    let digest_id = sha256.algorithm_id_der();
    let attributes = SignedAttributes::new()
        .with(cades::content_type(&oids::ID_CT_TST_INFO))
        .with(cades::message_digest(&digest(sha256, &info)))
        .with(cades::signing_certificate_v2(certificate, &digest_id, &digest(sha256, certificate.der())))
        .der_set();
    let algorithm = key.algorithm().signature_algorithm();
    let mut signature = key.open().unwrap().sign(Prepared::new(Purpose::Tst, algorithm, &attributes)).unwrap();
    if mood == Mood::BrokenSignature as u8 {
        signature.iter_mut().rev().take(1).for_each(|octet| *octet ^= 1);
    }
    let token = build_signed_data(&SignedDataParts {
        digest_algorithms: &[&digest_id],
        content_type: &oids::ID_CT_TST_INFO,
        content: Some(&info),
        certificates: &[certificate.der()],
        crls: &[],
        signers: &[SignerParts {
            sid: SignerIdParts::IssuerSerial { issuer: certificate.issuer(), serial: certificate.serial() },
            digest_algorithm: &digest_id,
            signed_attributes: Some(&attributes),
            signature_algorithm: &algorithm.algorithm_id_der(),
            signature: &signature,
            unsigned_attributes: &[],
        }],
    });
    TimeStampResp::encode_granted(&token)
}
