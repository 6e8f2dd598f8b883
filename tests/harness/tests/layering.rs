//! Who may use whom: the table and the confinement of `docs/architecture.md`, checked over `cargo metadata`.
//!
//! The rules are functions of a [`Workspace`] value, so that each is also seen to fail on a workspace that breaks it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "layering/rule.rs"]
mod rule;
#[path = "layering/source.rs"]
mod source;
#[path = "layering/workspace.rs"]
mod workspace;

use rule::Breach;
use workspace::{Kind, Member, Workspace};

#[test]
fn every_crate_uses_rows_above_its_own_only() {
    assert_eq!(rule::layers(&Workspace::load()), []);
}

#[test]
fn nothing_depends_on_a_service_or_a_binary() {
    assert_eq!(rule::tops(&Workspace::load()), []);
}

#[test]
fn outside_libraries_stay_in_their_rooms() {
    assert_eq!(rule::confinement(&Workspace::load()), []);
}

#[test]
fn the_verifier_has_no_server_database_or_device_in_its_graph() {
    let workspace = Workspace::load();
    assert_eq!(rule::verifier(&workspace), []);
    assert!(workspace.reach("kokuin-verify").contains("openssl-sys"), "the graph is followed down to its leaves");
}

#[test]
fn every_member_inherits_the_lints_and_unsafe_is_forbidden() {
    assert_eq!(rule::lints(&Workspace::load()), []);
}

#[test]
fn features_that_weaken_a_library_are_off() {
    assert_eq!(rule::features(&Workspace::load()), []);
}

#[test]
fn only_the_verification_engine_touches_the_rsa_crate() {
    // RUSTSEC-2023-0071 has no fixed version: private keys stay away from it.
    assert_eq!(source::private_rsa(&workspace::root()), Vec::<String>::new());
}

#[test]
fn sources_have_no_bidi_or_zero_width_characters() {
    let (files, found) = source::invisible(&workspace::root());
    assert_eq!(found, Vec::<String>::new());
    assert!(files > 200, "only {files} files were read");
}

// Each rule, seen to fail.

fn member(name: &str, uses: &[&str]) -> Member {
    Member {
        name: name.to_owned(),
        uses: uses.iter().map(|name| ((*name).to_owned(), Kind::Normal)).collect(),
        inherits_lints: true,
    }
}

fn workspace(members: Vec<Member>) -> Workspace {
    Workspace { members, graph: Vec::new(), features: Vec::new(), unsafe_is_forbidden: true }
}

fn breach(member: &str, found: &str) -> Vec<Breach> {
    vec![Breach { member: member.to_owned(), found: found.to_owned() }]
}

#[test]
fn a_row_below_is_refused() {
    let broken = workspace(vec![member("kokuin-suite", &["kokuin-asn1", "kokuin-key"])]);
    assert_eq!(rule::layers(&broken), breach("kokuin-suite", "uses kokuin-key, which is below it"));
    let itself = workspace(vec![member("kokuin-audit", &["kokuin-store"])]);
    assert_eq!(rule::layers(&itself), breach("kokuin-audit", "uses kokuin-store, which is below it"));
    let unknown = workspace(vec![member("kokuin-drawer", &[])]);
    assert_eq!(rule::layers(&unknown), breach("kokuin-drawer", "has no row in the table"));
}

#[test]
fn a_test_may_look_down() {
    let mut profile = member("kokuin-profile", &["kokuin-asn1"]);
    profile.uses.push(("kokuin-devca".to_owned(), Kind::Development));
    assert_eq!(rule::layers(&workspace(vec![profile])), []);
}

#[test]
fn a_user_of_a_service_is_refused() {
    let broken = workspace(vec![member("kokuin-eseal", &["kokuin-tsa"]), member("kokuin", &["kokuin-tsa"])]);
    assert_eq!(rule::tops(&broken), breach("kokuin-eseal", "uses kokuin-tsa"));
    let shipped = workspace(vec![member("kokuin", &["kokuin-yubihsm-sim"])]);
    assert_eq!(rule::tops(&shipped), breach("kokuin", "uses kokuin-yubihsm-sim"));
}

#[test]
fn a_library_outside_its_room_is_refused() {
    for (name, library) in [
        ("kokuin-tsa", "diesel"),
        ("kokuin", "actix-web"),
        ("kokuin-validate", "openssl"),
        ("kokuin", "cryptoki"),
        ("kokuin-tsa", "yubihsm"),
        ("kokuin-suite", "aws-lc-rs"),
        ("kokuin-audit", "libsqlite3-sys"),
    ] {
        let broken = workspace(vec![member(name, &[library])]);
        assert_eq!(rule::confinement(&broken), breach(name, &format!("uses {library}")));
    }
}

#[test]
fn a_server_in_the_verifier_is_refused_however_deep() {
    for library in ["tokio", "actix-http", "diesel_derives", "yubihsm", "libsqlite3-sys"] {
        let mut broken = workspace(Vec::new());
        let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        broken.graph = vec![edge("kokuin-verify", "kokuin-fetch"), edge("kokuin-fetch", "h"), edge("h", library)];
        assert_eq!(rule::verifier(&broken), breach("kokuin-verify", &format!("reaches {library}")));
        broken.graph.remove(1);
        assert_eq!(rule::verifier(&broken), []);
    }
}

#[test]
fn a_member_with_lints_of_its_own_is_refused() {
    let mut own = member("kokuin-asn1", &[]);
    own.inherits_lints = false;
    assert_eq!(rule::lints(&workspace(vec![own])), breach("kokuin-asn1", "does not inherit the workspace's lints"));
    let mut lax = workspace(Vec::new());
    lax.unsafe_is_forbidden = false;
    assert_eq!(rule::lints(&lax), breach("workspace", "does not forbid unsafe code"));
}

#[test]
fn a_weakening_feature_is_refused() {
    let mut broken = workspace(Vec::new());
    broken.features.push(("rsa".to_owned(), "hazmat".to_owned()));
    assert_eq!(rule::features(&broken), breach("rsa", "has the feature hazmat"));
}

#[test]
fn invisible_characters_are_found() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("src")).unwrap();
    for (number, character) in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{ad}'].into_iter().enumerate() {
        std::fs::write(dir.path().join(format!("src/{number}.rs")), format!("fn a() {{}}\n// x{character}y\n"))
            .unwrap();
    }
    std::fs::write(dir.path().join("good.md"), "刻印, über, —").unwrap();
    let (files, found) = source::invisible(dir.path());
    assert_eq!(files, 6);
    assert_eq!(found, ["src/0.rs:2", "src/1.rs:2", "src/2.rs:2", "src/3.rs:2", "src/4.rs:2"]);
}

#[test]
fn a_private_rsa_key_is_found() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.rs"), "use rsa::PublicKey;\n").unwrap();
    std::fs::write(dir.path().join("b.rs"), "use openssl::rsa::Rsa;\n").unwrap();
    assert_eq!(source::private_rsa(dir.path()), ["a.rs"]);
    let engine = dir.path().join("common/suite-rustcrypto");
    std::fs::create_dir_all(&engine).unwrap();
    std::fs::rename(dir.path().join("a.rs"), engine.join("a.rs")).unwrap();
    assert_eq!(source::private_rsa(dir.path()), Vec::<String>::new());
    std::fs::write(engine.join("c.rs"), "use rsa::{PublicKey, PrivateKey};\n").unwrap();
    assert_eq!(source::private_rsa(dir.path()), ["common/suite-rustcrypto/c.rs"]);
}
