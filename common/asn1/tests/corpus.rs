//! Tokens, answers, requests, certificates and CRLs that others made. Needs the corpus: `KOKUIN_CORPUS`, or `shared/corpus` beside the project.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    borrow::Cow,
    fs,
    path::{Path, PathBuf},
};

use kokuin_asn1::{
    Certificate, Crl, ber, cades,
    cms::{RevocationChoice, SignedData},
    ess::{SigningCertificate, SigningCertificateV2},
    oids, pem,
    tsp::{PkiStatus, TimeStampReq, TimeStampResp, TstInfo},
};

struct Corpus {
    root: PathBuf,
    manifest: String,
}

struct Artefact<'a> {
    path: &'a str,
    class: &'a str,
    expected: &'a str,
    bytes: Vec<u8>,
}

impl Corpus {
    /// `None`, said loudly, if it is not there.
    fn open() -> Option<Self> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
        let root = std::env::var_os("KOKUIN_CORPUS").map_or(beside, PathBuf::from);
        if let Ok(manifest) = fs::read_to_string(root.join("MANIFEST.tsv")) {
            return Some(Self { root, manifest });
        }
        println!("!!! NOT TESTED: there is no corpus at {}; set KOKUIN_CORPUS !!!", root.display());
        None
    }

    fn artefacts<'a>(&'a self, class: &'a str) -> impl Iterator<Item = Artefact<'a>> {
        let rows = self.manifest.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        rows.filter(move |row| row[2].starts_with(class)).map(|row| Artefact {
            path: row[0],
            class: row[2],
            expected: row[5],
            bytes: fs::read(self.root.join(row[0])).unwrap(),
        })
    }
}

impl Artefact<'_> {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        extensions.iter().any(|extension| self.path.ends_with(&format!(".{extension}")))
    }
}

/// DER as received, or BER made definite.
fn definite(bytes: &[u8]) -> Cow<'_, [u8]> {
    ber::to_der(bytes, ber::Limits::default()).unwrap()
}

/// Why a token cannot be read as far as a verifier reads it; `None` if it can.
fn unreadable(token: &[u8]) -> Option<String> {
    let signed_data = match SignedData::parse(token) {
        Ok(signed_data) => signed_data,
        Err(refusal) => return Some(refusal.to_string()),
    };
    read_parts(&signed_data).err().map(|refusal| refusal.to_string())
}

fn read_parts(signed_data: &SignedData<'_>) -> Result<(), kokuin_asn1::Asn1Error> {
    TstInfo::parse(signed_data.content.unwrap_or_default())?;
    for certificate in signed_data.certificates.iter().filter_map(kokuin_asn1::cms::CertificateChoice::certificate) {
        Certificate::parse(certificate)?;
    }
    for choice in &signed_data.crls {
        if let RevocationChoice::Crl(crl) = choice {
            Crl::parse(crl)?;
        }
    }
    for attributes in signed_data.signer_infos.iter().filter_map(|signer| signer.signed_attrs.as_ref()) {
        cades::parse_content_type(attributes)?;
        cades::parse_message_digest(attributes)?;
        cades::parse_signing_time(attributes)?;
        cades::parse_cms_algorithm_protection(attributes)?;
        if let Some(value) = attributes.single(&oids::SIGNING_CERTIFICATE)? {
            SigningCertificate::parse(value)?;
        }
        if let Some(value) = attributes.single(&oids::SIGNING_CERTIFICATE_V2)? {
            SigningCertificateV2::parse(value)?;
        }
    }
    Ok(())
}

#[test]
fn reads_every_token_whose_signature_holds() {
    let Some(corpus) = Corpus::open() else { return };
    let (mut read, mut streamed) = (0, 0);
    for token in corpus.artefacts("tsp-token").filter(|token| token.has_extension(&["tst"])) {
        if !(token.expected.starts_with("VALID") || token.expected.starts_with("SIGNATURE_VALID")) {
            continue;
        }
        let der = definite(&token.bytes);
        assert_eq!(unreadable(&der), None, "{}", token.path);
        if matches!(der, Cow::Owned(_)) {
            assert!(SignedData::parse(&token.bytes).is_err(), "{} is not DER", token.path);
            streamed += 1;
        }
        read += 1;
    }
    assert!(read >= 100 && streamed >= 5, "{read} tokens, {streamed} of them BER");
}

