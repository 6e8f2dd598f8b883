//! The rules of RFC 4998 on records made here: batches of every size, renewals, and what breaks each rule.

mod batch;
mod cover;
mod made;
mod syntax;
