//! TLS over real connections (TSP-47), with certificates that OpenSSL makes here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod certificate;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, HttpResponse, web};
use certificate::Identity;
use kokuin_settings::{HumanDuration, Limit};
use kokuin_web::{
    Access, AccessConfig, Limits, PeerCertificate, ServiceSpec, Tls, TlsConfig, bind, metrics::Registry, run,
};
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode, SslVersion};

struct Server {
    folder: tempfile::TempDir,
    address: SocketAddr,
    tls: Tls,
}

fn write(path: PathBuf, bytes: &[u8]) -> PathBuf {
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    path
}

fn config(folder: &Path, identity: &Identity, client_ca: Option<&Identity>) -> TlsConfig {
    TlsConfig {
        certificate: write(folder.join("server.pem"), &identity.certificate.to_pem().unwrap()),
        key_file: write(folder.join("server.key"), &identity.key.private_key_to_pem_pkcs8().unwrap()),
        client_ca: client_ca.map(|ca| write(folder.join("clients.pem"), &ca.certificate.to_pem().unwrap())),
        client_certificate_required: false,
    }
}

/// Serves who asks: the subject of the client's certificate, and what `access` says.
fn serve(identity: &Identity, client_ca: Option<&Identity>, access: &AccessConfig) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls::load(config(folder.path(), identity, client_ca)).unwrap();
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let access = Access::load(access).unwrap();
    let application = Arc::new(move |config: &mut web::ServiceConfig| {
        let access = access.clone();
        let who = move |request: HttpRequest| {
            let access = access.clone();
            async move {
                access.check(&request, [127, 0, 0, 1].into())?;
                let peer = request.conn_data::<Option<PeerCertificate>>().and_then(Option::as_ref);
                let subject = peer.map_or_else(|| "nobody".to_owned(), PeerCertificate::subject);
                Ok::<_, kokuin_web::Refused>(HttpResponse::Ok().body(subject))
            }
        };
        config.route("/who", web::get().to(who));
    });
    let limits =
        Limits { handshake_timeout: HumanDuration::from_millis(1_000), workers: Limit::new(1), ..Limits::default() };
    let service = ServiceSpec::new("test", listener, limits, application).tls(Some(tls.clone()));
    std::thread::spawn(move || run(vec![service]).unwrap());
    Server { folder, address, tls }
}

#[derive(Default)]
struct Asked<'a> {
    client: Option<&'a Identity>,
    alpn: Option<&'a [u8]>,
    version: Option<SslVersion>,
}

/// The answer, the protocol agreed on, and the certificate shown; `None` if there was no handshake.
fn ask(address: SocketAddr, root: &Identity, asked: &Asked<'_>) -> Option<(String, String, Vec<u8>)> {
    let mut connector = SslConnector::builder(SslMethod::tls()).unwrap();
    connector.cert_store_mut().add_cert(root.certificate.clone()).unwrap();
    connector.set_verify(SslVerifyMode::PEER);
    connector.set_max_proto_version(asked.version).unwrap();
    connector.set_security_level(0);
    if asked.version.is_some_and(|version| version == SslVersion::TLS1_1) {
        connector.set_min_proto_version(asked.version).unwrap();
    }
    if let Some(alpn) = asked.alpn {
        connector.set_alpn_protos(alpn).unwrap();
    }
    if let Some(client) = asked.client {
        connector.set_certificate(&client.certificate).unwrap();
        connector.set_private_key(&client.key).unwrap();
    }
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = connector.build().connect("localhost", stream).ok()?;
    stream.write_all(b"GET /who HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        drop(read);
        return None;
    }
    let session = stream.ssl();
    let agreed = format!(
        "{} {}",
        session.version_str(),
        String::from_utf8_lossy(session.selected_alpn_protocol().unwrap_or_default())
    );
    let shown = session.peer_certificate()?.to_der().ok()?;
    Some((String::from_utf8(answer).unwrap(), agreed, shown))
}

