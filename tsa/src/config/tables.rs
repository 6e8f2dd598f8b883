//! `[[tsa.tsu]]`: a list of tables, and what to say to who writes one table.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer},
};

use super::TsuConfig;

struct Tables;

impl<'de> Visitor<'de> for Tables {
    type Value = Vec<TsuConfig>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one [[tsa.tsu]] for each time-stamping unit")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, tables: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(tables))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom("[tsa.tsu] is one table: write [[tsa.tsu]], once for each time-stamping unit"))
    }
}

/// Reads the list.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TsuConfig>, D::Error> {
    deserializer.deserialize_any(Tables)
}
