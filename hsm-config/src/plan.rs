//! What a device differs in from its manifest, and the steps that would end that. Pure: no device is needed to try it.
//!
//! Lives here: the device's state as a value, the comparison, the order of steps, and what services lack of a device. Must not know: how a
//! device is reached.

mod compare;
mod difference;
mod inventory;
mod preflight;
mod step;
#[cfg(test)]
mod tests;

pub use compare::compare;
pub use difference::{Difference, Finding, Touches};
pub use inventory::{Factory, Inventory, Object, ObjectKind, ObjectName};
pub use preflight::{Lack, Need, preflight};
pub use step::{NotDeleted, Plan, Step};
