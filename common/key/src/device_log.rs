//! What a device itself remembers of the commands it was given, as the accounting of signatures reads it.

use std::fmt::Debug;

use crate::error::KeyError;
use crate::id::KeyId;

/// A device that keeps a log of its own.
pub trait DeviceLog: Send + Sync + Debug {
    /// Its name in the configuration.
    fn name(&self) -> &KeyId;

    /// The device, as entries and reports name it: its kind and serial number.
    fn device(&self) -> &str;

    /// Lines that the device holds by now, and that it can hold, as far as this process knows without asking: those of the last [read](Self::read)
    /// that are not acknowledged, and one for each call since. Quick and never blocking: it is asked many times a second.
    fn fill(&self) -> (u16, u16);

    /// The lines since those that were last [acknowledged](Self::acknowledge), matched one by one with the calls that this process made. No call is
    /// under way while the device is asked, so that every call of this process is in the lines or was in earlier ones.
    ///
    /// # Errors
    /// [`KeyError`] if the device cannot be reached or is another one.
    fn read(&self) -> Result<DeviceExtract, KeyError>;

    /// Lets the device forget what `extract` holds, once our own log has it.
    ///
    /// # Errors
    /// [`KeyError`] if the device cannot be reached or is another one.
    fn acknowledge(&self, extract: &DeviceExtract) -> Result<(), KeyError>;
}

/// Lines of a device's log.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeviceExtract {
    /// The lines as the device gave them, whole and in order.
    pub lines: Vec<u8>,
    /// How many.
    pub count: u64,
    /// The device's number of the last of them.
    pub last: u16,
    /// Signatures that the lines tell of, by key of this process. Calls of an earlier process are among them.
    pub signatures: Vec<DeviceSignatures>,
    /// What no call of this process explains, or what should be there and is not; what an earlier process may have done is not among it while `begins`.
    pub unexplained: Vec<String>,
    /// The lines of an earlier process, which only our own log can explain, are among these.
    pub begins: bool,
    /// Events that the device counted without a line, since its log was full.
    pub unlogged: u32,
    /// Lines that the device holds, and that it can hold.
    pub fill: (u16, u16),
}

/// What a device says of one key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceSignatures {
    /// The key.
    pub key: KeyId,
    /// Signatures made.
    pub made: u64,
    /// Of these, such whose call was answered to this process by no signature: by an error, or not at all. Only the device says that they were made, so
    /// that no outcome explains them by the service's word alone (THR-56).
    pub doubtful: u64,
    /// Attempts that the device refused.
    pub refused: u64,
}
