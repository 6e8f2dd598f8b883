//! Evidence records that others made (`ers-asn1`), with the data that their makers say they cover. Needs the corpus: `KOKUIN_CORPUS`, or
//! `shared/corpus` beside the project.
//!
//! Where our verdict differs from the corpus's, `corpus-exceptions.tsv` says so and why; a difference that is gone must leave that file.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use kokuin_asn1::ber;
use kokuin_evidence::EvidenceRecord;
use kokuin_suite::{DigestAlgorithm, digest};

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("KOKUIN_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    if folder.join("MANIFEST.tsv").is_file() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no corpus at {} (set KOKUIN_CORPUS)", folder.display());
    assert!(std::env::var_os("CI").is_none(), "the corpus must be there under CI");
    None
}

/// What a record is said to cover.
enum Data {
    Bytes(Vec<u8>),
    /// Of a document that is not published, its digests.
    Digests(&'static [(DigestAlgorithm, &'static str)]),
}

impl Data {
    fn digest(&self, algorithm: DigestAlgorithm) -> Option<Vec<Vec<u8>>> {
        match self {
            Self::Bytes(bytes) => Some(vec![digest(algorithm, bytes)]),
            Self::Digests(known) => {
                let (_, value) = known.iter().find(|(each, _)| *each == algorithm)?;
                Some(vec![hex::decode(value).unwrap()])
            }
        }
    }
}

const LKSG: &[(DigestAlgorithm, &str)] = &[
    (DigestAlgorithm::Sha256, "48c3ffd2469a9e73938607c31750e5cb6a941b665b8f960cc8d2d24591d690ed"),
    (
        DigestAlgorithm::Sha384,
        "11f58f36a45156b7447df26d2f317f975de83f3f6a190e4847fb1b459c6096a2334bde70cb5dbc622fca04418a688217",
    ),
];

/// As in the tests of those who made the records; the BSI's are over `BIN.bin`.
fn data(folder: &Path, path: &str) -> Data {
    let name = path.rsplit('/').next().unwrap();
    Data::Bytes(match name {
        "1_0_Initial.er" | "1_1_Renew_Unsorted.er" | "1_2_Renew_Unsorted.er" => b"123456".to_vec(),
        "LKSG_4.ers" => return Data::Digests(LKSG),
        "er-asn1-chain-renewal-invalid.ers" | "er-asn1-full-renewal-duplicated-data.ers" => b"\t".to_vec(),
        "er-asn1-full-renewal-five-ats-chain.ers" | "er-asn1-full-renewal-tst-renewal-chain-renewal.ers" => vec![3],
        "er-asn1-simple.ers" => b"1".to_vec(),
        _ => fs::read(folder.join("ers-asn1/bsi/BIN.bin")).unwrap(),
    })
}

/// `Some(true)` if it must be accepted. What upstream asserts of one record with several data objects, good and bad, is about the good one here.
fn expectation(path: &str, text: &str) -> Option<bool> {
    if path.contains("invalid") || text.starts_with("INVALID") {
        Some(false)
    } else if text.starts_with("VALID") || text.contains("expected VALID") || text.contains("evidence record VALID") {
        Some(true)
    } else {
        // Negative findings of these are about documents beside the one given.
        text.contains("isMessageImprintDataIntact=true").then_some(true)
    }
}

fn verdict(bytes: &[u8], data: &Data) -> String {
    let der = ber::to_der(bytes, ber::Limits::default()).unwrap();
    let record = match EvidenceRecord::parse(&der) {
        Ok(record) => record,
        Err(error) => return error.code().to_owned(),
    };
    match record.cover(&|algorithm| data.digest(algorithm)) {
        Err(error) => error.code().to_owned(),
        Ok(steps) => match steps.iter().all(kokuin_evidence::Step::is_stamped) {
            true => "covered".to_owned(),
            false => "other imprint".to_owned(),
        },
    }
}

fn exceptions(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match *line.split('\t').collect::<Vec<_>>() {
            [path, verdict, _reason] => (path, verdict),
            _ => panic!("not path<TAB>verdict<TAB>reason: {line}"),
        })
        .collect()
}

#[test]
fn agrees_with_the_corpus_on_evidence_records_ers_02_to_ers_07() {
    let Some(folder) = corpus() else { return };
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let mut exceptions = exceptions(include_str!("corpus-exceptions.tsv"));
    let (mut count, mut differences) = (0, Vec::new());
    for line in manifest.lines().skip(1) {
        let fields: Vec<_> = line.split('\t').collect();
        let &[path, _, "ers-asn1", _, _, expected, ..] = fields.as_slice() else { continue };
        let is_record = Path::new(path).extension().is_some_and(|extension| extension == "er" || extension == "ers");
        if !is_record {
            continue;
        }
        let expected = expectation(path, expected).unwrap_or_else(|| panic!("{path}: {expected}"));
        let found = verdict(&fs::read(folder.join(path)).unwrap(), &data(&folder, path));
        count += 1;
        match ((found == "covered") == expected, exceptions.remove(path)) {
            (true, None) => {}
            (true, Some(_)) => differences.push(format!("{path}\tlisted as an exception, but agrees now")),
            (false, Some(listed)) if listed == found => {}
            (false, _) => differences.push(format!("{path}\t{found}, expected {expected}")),
        }
        let other = verdict(&fs::read(folder.join(path)).unwrap(), &Data::Bytes(b"foreign".to_vec()));
        assert_ne!(other, "covered", "{path} covers foreign data");
    }
    differences.extend(exceptions.into_keys().map(|path| format!("{path}\tlisted, but not in the corpus")));
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(count >= 14, "only {count} records found");
}

/// The BSI's pair without its data: the digests of the data group are those of the first list. Its SHA-384 digests, over which the wrong
/// sequence is, nobody published.
#[test]
fn ers_03_the_bsi_s_group_is_stamped_as_far_as_its_digests_are_known() {
    let Some(folder) = corpus() else { return };
    let group = || {
        [
            "9ce2d7d350f9418407439f0ca11dcc12ab9f7cdb15f9ecc5eca935482602b872",
            "eecc4d3352c0e965fd88795edfd1a60c5ac09b3c1100c052ebb6ae0bd3432b26",
        ]
        .map(|digest| hex::decode(digest).unwrap())
        .to_vec()
    };
    let judged = |name: &str| {
        let path = folder.join(format!("ers-asn1/bsi/20170316_Testdaten_BSI_TR-ESOR_C.2_TestData_{name}.ers"));
        let bytes = fs::read(path).unwrap();
        let record = EvidenceRecord::parse(&bytes).unwrap();
        let steps = record.cover(&|algorithm| (algorithm == DigestAlgorithm::Sha256).then(group));
        steps.map(|steps| steps.iter().all(kokuin_evidence::Step::is_stamped)).map_err(|error| error.code())
    };
    assert_eq!(judged("ER_OK_INIT"), Ok(true));
    assert_eq!(judged("ER_NOK_SEQ"), Err("evidence.digest-needed"));
}
