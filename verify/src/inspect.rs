//! `kokuin-verify inspect FILE`: what is in a file, nothing judged.

use std::fmt::Write as _;
use std::io::Write as _;

use kokuin_asn1::{
    Certificate,
    cms::{SignedData, SignerId},
    oids,
    tsp::{TimeStampResp, TstInfo},
};
use kokuin_evidence::EvidenceRecord;
use kokuin_pdf::PdfSignature;
use kokuin_validate::{ArtifactKind, inspect};

use crate::{
    arguments::InspectArguments,
    exit::{Exit, RunError},
    input,
    shown::Shown,
};

/// Shows one file. What is no artefact is not settled.
pub(crate) fn run(arguments: &InspectArguments) -> Result<Exit, RunError> {
    let bytes = input::artifact(&arguments.file)?;
    let mut out = std::io::stdout().lock();
    let detected = match inspect(&bytes) {
        Ok(detected) => detected,
        Err(reason) => {
            writeln!(out, "INDETERMINATE: {}", Shown(&reason.to_string()))?;
            return Ok(Exit::Indeterminate);
        }
    };
    let mut page = Page(String::new());
    page.field("Kind", detected.kind().name());
    page.field("Note", "nothing below is verified");
    match detected.kind() {
        ArtifactKind::Tst | ArtifactKind::Cades => page.cms(detected.bytes()),
        ArtifactKind::Tsr => page.response(detected.bytes()),
        ArtifactKind::Pades => page.pdf(detected.bytes()),
        ArtifactKind::EvidenceRecord => page.evidence(detected.bytes()),
    }
    write!(out, "{}", page.0)?;
    Ok(Exit::Passed)
}

struct Page(String);

impl Page {
    fn field(&mut self, name: &str, value: &str) {
        let _infallible = writeln!(self.0, "{name}: {}", Shown(value));
    }

    fn response(&mut self, bytes: &[u8]) {
        let Ok(response) = TimeStampResp::parse(bytes) else { return };
        self.field("Response status", &format!("{:?}", response.status));
        for text in &response.status_text {
            self.field("Status text", text);
        }
        if let Some(token) = response.token {
            self.cms(token);
        }
    }

    fn evidence(&mut self, bytes: &[u8]) {
        let record = match EvidenceRecord::parse(bytes) {
            Ok(record) => record,
            Err(error) => return self.field("Unreadable", &error.to_string()),
        };
        for (chain, number) in record.chains.iter().zip(1..) {
            for (stamp, position) in chain.stamps.iter().zip(1..) {
                self.field("Archive time-stamp", &format!("{position} of chain {number}"));
                let lists = stamp.reduced_tree.as_ref().map_or(0, Vec::len);
                self.field("Hash tree", &format!("{lists} list(s), algorithm {}", stamp.algorithm()));
                self.cms(stamp.token);
            }
        }
    }

    fn cms(&mut self, bytes: &[u8]) {
        let signed_data = match SignedData::parse(bytes) {
            Ok(signed_data) => signed_data,
            Err(error) => return self.field("Unreadable", &error.to_string()),
        };
        self.field("Content type", &signed_data.content_type.to_string());
        let content =
            signed_data.content.map_or_else(|| "detached".to_owned(), |content| format!("{} octets", content.len()));
        self.field("Content", &content);
        if signed_data.content_type == oids::ID_CT_TST_INFO {
            self.tst_info(signed_data.content.unwrap_or_default());
        }
        for choice in &signed_data.certificates {
            match choice.certificate().map(Certificate::parse) {
                Some(Ok(certificate)) => self.field("Certificate", &certificate.subject_text()),
                Some(Err(error)) => self.field("Certificate", &format!("unreadable: {error}")),
                None => self.field("Certificate", "of another kind"),
            }
        }
        self.field("Revocation data", &signed_data.crls.len().to_string());
        for signer in &signed_data.signer_infos {
            let named = match signer.sid {
                SignerId::IssuerSerial { serial, .. } => format!("serial {}", hex::encode(serial)),
                SignerId::KeyId(id) => format!("key identifier {}", hex::encode(id)),
            };
            self.field("Signer", &named);
            self.field("Signature algorithm", &signer.signature_algorithm.oid.to_string());
            let attributes =
                [("Signed attribute", &signer.signed_attrs), ("Unsigned attribute", &signer.unsigned_attrs)];
            for (name, attributes) in attributes {
                for attribute in attributes.iter().flat_map(|attributes| attributes.iter()) {
                    self.field(name, &format!("{} ({} value(s))", attribute.oid, attribute.values.len()));
                }
            }
        }
    }

    fn tst_info(&mut self, content: &[u8]) {
        let info = match TstInfo::parse(content) {
            Ok(info) => info,
            Err(error) => return self.field("TSTInfo", &format!("unreadable: {error}")),
        };
        self.field("Time in the token", &info.gen_time.to_string());
        self.field("Policy", &info.policy.to_string());
        self.field("Serial", &hex::encode(info.serial));
        self.field("Imprint algorithm", &info.imprint.algorithm.oid.to_string());
        self.field("Imprint", &hex::encode(info.imprint.digest));
        if let Some(nonce) = info.nonce {
            self.field("Nonce", &hex::encode(nonce));
        }
    }

    fn pdf(&mut self, bytes: &[u8]) {
        let found = match kokuin_pdf::signatures(bytes) {
            Ok(found) => found,
            Err(error) => return self.field("Unreadable", &error.to_string()),
        };
        self.field("Signatures", &found.len().to_string());
        for each in found {
            match each {
                Err(malformed) => {
                    self.field("Malformed field", &format!("{}: {}", malformed.field_name, malformed.fault));
                }
                Ok(signature) => self.pdf_signature(&signature),
            }
        }
    }

    fn pdf_signature(&mut self, signature: &PdfSignature) {
        self.field("Field", &signature.field_name);
        self.field("Kind of signature", &signature.sub_filter);
        self.field("Revision", &format!("{} of {}", signature.revision, signature.revisions));
        for change in &signature.changes {
            self.field("Changed later", &change.to_string());
        }
        self.cms(&signature.contents);
    }
}
