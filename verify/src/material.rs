//! Trust anchors, certificates, revocation lists and log keys from files.

use std::path::{Path, PathBuf};

use kokuin_asn1::{Certificate, Crl, pem};
use kokuin_audit::VerifierKey;
use kokuin_validate::{Purpose, Purposes, TrustStore};

use crate::{exit::RunError, input};

/// Extensions of what is read in a folder; other files may lie there.
const CERTIFICATES: [&str; 5] = ["pem", "crt", "cer", "cert", "der"];
const LISTS: [&str; 3] = ["crl", "pem", "der"];

/// Anchors of files and folders.
pub(crate) fn load_trust(paths: &[PathBuf]) -> Result<TrustStore, RunError> {
    let mut trust = TrustStore::new();
    for path in paths {
        let mut is_empty = true;
        let mut take = |path: &Path, purposes: Purposes, trust: &mut TrustStore| -> Result<(), RunError> {
            for certificate in certificates_of(path)? {
                trust.add(certificate, purposes);
                is_empty = false;
            }
            Ok(())
        };
        take(path, Purposes::all(), &mut trust)?;
        if path.is_dir() {
            for purpose in Purpose::ALL {
                let scoped = path.join(purpose.name());
                if scoped.is_dir() {
                    take(&scoped, Purposes::only(purpose), &mut trust)?;
                }
            }
        }
        check_found(path, usize::from(!is_empty), "certificate")?;
    }
    Ok(trust)
}

/// Certificates of files and folders.
pub(crate) fn load_certificates(paths: &[PathBuf]) -> Result<Vec<Certificate>, RunError> {
    let mut certificates = Vec::new();
    for path in paths {
        let found = certificates_of(path)?;
        check_found(path, found.len(), "certificate")?;
        certificates.extend(found);
    }
    Ok(certificates)
}

/// Revocation lists of files and folders.
pub(crate) fn load_crls(paths: &[PathBuf]) -> Result<Vec<Crl>, RunError> {
    let mut crls = Vec::new();
    for path in paths {
        let ders = ders_of(path, &LISTS, "X509 CRL")?;
        check_found(path, ders.len(), "revocation list")?;
        for der in ders {
            crls.push(Crl::parse(&der).map_err(|error| content(path, &error))?);
        }
    }
    Ok(crls)
}

/// A log's key.
pub(crate) fn load_vkey(path: &Path) -> Result<VerifierKey, RunError> {
    let bytes = input::evidence(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| content(path, &error))?;
    VerifierKey::parse(text.trim()).map_err(|error| content(path, &error))
}

fn certificates_of(path: &Path) -> Result<Vec<Certificate>, RunError> {
    let ders = ders_of(path, &CERTIFICATES, "CERTIFICATE")?;
    ders.iter().map(|der| Certificate::parse(der).map_err(|error| content(path, &error))).collect()
}

/// What was named and gives nothing is a mistake, which a verdict without it would hide.
fn check_found(path: &Path, found: usize, what: &str) -> Result<(), RunError> {
    match found {
        0 => Err(RunError::Content { path: path.to_owned(), reason: format!("there is no {what} in it") }),
        _ => Ok(()),
    }
}

/// The DER of every object with this PEM label. A file named by itself must hold one.
fn ders_of(path: &Path, extensions: &[&str], label: &str) -> Result<Vec<Vec<u8>>, RunError> {
    let is_folder = path.is_dir();
    let mut ders = Vec::new();
    for file in input::files(path)? {
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if is_folder && !extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)) {
            continue;
        }
        let bytes = input::evidence(&file)?;
        if bytes.first() == Some(&0x30) {
            ders.push(bytes);
            continue;
        }
        let blocks = pem::decode_all(&bytes).map_err(|error| content(&file, &error))?;
        ders.extend(blocks.into_iter().filter(|block| block.label == label).map(|block| block.der));
    }
    if ders.is_empty() && !is_folder {
        return Err(RunError::Content { path: path.to_owned(), reason: format!("there is no {label} in it") });
    }
    Ok(ders)
}

fn content(path: &Path, error: &dyn std::fmt::Display) -> RunError {
    RunError::Content { path: path.to_owned(), reason: error.to_string() }
}
