use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use actix_web::test::TestRequest;

use super::*;

/// A folder with a file of keys for `name`, and the key.
fn keys(name: &str) -> (tempfile::TempDir, PathBuf, ApiKey) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api-keys");
    let key = ApiKey::generate().unwrap();
    let other = ApiKey::generate().unwrap().line("other").unwrap();
    fs::write(&path, format!("# who\n\n{other}\n{}\n", key.line(name).unwrap())).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    (folder, path, key)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn check(access: &Access, address: &str, authorization: Option<&str>) -> Result<Client, Refused> {
    let mut request = TestRequest::default();
    if let Some(value) = authorization {
        request = request.append_header(("authorization", value));
    }
    access.check(&request.to_http_request(), ip(address))
}

#[test]
fn lets_everybody_in_if_nothing_is_configured() {
    let access = Access::load(&AccessConfig::default()).unwrap();
    assert!(access.is_open());
    assert_eq!(check(&access, "192.0.2.1", None), Ok(Client::at("192.0.2.1".parse().unwrap())));
}

#[test]
fn lets_in_whoever_shows_a_key_and_names_them() {
    let (_folder, path, key) = keys("device-1");
    let access = Access::load(&AccessConfig { api_keys_file: Some(path), ..AccessConfig::default() }).unwrap();
    let bearer = format!("Bearer {}", key.expose());
    assert_eq!(check(&access, "192.0.2.1", Some(&bearer)), Ok(Client::Named("device-1".into())));
    assert_eq!(check(&access, "192.0.2.1", None), Err(Refused::CredentialsMissing));
    for wrong in [format!("{bearer}0"), bearer.replace("kokuin_", "kokuin-"), "Bearer x".to_owned()] {
        assert_eq!(check(&access, "192.0.2.1", Some(&wrong)), Err(Refused::CredentialsInvalid));
    }
}

#[test]
fn wants_the_network_and_the_key() {
    let (_folder, path, key) = keys("device-1");
    let networks = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    let config = AccessConfig { networks, api_keys_file: Some(path), ..AccessConfig::default() };
    let access = Access::load(&config).unwrap();
    let bearer = format!("Bearer {}", key.expose());
    assert!(check(&access, "10.1.2.3", Some(&bearer)).is_ok());
    assert!(check(&access, "2001:db8:9::1", Some(&bearer)).is_ok());
    assert_eq!(check(&access, "192.0.2.1", Some(&bearer)), Err(Refused::Forbidden));
    assert_eq!(check(&access, "10.1.2.3", None), Err(Refused::CredentialsMissing));
    let only = Access::load(&AccessConfig { api_keys_file: None, ..config }).unwrap();
    assert_eq!(check(&only, "10.1.2.3", None), Ok(Client::at("10.1.2.3".parse().unwrap())));
    assert_eq!(check(&only, "192.0.2.1", None), Err(Refused::Forbidden));
}

#[test]
fn refuses_files_of_keys_that_are_wrong_without_showing_them_thr_104() {
    let (_folder, path, key) = keys("device-1");
    let good = key.line("device-1").unwrap();
    let code = |text: &str| {
        fs::write(&path, text).unwrap();
        let error = Access::load(&AccessConfig { api_keys_file: Some(path.clone()), ..AccessConfig::default() });
        let error = error.unwrap_err();
        assert!(!error.to_string().contains(key.expose()), "{error}");
        error.code()
    };
    for text in [
        format!("device-1 {}", key.expose()),
        key.expose().to_owned(),
        format!("{good}\n{good}"),
        format!("{good}\n{}", good.replace("device-1", "device-2")),
        "device/1 00".to_owned(),
        format!("{good}0"),
    ] {
        assert_eq!(code(&text), "access.line", "{text}");
    }
    assert_eq!(code(""), "secret.empty");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(code(&good), "secret.exposed");
    assert_eq!(format!("{key:?}"), "ApiKey(not shown)");
    assert_eq!(key.line("a b").unwrap_err().code(), "access.name");
}

#[test]
fn refuses_lists_of_certificates_without_an_authority() {
    let config = AccessConfig { subjects: vec!["CN=a".into()], ..AccessConfig::default() };
    assert_eq!(Access::load(&config).unwrap_err().code(), "access.no-authority");
}

/// FIPS 180-2 B.1, as the file holds it.
#[test]
fn hashes_keys_as_sha256sum_does() {
    let digest = Sha256(openssl::sha::sha256(b"abc"));
    assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(digest.to_string().to_uppercase().parse(), Ok(digest));
}