#[test]
fn speaks_tls_1_3_and_1_2_with_http_1_1_only_tsp_47() {
    let ca = Identity::authority("CA");
    let server = serve(&ca.issue("localhost"), None, &AccessConfig::default());
    let agreed = |asked: &Asked<'_>| ask(server.address, &ca, asked).map(|(_, agreed, _)| agreed);
    let both = Asked { alpn: Some(b"\x02h2\x08http/1.1"), ..Asked::default() };
    assert_eq!(agreed(&both).as_deref(), Some("TLSv1.3 http/1.1"));
    let old = Asked { version: Some(SslVersion::TLS1_2), ..Asked::default() };
    assert_eq!(agreed(&old).as_deref(), Some("TLSv1.2 "));
    assert_eq!(agreed(&Asked { version: Some(SslVersion::TLS1_1), ..Asked::default() }), None);
    assert_eq!(agreed(&Asked { alpn: Some(b"\x02h2"), ..Asked::default() }), None, "THR-87: no HTTP/2");
    let mut plain = TcpStream::connect(server.address).unwrap();
    plain.write_all(b"GET /who HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    drop(plain.read_to_end(&mut answer));
    assert!(!answer.starts_with(b"HTTP"), "nothing is served in the clear");
}

#[test]
fn takes_a_new_certificate_without_a_restart_and_keeps_the_old_one_if_it_is_wrong() {
    let ca = Identity::authority("CA");
    let (first, second) = (ca.issue("localhost"), ca.issue("localhost"));
    let server = serve(&first, None, &AccessConfig::default());
    let shown = || ask(server.address, &ca, &Asked::default()).unwrap().2;
    assert_eq!(shown(), first.certificate.to_der().unwrap());
    write(server.folder.path().join("server.pem"), &second.certificate.to_pem().unwrap());
    assert_eq!(server.tls.renewed().unwrap_err().code(), "tls.key-of-another");
    assert_eq!(shown(), first.certificate.to_der().unwrap());
    write(server.folder.path().join("server.key"), &second.key.private_key_to_pem_pkcs8().unwrap());
    let renewed = server.tls.renewed().unwrap();
    assert_eq!(shown(), first.certificate.to_der().unwrap(), "whoever reloads may still refuse");
    renewed.put_in_force();
    let registry = Registry::new();
    server.tls.observe(&registry);
    let text = registry.render();
    // Valid for 365 days from a minute ago.
    assert!(text.contains("\nkokuin_tls_certificate_days_left 364\n"), "{text}");
    assert_eq!(shown(), second.certificate.to_der().unwrap());
}

#[test]
fn knows_clients_by_their_certificates() {
    let (ca, clients, strangers) =
        (Identity::authority("CA"), Identity::authority("Clients"), Identity::authority("Strangers"));
    let (device, other) = (clients.issue("device, 1"), clients.issue("device 2"));
    let folder = tempfile::tempdir().unwrap();
    let client_ca = write(folder.path().join("ca.pem"), &clients.certificate.to_pem().unwrap());
    let access = AccessConfig {
        client_ca: Some(client_ca),
        subjects: vec!["O=Kokuin tests, CN=device\\, 1".to_owned()],
        ..AccessConfig::default()
    };
    let server = serve(&ca.issue("localhost"), Some(&clients), &access);
    let status = |client| {
        let asked = Asked { client, ..Asked::default() };
        ask(server.address, &ca, &asked).map(|(answer, ..)| answer[9..12].to_owned())
    };
    let (answer, ..) = ask(server.address, &ca, &Asked { client: Some(&device), ..Asked::default() }).unwrap();
    assert!(answer.ends_with("O=Kokuin tests, CN=device\\, 1"), "{answer}");
    assert_eq!(status(Some(&other)).as_deref(), Some("403"), "of the authority, but not on the list");
    let (answer, ..) = ask(server.address, &ca, &Asked::default()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403") && !answer.to_lowercase().contains("www-authenticate"), "{answer}");
    assert_eq!(status(Some(&strangers.issue("device, 1"))), None, "another authority's: no handshake");
}

#[test]
fn ends_handshakes_that_do_not_end_thr_87() {
    let ca = Identity::authority("CA");
    let server = serve(&ca.issue("localhost"), None, &AccessConfig::default());
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&[0x16, 3, 1]).unwrap();
    let start = Instant::now();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn refuses_files_that_make_no_tls_thr_103() {
    let ca = Identity::authority("CA");
    let folder = tempfile::tempdir().unwrap();
    let good = config(folder.path(), &ca.issue("localhost"), None);
    let code = |config: &TlsConfig| Tls::load(config.clone()).map_or_else(|error| error.code(), |_| "loaded");
    assert_eq!(code(&good), "loaded");
    assert_eq!(code(&TlsConfig { client_certificate_required: true, ..good.clone() }), "tls.no-authority");
    assert_eq!(code(&TlsConfig { certificate: folder.path().join("absent"), ..good.clone() }), "tls.unreadable");
    assert_eq!(code(&TlsConfig { certificate: good.key_file.clone(), ..good.clone() }), "tls.certificate");
    assert_eq!(code(&TlsConfig { key_file: good.certificate.clone(), ..good.clone() }), "tls.key");
    let expired = write(folder.path().join("expired"), &ca.expired("localhost").certificate.to_pem().unwrap());
    assert_eq!(code(&TlsConfig { certificate: expired, ..good.clone() }), "tls.not-valid-now");
    fs::set_permissions(&good.key_file, PermissionsExt::from_mode(0o640)).unwrap();
    assert_eq!(code(&good), "secret.exposed");
}
