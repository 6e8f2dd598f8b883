//! The latest token of each key.

use std::{collections::HashMap, time::Duration};

use crate::{
    entry::{KeyName, LogTime},
    name::LeafIndex,
};

/// The latest token of each key.
#[derive(Clone, Debug, Default)]
pub(super) struct Order(HashMap<KeyName, (LeafIndex, LogTime)>);

impl Order {
    /// Takes the next token of `key`; if it goes back in time, behind which entry and by how much.
    pub(super) fn back(&mut self, index: LeafIndex, key: &KeyName, time: LogTime) -> Option<(LeafIndex, Duration)> {
        let Some(latest) = self.0.get_mut(key) else {
            self.0.insert(key.clone(), (index, time));
            return None;
        };
        if time >= latest.1 {
            *latest = (index, time);
            return None;
        }
        Some((latest.0, Duration::from_micros(latest.1.unix_micros().abs_diff(time.unix_micros()))))
    }
}
