//! One command inside a session: may it run, run it, log it.

use std::time::Duration;

use super::{Device, Tamper, session::Rights};
use crate::{
    algorithm::Algorithm,
    command_log::NO_ID,
    object::{Capabilities, Object, ObjectType},
    refusal::Refusal,
    wire::{Command, Fields, Frame},
};

/// A command while it runs, and what the log will say about it.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) command: Command,
    pub(super) rights: Rights,
    pub(super) fields: Fields<'a>,
    pub(super) target: u16,
    pub(super) second: u16,
    /// Of the key that was used, for the latency.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) wrong_signature: bool,
}

impl Call<'_> {
    /// The id that comes next, which the log names.
    pub(super) fn target(&mut self) -> Result<u16, Refusal> {
        self.target = self.fields.u16()?;
        Ok(self.target)
    }

    pub(super) fn object_type(&mut self) -> Result<ObjectType, Refusal> {
        self.fields.u8().map(ObjectType)
    }

    /// The session's key must have the capability.
    pub(super) fn needs(&self, capability: Capabilities) -> Result<(), Refusal> {
        if self.rights.capabilities.covers(capability) { Ok(()) } else { Err(Refusal::InsufficientPermissions) }
    }
}

impl Device {
    pub(super) fn run(
        &mut self,
        rights: Rights,
        frame: Frame<'_>,
        tamper: Tamper,
        latency: &mut Duration,
    ) -> Result<Vec<u8>, Refusal> {
        let (command, length) = (frame.command, frame.payload.len());
        if self.is_blocked(command) {
            return Err(Refusal::LogFull);
        }
        let audited = self.options.audits(command);
        let mut call = Call {
            command,
            rights,
            fields: Fields(frame.payload),
            target: NO_ID,
            second: NO_ID,
            algorithm: None,
            wrong_signature: tamper.wrong_signature,
        };
        let done = tamper.refuse.map_or_else(|| self.dispatch(&mut call), Err);
        *latency = self.settings.latency.of(command, call.algorithm, length);
        // What passed a full log is not written into it, and a reset leaves a log of its own.
        let was_reset = command == Command::RESET_DEVICE && done.is_ok();
        if audited && !self.log_is_closed() && !was_reset {
            self.record(frame, rights.key, call.target, call.second, done.as_ref().err());
        }
        done
    }

    /// A full log under force-audit stops everything but reading it, making room in it and leaving.
    fn is_blocked(&self, command: Command) -> bool {
        let passes = matches!(
            command,
            Command::GET_LOG_ENTRIES | Command::SET_LOG_INDEX | Command::DEVICE_INFO | Command::CLOSE_SESSION
        ) || self.settings.choices.unaudited_passes_full_log && !self.options.audits(command);
        self.log_is_closed() && !passes
    }

    fn dispatch(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        match call.command {
            Command::ECHO => Ok(call.fields.rest().to_vec()),
            Command::DEVICE_INFO => self.device_info(call.fields.rest()),
            Command::RESET_DEVICE => {
                call.needs(Capabilities::RESET_DEVICE)?;
                self.factory_reset().map(|()| Vec::new())
            }
            Command::CLOSE_SESSION | Command::BLINK_DEVICE => Ok(Vec::new()),
            Command::GET_STORAGE_INFO => Ok(self.store.info()),
            Command::GET_PSEUDO_RANDOM => self.pseudo_random(call),
            Command::LIST_OBJECTS => self.list_objects(call),
            Command::GET_OBJECT_INFO => self.object_info(call),
            Command::GET_PUBLIC_KEY => self.public_key(call),
            Command::GET_OPAQUE => self.opaque(call),
            Command::GET_LOG_ENTRIES => {
                call.needs(Capabilities::GET_LOG_ENTRIES)?;
                Ok(self.log.encode())
            }
            Command::SET_LOG_INDEX => self.set_log_index(call),
            Command::GET_OPTION => self.option(call),
            Command::SET_OPTION => self.set_option(call),
            Command::PUT_OPAQUE => self.put_opaque(call),
            Command::PUT_AUTHENTICATION_KEY => self.put_authentication_key(call),
            Command::CHANGE_AUTHENTICATION_KEY => self.change_authentication_key(call),
            Command::PUT_ASYMMETRIC_KEY => self.put_asymmetric_key(call),
            Command::GENERATE_ASYMMETRIC_KEY => self.generate_asymmetric_key(call),
            Command::DELETE_OBJECT => self.delete_object(call),
            Command::SIGN_PKCS1 => self.sign_pkcs1(call),
            Command::SIGN_PSS => self.sign_pss(call),
            Command::SIGN_ECDSA => self.sign_ecdsa(call),
            Command::SIGN_EDDSA => self.sign_eddsa(call),
            Command::SIGN_ATTESTATION_CERTIFICATE => self.attest(call),
            Command::PUT_WRAP_KEY => self.put_wrap_key(call),
            Command::GENERATE_WRAP_KEY => self.generate_wrap_key(call),
            Command::EXPORT_WRAPPED => self.export_wrapped(call),
            Command::IMPORT_WRAPPED => self.import_wrapped(call),
            Command::WRAP_DATA => self.wrap_data(call),
            Command::UNWRAP_DATA => self.unwrap_data(call),
            Command::PUT_HMAC_KEY => self.put_hmac_key(call),
            Command::GENERATE_HMAC_KEY => self.generate_hmac_key(call),
            Command::SIGN_HMAC => self.sign_hmac(call),
            Command::VERIFY_HMAC => self.verify_hmac(call),
            Command::DECRYPT_PKCS1 => self.decrypt_pkcs1(call),
            Command::DECRYPT_OAEP => self.decrypt_oaep(call),
            Command::DERIVE_ECDH => self.derive_ecdh(call),
            // Templates, SSH certificates, OTP, symmetric keys and RSA wrap are not simulated.
            _ => Err(Refusal::InvalidCommand),
        }
    }

    /// A key to use: visible, and with the capability on both the session's key and itself.
    pub(super) fn usable(
        &self,
        call: &mut Call<'_>,
        kind: ObjectType,
        capability: Capabilities,
    ) -> Result<Object, Refusal> {
        let id = call.target()?;
        call.needs(capability)?;
        let object = self.store.find(kind, id, call.rights.domains)?;
        call.algorithm = Some(object.algorithm);
        if object.capabilities.covers(capability) {
            Ok(object.clone())
        } else {
            Err(self.settings.choices.object_right_missing)
        }
    }
}
