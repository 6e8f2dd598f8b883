//! Which log has an entry about the opening of which other: none begins unseen.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use kokuin_audit::LogName;

use crate::{
    database::Database,
    error::StoreError,
    schema::{log, noted},
};

impl Database {
    /// Names of the logs that began after `own` and that it has no entry about.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unnoted_logs(&self, own: &LogName) -> Result<Vec<String>, StoreError> {
        let own_no = self.log_no(own)?;
        self.fetch(move |connection| {
            let known: Vec<i64> =
                noted::table.filter(noted::log_no.eq(own_no)).select(noted::other_no).load(connection)?;
            let later = log::table.filter(log::log_no.gt(own_no)).order(log::log_no).select((log::log_no, log::name));
            let later: Vec<(i64, String)> = later.load(connection)?;
            Ok(later.into_iter().filter(|(number, _)| !known.contains(number)).map(|(_, name)| name).collect())
        })
    }

    /// Keeps in mind that `own` has an entry about the opening of `other`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_noted(&self, own: &LogName, other: &LogName) -> Result<(), StoreError> {
        let row = (noted::log_no.eq(self.log_no(own)?), noted::other_no.eq(self.log_no(other)?));
        self.store(move |connection| {
            diesel::insert_into(noted::table).values(row).execute(connection)?;
            Ok(())
        })
    }
}
