//! A log in PostgreSQL.

use std::time::{Duration, Instant};

use diesel::{
    ExpressionMethods as _, OptionalExtension as _, PgConnection, QueryDsl as _, RunQueryDsl as _,
    result::{DatabaseErrorKind, Error as DieselError},
};
use kokuin_audit::{
    Encoded, FullTile, LeafIndex, LogStore, StorageError, StoredCheckpoint, StoredState, entry::Serial,
};

use super::group::{Group, Replace};
use crate::{
    database::Database,
    error::StoreError,
    lease::{Lease, PostgresOptions, renew, wait_for_standbys},
    log_reader::{entry_key, number, postgres, signed},
    schema::entry,
    session::Session,
};

/// How long a write is waited for. What came of it is found out afterwards, on another connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// A log of the database, held for writing.
#[derive(Debug)]
pub(crate) struct PostgresLogStore {
    database: Database,
    options: PostgresOptions,
    /// `None` after a failure: the next question is asked on another connection.
    session: Option<Session>,
    log_no: i64,
    lease: Lease,
}

impl PostgresLogStore {
    pub(crate) const fn new(
        database: Database,
        options: PostgresOptions,
        session: Session,
        log_no: i64,
        lease: Lease,
    ) -> Self {
        Self { database, options, session: Some(session), log_no, lease }
    }

    /// Runs a fenced statement; it must change `expected` rows, or the lease is another's.
    fn write<W, C>(&mut self, first: LeafIndex, statement: W, expected: usize, explain: C) -> Result<(), StorageError>
    where
        W: FnOnce(&mut PgConnection) -> Result<usize, DieselError> + Send + 'static,
        C: FnOnce(&mut PgConnection, LeafIndex, DieselError) -> StorageError + Send + 'static,
    {
        let until = self.lease.until()?;
        if Instant::now() >= until {
            self.suspect();
            return Err(StoreError::LeaseOver { epoch: self.lease.grant().epoch }.into());
        }
        let Some(session) = &self.session else {
            return Err(StoreError::TimedOut { waited: Duration::ZERO }.into());
        };
        let (deadline, standbys) = (until.min(Instant::now() + PATIENCE), self.options.standbys);
        let written = session.run::<_, StorageErrorOrStore>(deadline, move |connection| {
            let changed = statement(connection).map_err(|error| explain(connection, first, error))?;
            wait_for_standbys(connection, standbys, deadline)?;
            Ok(changed)
        });
        match written {
            Ok(changed) if changed == expected => Ok(()),
            Ok(_) => Err(self.lease.lost().into()),
            Err(StorageErrorOrStore(error)) => {
                self.suspect();
                Err(error)
            }
        }
    }

    fn suspect(&mut self) {
        self.session = None;
        self.database.forget_connections();
    }
}

/// What a session's work says, whichever of the two it is.
struct StorageErrorOrStore(StorageError);

impl From<StoreError> for StorageErrorOrStore {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl From<StorageError> for StorageErrorOrStore {
    fn from(error: StorageError) -> Self {
        Self(error)
    }
}

/// Which entry of a group was there already.
fn explain_group(connection: &mut PgConnection, group: &Group, first: LeafIndex, error: DieselError) -> StorageError {
    if !matches!(error, DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) {
        return StoreError::from(error).into();
    }
    let last = group.first_key + i64::try_from(group.bodies.len()).unwrap_or(i64::MAX - group.first_key) - 1;
    let taken = entry::table
        .filter(entry::key.between(group.first_key, last))
        .order(entry::key)
        .select(entry::key)
        .first::<i64>(connection)
        .optional();
    match taken {
        Ok(Some(key)) => {
            return StorageError::IndexTaken { index: LeafIndex(first.0 + (key - group.first_key).unsigned_abs()) };
        }
        Ok(None) => {}
        Err(failed) => return StoreError::from(failed).into(),
    }
    for (position, serial) in group.serials.iter().enumerate() {
        let Some(serial) = serial else { continue };
        let inside = group.serials[..position].iter().flatten().any(|other| other == serial);
        let found =
            entry::table.filter(entry::serial.eq(serial)).select(entry::key).first::<i64>(connection).optional();
        match found {
            Ok(found) if inside || found.is_some() => return StorageError::DuplicateSerial { position },
            Ok(_) => {}
            Err(failed) => return StoreError::from(failed).into(),
        }
    }
    StoreError::from(error).into()
}

impl LogStore for PostgresLogStore {
    fn load_state(&mut self) -> Result<StoredState, StorageError> {
        let until = self.lease.until()?;
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.options.url, self.options.standbys)?,
        };
        let asked = Instant::now();
        let (grant, log_no, lease, standbys) =
            (self.lease.grant().clone(), self.log_no, self.options.lease, self.options.standbys);
        let loaded = session.run::<_, StorageErrorOrStore>(asked + lease, move |connection| {
            if asked >= until {
                renew(connection, &grant, lease)?;
            }
            let (size, checkpoint) =
                (postgres::load_size(connection, log_no)?, postgres::load_checkpoint(connection, log_no)?);
            // What is found here counts only if it cannot be lost again.
            wait_for_standbys(connection, standbys, asked + PATIENCE)?;
            Ok(StoredState { size, checkpoint })
        });
        match loaded {
            Ok(state) => {
                if asked >= until {
                    self.lease.renewed(asked);
                }
                self.session = Some(session);
                Ok(state)
            }
            Err(StorageErrorOrStore(StorageError::LeaseLost { .. })) => Err(self.lease.lost().into()),
            Err(StorageErrorOrStore(error)) => {
                self.suspect();
                Err(error)
            }
        }
    }

    fn append(&mut self, first: LeafIndex, rows: &[Encoded], tiles: &[FullTile]) -> Result<(), StorageError> {
        let last = first.0 + rows.len() as u64;
        let (first_key, _) = (entry_key(self.log_no, first.0)?, entry_key(self.log_no, last)?);
        let group = Group {
            grant: self.lease.grant().clone(),
            first_key,
            serials: rows.iter().map(|row| row.serial().map(Serial::as_bytes).map(<[u8]>::to_vec)).collect(),
            bodies: rows.iter().map(|row| row.body().to_vec()).collect(),
            tile_levels: tiles.iter().map(|tile| i32::from(tile.id().level())).collect(),
            tile_numbers: tiles.iter().map(|tile| signed(tile.id().index())).collect::<Result<_, _>>()?,
            tile_hashes: tiles.iter().map(FullTile::bytes).collect(),
        };
        let group = std::sync::Arc::new(group);
        let failed = std::sync::Arc::clone(&group);
        self.write(
            first,
            move |connection| (&*group).execute(connection),
            rows.len(),
            move |connection, first, error| explain_group(connection, &failed, first, error),
        )
    }

    fn save_checkpoint(&mut self, saved: &StoredCheckpoint) -> Result<(), StorageError> {
        let replace = Replace {
            grant: self.lease.grant().clone(),
            size: signed(saved.size.0)?,
            note: saved.note.clone(),
            frontier: saved.frontier.clone(),
            last_time: saved.last_time.map(number),
        };
        let plain = |_: &mut PgConnection, _, error| StoreError::from(error).into();
        self.write(LeafIndex(0), move |connection| replace.execute(connection), 1, plain)
    }

    fn held_until(&self) -> Result<Option<Instant>, StorageError> {
        Ok(Some(self.lease.until()?))
    }
}
