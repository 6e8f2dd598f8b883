//! No dependency is older than the first version without a known hole (THR-113; `RustSec`, state 2026-08-21), checked
//! from `Cargo.lock`. To be looked at again before each release.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::Path;

use cargo_metadata::semver::Version;

/// Package, and the first version that will do.
const FLOORS: [(&str, &str); 18] = [
    ("actix-http", "3.0.0"),
    ("aws-lc-sys", "0.39.0"),
    ("der", "0.7.0"),
    ("diesel", "2.3.10"),
    ("idna", "1.0.0"),
    ("libsqlite3-sys", "0.38.0"),
    ("lopdf", "0.42.0"),
    ("ml-dsa", "0.1.0-rc.3"),
    ("openssl", "0.10.72"),
    ("openssl-src", "300.6.0"),
    ("quick-xml", "0.41.0"),
    ("rustls", "0.23.18"),
    ("rustls-webpki", "0.103.13"),
    ("tar", "0.4.45"),
    ("time", "0.3.47"),
    ("tokio", "1.44.2"),
    ("tracing-subscriber", "0.3.20"),
    ("zip", "2.3.0"),
];

/// Those that are known to be in the lock file: a test that finds none of them reads it wrongly.
const PRESENT: [&str; 8] =
    ["actix-http", "diesel", "libsqlite3-sys", "lopdf", "openssl", "time", "tokio", "tracing-subscriber"];

/// Packages and versions of a lock file.
fn packages(lock: &str) -> Vec<(String, Version)> {
    let value =
        |line: &str, key: &str| Some(line.strip_prefix(key)?.strip_prefix(" = \"")?.trim_end_matches('"').to_owned());
    let mut packages = Vec::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        if line == "[[package]]" {
            let name = lines.next().and_then(|line| value(line, "name")).unwrap();
            let version = lines.next().and_then(|line| value(line, "version")).unwrap();
            packages.push((name, Version::parse(&version).unwrap()));
        }
    }
    packages
}

/// Packages below their floor.
fn too_old(packages: &[(String, Version)]) -> Vec<String> {
    let below = |(name, version): &&(String, Version)| {
        FLOORS.iter().any(|(floor_of, floor)| floor_of == name && *version < Version::parse(floor).unwrap())
    };
    packages.iter().filter(below).map(|(name, version)| format!("{name} {version}")).collect()
}

#[test]
fn nothing_is_below_its_floor() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let packages = packages(&fs::read_to_string(lock).unwrap());
    assert_eq!(too_old(&packages), Vec::<String>::new());
    for name in PRESENT {
        assert!(packages.iter().any(|(package, _)| package == name), "{name} is not in the lock file");
    }
}

#[test]
fn an_older_version_is_found() {
    let lock = "[[package]]\nname = \"diesel\"\nversion = \"2.3.9\"\nsource = \"x\"\n\n[[package]]\nname = \"openssl\"\nversion = \"0.10.72\"\n\
                [[package]]\nname = \"ml-dsa\"\nversion = \"0.1.0-rc.2\"\n";
    assert_eq!(too_old(&packages(lock)), ["diesel 2.3.9", "ml-dsa 0.1.0-rc.2"]);
}