/// What openssl and others refuse for their signatures is still readable, except for what names a structural defect.
#[test]
fn refuses_structural_defects_only() {
    let Some(corpus) = Corpus::open() else { return };
    let refused: Vec<_> = corpus
        .artefacts("tsp-")
        .filter(|token| ["tsp-token", "tsp-malformed"].contains(&token.class) && token.has_extension(&["tst", "p7s"]))
        .filter_map(|token| {
            let reason = unreadable(&definite(&token.bytes))?;
            Some((Path::new(token.path).file_stem()?.to_str()?.to_owned(), reason))
        })
        .collect();
    for (name, reason) in &refused {
        println!("{name}: {reason}");
    }
    let expected = [
        "DigiCert_Timestamp_2023.608c197a3b",
        "TimeStampTokenWithInvalidSigningCertificateV2",
        "TimeStampTokenWithSigningCertificateV1NoCert",
        "TimeStampTokenWithTSTInfoVersion2",
        "TimeStampTokenWithWrongSigningCertificateV2IssuerChoiceTag",
        "TimeStampTokenWithoutSignedAttributes",
    ];
    let mut names: Vec<_> = refused.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn reads_every_answer() {
    let Some(corpus) = Corpus::open() else { return };
    let mut read = 0;
    for answer in corpus.artefacts("tsp-") {
        if !(answer.has_extension(&["tsr", "asn1"]) || answer.path.ends_with("granted.tsq")) {
            continue;
        }
        let response =
            TimeStampResp::parse(&answer.bytes).unwrap_or_else(|refusal| panic!("{}: {refusal}", answer.path));
        assert_eq!(response.status, PkiStatus::Granted, "{}", answer.path);
        let token = definite(response.token.unwrap());
        let signed_data = SignedData::parse(&token).unwrap();
        TstInfo::parse(signed_data.content.unwrap()).unwrap_or_else(|refusal| panic!("{}: {refusal}", answer.path));
        read += 1;
    }
    assert!(read >= 6, "{read} answers");
}

#[test]
fn reads_every_request() {
    let Some(corpus) = Corpus::open() else { return };
    let mut read = 0;
    for request in corpus.artefacts("tsp-fixture").filter(|request| request.has_extension(&["tsq"])) {
        let parsed =
            TimeStampReq::parse(&request.bytes).unwrap_or_else(|refusal| panic!("{}: {refusal}", request.path));
        assert_eq!(parsed.version, 1);
        assert_eq!(parsed.cert_req, !request.path.contains("nocert"));
        read += 1;
    }
    assert!(read >= 2, "{read} requests");
}

/// `.chain.pem` files: what TSAs and their issuers really have.
#[test]
fn reads_every_certificate_of_a_path() {
    let Some(corpus) = Corpus::open() else { return };
    let mut read = 0;
    for chain in corpus.artefacts("tsp-token").filter(|chain| chain.has_extension(&["pem"])) {
        for block in pem::decode_all(&chain.bytes).unwrap() {
            let certificate =
                Certificate::parse(&block.der).unwrap_or_else(|refusal| panic!("{}: {refusal}", chain.path));
            assert_eq!(certificate.der(), block.der);
            assert_eq!(certificate.signature_algorithm(), certificate.tbs_signature_algorithm());
            read += 1;
        }
    }
    assert!(read >= 290, "{read} certificates");
}

/// Linters' test certificates: each has a finding, few are unreadable.
#[test]
fn leaves_findings_to_linters() {
    let Some(corpus) = Corpus::open() else { return };
    let (mut read, mut refused) = (0, Vec::new());
    for artefact in corpus.artefacts("cert-lint") {
        let Ok(text) = std::str::from_utf8(&artefact.bytes) else { continue };
        let Some(start) = text.find("-----BEGIN ") else { continue };
        let Ok(blocks) = pem::decode_all(&artefact.bytes[start..]) else { continue };
        for block in blocks {
            let refusal = match block.label.as_str() {
                "CERTIFICATE" => Certificate::parse(&block.der).err(),
                "X509 CRL" => Crl::parse(&block.der).err(),
                _ => continue,
            };
            read += 1;
            refused.extend(refusal.map(|refusal| format!("{}: {refusal}", artefact.path)));
        }
    }
    println!("{refused:#?}");
    assert!(read >= 100 && refused.len() <= 2, "{read} read, refused: {refused:#?}");
}
