//! The abuse cases of the threat model that a validator must stop, by their IDs, on material made here.

mod attributes;
mod evidence;
mod limits;
mod lists;
mod log;
mod material;
mod mutation;
mod outcome;
mod pdf;
mod revised;
mod revocation;
mod several;
mod signer;
mod timestamped;
mod token;
