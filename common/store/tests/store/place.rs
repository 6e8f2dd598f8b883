//! A database for one test, of either kind.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _, sql_query, sql_types::Integer,
};
use kokuin_store::{Database, PostgresOptions, PostgresUrl, StoreError};
use tempfile::TempDir;

/// Makes a test of the body on each kind of database.
macro_rules! both {
    ($($(#[doc = $about:literal])* #[test] fn $name:ident($place:ident) $body:block)*) => {
        $($(#[doc = $about])* mod $name {
            use super::*;

            fn check($place: &Place) $body

            #[test]
            fn sqlite() {
                check(&Place::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(place) = Place::postgres() {
                    check(&place);
                }
            }
        })*
    };
}
pub(crate) use both;

/// Lease of the tests: short, and long enough for a busy machine.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

/// A folder, and a database in it or beside it.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    url: Option<String>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), url: None }
    }

    /// `None`, said aloud, where there is no PostgreSQL; with CI=true that is a failure.
    pub(crate) fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = Server::shared()?;
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server.execute("kokuin", &format!("CREATE DATABASE {name}"));
        Some(Self { folder: tempfile::tempdir().unwrap(), url: Some(server.url(&name)) })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join("kokuin.db")
    }

    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    pub(crate) fn options(&self) -> Option<PostgresOptions> {
        let url = PostgresUrl::new(self.url.as_deref()?).unwrap();
        Some(PostgresOptions { url, standbys: 0, lease: LEASE })
    }

    pub(crate) fn open(&self) -> Result<Database, StoreError> {
        match self.options() {
            Some(options) => Database::open_postgres(options),
            None => Database::open(&self.file()),
        }
    }

    pub(crate) fn open_read_only(&self) -> Result<Database, StoreError> {
        match self.options() {
            Some(options) => Database::open_postgres_read_only(options),
            None => Database::open_read_only(&self.file()),
        }
    }

    /// The server's processes that serve this database, as arguments for `kill`; none for a file.
    pub(crate) fn processes(&self) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Process {
            #[diesel(sql_type = Integer)]
            pid: i32,
        }
        let Some(url) = &self.url else { return Vec::new() };
        let query = sql_query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let found: Vec<Process> = query.load(&mut PgConnection::establish(url).unwrap()).unwrap();
        found.into_iter().map(|process| process.pid.to_string()).collect()
    }

    /// What nobody should do to a log's tables.
    pub(crate) fn execute(&self, sql: &str) {
        match &self.url {
            Some(url) => PgConnection::establish(url).unwrap().batch_execute(sql).unwrap(),
            None => {
                let mut connection = SqliteConnection::establish(self.file().to_str().unwrap()).unwrap();
                connection.batch_execute(sql).unwrap();
            }
        }
    }
}

/// The server of this test program: it ends when the program does, because its standard input does.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

#[allow(clippy::unwrap_in_result, reason = "a test fails by panicking")]
impl Server {
    fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        let server = SERVER.get_or_init(|| Self::start(&[])).as_ref();
        if server.is_none() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "postgresql-15 is missing");
            println!("!! NO POSTGRESQL 15: its half of the tests is skipped");
        }
        server
    }

    /// A server with settings of its own; `None` where there is no PostgreSQL.
    pub(crate) fn start(settings: &[&str]) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/faults/postgres");
        let mut command = Command::new("bash");
        command.arg(script).arg(port.to_string()).args(settings);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line.starts_with("ready").then_some(Self { port, child })
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://kokuin:not-a-secret@127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) fn execute(&self, database: &str, sql: &str) {
        PgConnection::establish(&self.url(database)).unwrap().batch_execute(sql).unwrap();
    }
}
