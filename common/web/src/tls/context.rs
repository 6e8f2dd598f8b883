//! What OpenSSL is told before the first handshake.

use std::{fs, path::Path};

use kokuin_settings::SecretFile;
use openssl::{
    asn1::{Asn1Time, Asn1TimeRef},
    error::ErrorStack,
    pkey::{PKey, Private},
    ssl::{
        AlpnError, SslAcceptor, SslContext, SslMethod, SslOptions, SslSessionCacheMode, SslVerifyMode, SslVersion,
        select_next_proto,
    },
    x509::{X509, X509Ref, store::X509StoreBuilder},
};

use super::{Loaded, TlsConfig, TlsError};

/// The only protocol inside.
const HTTP_1_1: &[u8] = b"\x08http/1.1";

/// Security level of OpenSSL: 112 bits, so no RSA below 2048 bits and no SHA-1 in a chain.
const SECURITY_LEVEL: u32 = 2;

/// Certificates between a client's and its authority's.
const DEPTH: u32 = 4;

/// Reads the files and makes a context of them.
pub(super) fn load(config: &TlsConfig) -> Result<Loaded, TlsError> {
    let chain = certificates(&config.certificate)?;
    let key = private_key(&config.key_file)?;
    let (own, issuers) =
        chain.split_first().ok_or_else(|| TlsError::Certificate { path: config.certificate.clone() })?;
    check_valid_now(own, &config.certificate)?;
    let of_another = own.public_key().map(|public| !public.public_eq(&key)).map_err(TlsError::OpenSsl)?;
    if of_another {
        return Err(TlsError::KeyOfAnother {
            certificate: config.certificate.clone(),
            key_file: config.key_file.clone(),
        });
    }
    let authorities = match &config.client_ca {
        Some(path) => Some(certificates(path)?),
        None if config.client_certificate_required => return Err(TlsError::NoAuthority),
        None => None,
    };
    let required = config.client_certificate_required;
    let context = context(own, issuers, &key, authorities.as_deref(), required).map_err(TlsError::OpenSsl)?;
    Ok(Loaded { context, not_after: unix_seconds(own.not_after()).map_err(TlsError::OpenSsl)? })
}

fn unix_seconds(time: &Asn1TimeRef) -> Result<i64, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    Ok(i64::from(since.days) * 86_400 + i64::from(since.secs))
}

fn context(
    own: &X509Ref,
    issuers: &[X509],
    key: &PKey<Private>,
    authorities: Option<&[X509]>,
    required: bool,
) -> Result<SslContext, ErrorStack> {
    // Mozilla's intermediate list: ECDHE or DHE with AES-GCM or ChaCha20 for 1.2, all of 1.3.
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_security_level(SECURITY_LEVEL);
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::NO_COMPRESSION | SslOptions::NO_TICKET);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_num_tickets(0)?;
    builder.set_alpn_select_callback(|_, offered| select_next_proto(HTTP_1_1, offered).ok_or(AlpnError::ALERT_FATAL));
    builder.set_certificate(own)?;
    for issuer in issuers {
        builder.add_extra_chain_cert(issuer.clone())?;
    }
    builder.set_private_key(key)?;
    builder.check_private_key()?;
    if let Some(authorities) = authorities {
        let mut store = X509StoreBuilder::new()?;
        for authority in authorities {
            builder.add_client_ca(authority)?;
            store.add_cert(authority.clone())?;
        }
        builder.set_verify_cert_store(store.build())?;
        builder.set_verify_depth(DEPTH);
        let mut mode = SslVerifyMode::PEER;
        mode.set(SslVerifyMode::FAIL_IF_NO_PEER_CERT, required);
        builder.set_verify(mode);
    }
    Ok(builder.build().into_context())
}

/// Every certificate of a PEM file; at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<X509>, TlsError> {
    let pem = fs::read(path).map_err(|reason| TlsError::Unreadable { path: path.to_owned(), reason })?;
    match X509::stack_from_pem(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(TlsError::Certificate { path: path.to_owned() }),
    }
}

fn private_key(path: &Path) -> Result<PKey<Private>, TlsError> {
    let secret = SecretFile::new(path.to_owned()).read()?;
    // An encrypted key asks for its passphrase: there is none, and nobody is asked on a terminal.
    PKey::private_key_from_pem_callback(secret.expose(), |_| Err(ErrorStack::get()))
        .map_err(|_| TlsError::Key { path: path.to_owned() })
}

fn check_valid_now(certificate: &X509Ref, path: &Path) -> Result<(), TlsError> {
    let now = Asn1Time::days_from_now(0).map_err(TlsError::OpenSsl)?;
    if *certificate.not_before() <= now && *certificate.not_after() >= now {
        return Ok(());
    }
    Err(TlsError::NotValidNow {
        path: path.to_owned(),
        not_before: certificate.not_before().to_string(),
        not_after: certificate.not_after().to_string(),
    })
}
