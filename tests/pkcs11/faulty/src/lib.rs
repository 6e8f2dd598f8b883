//! Passes everything on to the module in `KOKUIN_FAULTY_MODULE`, and shows the fault whose name is in the file `KOKUIN_FAULTY_FILE`.
//!
//! Only what the back end calls on its way to a signature is watched. Without file or name: no fault.

use std::{env, fs, io::Write, path::PathBuf, sync::OnceLock, thread, time::Duration};

use cryptoki_sys::{
    CK_BYTE_PTR, CK_FLAGS, CK_FUNCTION_LIST, CK_FUNCTION_LIST_PTR_PTR, CK_MECHANISM_PTR, CK_NOTIFY, CK_OBJECT_HANDLE,
    CK_RV, CK_SESSION_HANDLE, CK_SESSION_HANDLE_PTR, CK_SESSION_INFO_PTR, CK_SLOT_ID, CK_ULONG, CK_ULONG_PTR,
    CK_VOID_PTR, CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_FUNCTION_FAILED, CKR_GENERAL_ERROR, CKR_OK,
    CKR_SESSION_HANDLE_INVALID, CKR_TOKEN_NOT_PRESENT,
};
use libloading::Library;

struct Lists {
    _library: Library,
    real: CK_FUNCTION_LIST,
    ours: CK_FUNCTION_LIST,
}

// The lists hold function pointers, which never change once they are there.
unsafe impl Send for Lists {}
unsafe impl Sync for Lists {}

static LISTS: OnceLock<Option<Lists>> = OnceLock::new();

fn lists() -> Option<&'static Lists> {
    LISTS.get_or_init(load).as_ref()
}

fn load() -> Option<Lists> {
    type Find = unsafe extern "C" fn(CK_FUNCTION_LIST_PTR_PTR) -> CK_RV;
    let path = env::var_os("KOKUIN_FAULTY_MODULE")?;
    // Safety: the path is the test's, and the function is PKCS#11's.
    let (library, real) = unsafe {
        let library = Library::new(path).ok()?;
        let mut list = std::ptr::null_mut();
        let find = library.get::<Find>(b"C_GetFunctionList").ok()?;
        if find(&mut list) != CKR_OK || list.is_null() {
            return None;
        }
        (library, *list)
    };
    let mut ours = real;
    ours.C_GetFunctionList = Some(C_GetFunctionList);
    ours.C_OpenSession = Some(open_session);
    ours.C_GetSessionInfo = Some(session_info);
    ours.C_SignInit = Some(sign_init);
    ours.C_Sign = Some(sign);
    Some(Lists { _library: library, real, ours })
}

fn fault() -> String {
    let file = env::var_os("KOKUIN_FAULTY_FILE").unwrap_or_default();
    fs::read_to_string(file).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Writes down that a signature was asked for.
fn count() {
    let file = PathBuf::from(env::var_os("KOKUIN_FAULTY_FILE").unwrap_or_default()).with_extension("count");
    if let Ok(mut file) = fs::File::options().create(true).append(true).open(file) {
        // A count that is missing fails the test that reads it.
        file.write_all(b".").ok();
    }
}

/// The way in.
///
/// # Safety
/// `list` is where PKCS#11 wants the list's address.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    let Some(lists) = lists() else { return CKR_GENERAL_ERROR };
    // Safety: the caller's; nobody writes through it.
    unsafe { *list = std::ptr::from_ref(&lists.ours).cast_mut() };
    CKR_OK
}

unsafe extern "C" fn open_session(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    application: CK_VOID_PTR,
    notify: CK_NOTIFY,
    session: CK_SESSION_HANDLE_PTR,
) -> CK_RV {
    let Some(real) = lists().and_then(|lists| lists.real.C_OpenSession) else { return CKR_GENERAL_ERROR };
    if fault() == "gone" {
        return CKR_TOKEN_NOT_PRESENT;
    }
    // Safety: the caller's.
    unsafe { real(slot, flags, application, notify, session) }
}

unsafe extern "C" fn session_info(session: CK_SESSION_HANDLE, info: CK_SESSION_INFO_PTR) -> CK_RV {
    let Some(real) = lists().and_then(|lists| lists.real.C_GetSessionInfo) else { return CKR_GENERAL_ERROR };
    if fault() == "gone" {
        return CKR_DEVICE_REMOVED;
    }
    // Safety: the caller's.
    unsafe { real(session, info) }
}

unsafe extern "C" fn sign_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    let Some(real) = lists().and_then(|lists| lists.real.C_SignInit) else { return CKR_GENERAL_ERROR };
    match fault().as_str() {
        "gone" => CKR_DEVICE_REMOVED,
        "loses-session" => CKR_SESSION_HANDLE_INVALID,
        // Safety: the caller's.
        _ => unsafe { real(session, mechanism, key) },
    }
}

unsafe extern "C" fn sign(
    session: CK_SESSION_HANDLE,
    data: CK_BYTE_PTR,
    length: CK_ULONG,
    signature: CK_BYTE_PTR,
    signature_length: CK_ULONG_PTR,
) -> CK_RV {
    let Some(real) = lists().and_then(|lists| lists.real.C_Sign) else { return CKR_GENERAL_ERROR };
    // Safety: the caller's; `data` has `length` octets, and after success `signature` has `signature_length`.
    unsafe {
        let pass = || real(session, data, length, signature, signature_length);
        if signature.is_null() {
            return pass();
        }
        count();
        match fault().as_str() {
            "removed-while-signing" => CKR_DEVICE_REMOVED,
            "blocks" => {
                while fault() == "blocks" {
                    thread::sleep(Duration::from_millis(20));
                }
                pass()
            }
            "loses-answer" => match pass() {
                CKR_OK => CKR_DEVICE_ERROR,
                error => error,
            },
            "fails" => CKR_FUNCTION_FAILED,
            "flips-bit" => {
                let answer = pass();
                if answer == CKR_OK {
                    *signature.add(7) ^= 0x10;
                }
                answer
            }
            "signs-other-bytes" => {
                let mut other = std::slice::from_raw_parts(data, length as usize).to_vec();
                match other.last_mut() {
                    Some(last) => *last ^= 1,
                    None => other.push(1),
                }
                real(session, other.as_mut_ptr(), other.len() as CK_ULONG, signature, signature_length)
            }
            _ => pass(),
        }
    }
}
