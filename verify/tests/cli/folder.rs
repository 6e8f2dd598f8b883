//! A folder with what a relying party has, and the program run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use kokuin_asn1::{Crl, pem};

use crate::material::World;

pub(crate) struct Folder(tempfile::TempDir);

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn first_line(&self) -> &str {
        self.out.lines().next().unwrap_or_default()
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// A folder with `trust/tsa`, `trust/seal` and `crl` of this world.
    pub(crate) fn of(world: &World) -> Self {
        let folder = Self::new();
        let root = pem::encode("CERTIFICATE", world.root.certificate().der());
        folder.put("trust/tsa/root.pem", root.as_bytes());
        folder.put("trust/seal/root.pem", root.as_bytes());
        for (crl, number) in world.crls().iter().zip(1..) {
            folder.put(&format!("crl/{number}.crl"), Crl::der(crl));
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, bytes).expect("a file");
        path
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).stdin(Stdio::null()).output().expect("it runs").into()
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &Path) -> Said {
        let input = fs::File::open(input).expect("the input");
        self.command(arguments).stdin(input).output().expect("it runs").into()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kokuin-verify"));
        command.current_dir(self.path()).args(arguments);
        command
    }
}
