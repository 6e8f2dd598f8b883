//! The entry of a time-stamp token, and the quick way to write it: one per token, so no tree of JSON values.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{Digest, Encoded, KeyName, Kind, LogTime, PolicyOid, Serial, head};
use crate::{
    accounts::{Object, Step},
    name::LeafIndex,
};

/// A token was made.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tst {
    /// genTime.
    pub time: LogTime,
    /// serialNumber, content octets.
    pub serial: Serial,
    /// The TSU's key.
    pub key: KeyName,
    /// The TSA policy.
    pub policy: PolicyOid,
    /// How far genTime may be from UTC, in microseconds, rounded up.
    pub bound_us: u64,
    /// Whether the bound was measured; false: stated only.
    pub measured: bool,
    /// The clock-reading entry that bound comes from.
    pub clock: LeafIndex,
    /// The certificate entry of the TSU.
    pub cert: LeafIndex,
    /// SHA-256 of the token as it left.
    pub digest: Digest,
    /// SHA-256 of the signature value.
    pub sig: Digest,
    /// SHA-256 of the signed attributes as signed: DER SET OF, tag 0x31.
    pub attrs: Digest,
}

/// The same, borrowed: what a worker has at hand for each token.
#[derive(Clone, Copy, Debug)]
pub struct TstRef<'a> {
    /// genTime.
    pub time: LogTime,
    /// serialNumber, content octets.
    pub serial: &'a Serial,
    /// The TSU's key.
    pub key: &'a KeyName,
    /// The TSA policy.
    pub policy: &'a PolicyOid,
    /// How far genTime may be from UTC, in microseconds, rounded up.
    pub bound_us: u64,
    /// Whether the bound was measured; false: stated only.
    pub measured: bool,
    /// The clock-reading entry that bound comes from.
    pub clock: LeafIndex,
    /// The certificate entry of the TSU.
    pub cert: LeafIndex,
    /// SHA-256 of the token as it left.
    pub digest: Digest,
    /// SHA-256 of the signature value.
    pub sig: Digest,
    /// SHA-256 of the signed attributes as signed: DER SET OF, tag 0x31.
    pub attrs: Digest,
}

impl TstRef<'_> {
    /// The bytes that [`super::Entry::encode`] would write, several times faster. Every field is bounded, so that no length can be exceeded.
    #[must_use]
    pub fn encode(&self) -> Encoded {
        let mut out = String::with_capacity(512);
        out.push_str(&head(Kind::Tst));
        out.push_str(r#""time":""#);
        self.time.write(&mut out);
        out.push_str(r#"","serial":""#);
        for octet in self.serial.as_bytes() {
            out.push(char::from_digit(u32::from(octet >> 4), 16).unwrap_or('0'));
            out.push(char::from_digit(u32::from(octet & 15), 16).unwrap_or('0'));
        }
        out.push_str(r#"","key":""#);
        out.push_str(self.key.as_str());
        out.push_str(r#"","policy":""#);
        out.push_str(self.policy.as_str());
        write!(
            out,
            r#"","bound_us":{},"measured":{},"clock":{},"cert":{},"digest":""#,
            self.bound_us, self.measured, self.clock, self.cert
        )
        .expect("writing to memory cannot fail");
        URL_SAFE_NO_PAD.encode_string(self.digest.as_bytes(), &mut out);
        out.push_str(r#"","sig":""#);
        URL_SAFE_NO_PAD.encode_string(self.sig.as_bytes(), &mut out);
        out.push_str(r#"","attrs":""#);
        URL_SAFE_NO_PAD.encode_string(self.attrs.as_bytes(), &mut out);
        out.push_str(r#""}"#);
        Encoded {
            body: out.into_bytes(),
            serial: Some(self.serial.clone()),
            vouched_time: Some(self.time),
            step: Some(Step::object(Object::Token, self.key, self.serial)),
        }
    }
}

impl Tst {
    /// Borrows every field.
    #[must_use]
    pub const fn by_ref(&self) -> TstRef<'_> {
        TstRef {
            time: self.time,
            serial: &self.serial,
            key: &self.key,
            policy: &self.policy,
            bound_us: self.bound_us,
            measured: self.measured,
            clock: self.clock,
            cert: self.cert,
            digest: self.digest,
            sig: self.sig,
            attrs: self.attrs,
        }
    }
}
