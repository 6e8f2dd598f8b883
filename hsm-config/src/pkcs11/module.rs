//! A vendor's module: code that runs in this process, started once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

use crate::pkcs11::Pkcs11Error;

/// Modules that this process has started. They stay: PKCS#11 knows one start per process, and threads may be inside one that hangs.
static STARTED: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

/// The module in the file `path`, started.
pub(super) fn start(path: &Path) -> Result<Pkcs11, Pkcs11Error> {
    let path = check(path)?;
    // The map is only ever added to, whole entries at a time.
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = started.get(&path) {
        return Ok(module.clone());
    }
    let failed = |error: Error| Pkcs11Error::Module { path: path.clone(), reason: error.to_string() };
    let module = Pkcs11::new(&path).map_err(failed)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Another part of the process was first.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(failed(error)),
    }
    started.insert(path.clone(), module.clone());
    Ok(module)
}

/// The file itself, behind links, that nobody but its owner may change.
fn check(path: &Path) -> Result<PathBuf, Pkcs11Error> {
    if !path.is_absolute() {
        return Err(Pkcs11Error::ModuleRelative(path.to_owned()));
    }
    let io = |reason| Pkcs11Error::Io { path: path.to_owned(), reason };
    let file = fs::canonicalize(path).map_err(io)?;
    let mode = fs::metadata(&file).map_err(io)?.permissions().mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(Pkcs11Error::ModuleExposed { path: file, mode });
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path) -> &'static str {
        start(path).unwrap_err().code()
    }

    #[test]
    fn starts_no_code_that_others_could_put_there_thr_103() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("module.so");
        assert_eq!(refusal(Path::new("module.so")), "pkcs11.module-relative");
        assert_eq!(refusal(&path), "pkcs11.io");
        fs::write(&path, "no module").unwrap();
        for mode in [0o664, 0o646, 0o777] {
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(refusal(&path), "pkcs11.module-exposed");
        }
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(refusal(&path), "pkcs11.module");
    }
}
