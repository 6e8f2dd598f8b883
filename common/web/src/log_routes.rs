//! The log, for everybody: C2SP tlog-tiles over HTTP (TLOG-14), and the list of logs.

mod source;

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{self, Data, Path, ServiceConfig},
};
use kokuin_audit::{
    entry::Serial,
    tile::{BundleId, TILE_WIDTH, TileId},
};
use serde::Serialize;
pub use source::{OtherLogs, PublicLog};

use crate::{Problem, Refused, get_or_head, only};

/// Full tiles never change: a year, the longest that RFC 9111 caches keep.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Partial tiles stay true as well, but nobody needs them for long.
const A_WHILE: &str = "public, max-age=60";

/// `/log/...` for this instance's own log, `/logs` and `/logs/{name}/...` for all logs that it knows.
#[derive(Clone)]
pub struct LogRoutes {
    own: Arc<dyn PublicLog>,
    others: OtherLogs,
}

/// One log in the list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Listed<'a> {
    /// Short name, as in `/logs/{name}/checkpoint`.
    name: &'a str,
    /// Identity of the log, the first line of its checkpoints.
    origin: &'a str,
    /// The key that verifies its checkpoints, in C2SP's form.
    vkey: String,
    /// `open` while it takes entries, else `closed`.
    state: &'static str,
    /// Entries that the last checkpoint covers.
    size: u64,
}

/// A piece of a log that a path names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Resource {
    Checkpoint,
    Tile(TileId),
    Entries(BundleId),
}

impl Resource {
    /// Reads what follows the log's prefix; `None` if it is in any other form than the one that C2SP gives it.
    fn parse(path: &str) -> Option<Self> {
        if path == "checkpoint" {
            return Some(Self::Checkpoint);
        }
        let tile = path.strip_prefix("tile/")?;
        match tile.strip_prefix("entries/") {
            Some(bundle) => BundleId::parse(bundle).map(Self::Entries),
            None => TileId::parse(tile).map(Self::Tile),
        }
    }
}

impl LogRoutes {
    /// Routes for the log that this process writes.
    #[must_use]
    pub fn new(own: Arc<dyn PublicLog>) -> Self {
        Self { own, others: OtherLogs::default() }
    }

    /// Also lists and serves logs that this process only knows, so that none can be hidden.
    #[must_use]
    pub fn with_others(mut self, others: impl Into<OtherLogs>) -> Self {
        self.others = others.into();
        self
    }

    /// Adds the routes.
    pub fn configure(&self, config: &mut ServiceConfig) {
        let resource = |path: &str| web::resource(path).default_service(only("GET, HEAD"));
        config
            .app_data(Data::new(self.clone()))
            .service(resource("/log/{path:.*}").route(get_or_head().to(own)))
            .service(resource("/logs").route(get_or_head().to(list)))
            .service(resource("/logs/{name}/{path:.*}").route(get_or_head().to(named)));
    }

    fn all(&self) -> impl Iterator<Item = Arc<dyn PublicLog>> {
        std::iter::once(Arc::clone(&self.own)).chain(self.others.list())
    }

    /// The receipt of a token or seal that another instance logged; `None` if no log known here has it under a checkpoint. May block.
    ///
    /// # Errors
    /// The code of what went wrong.
    pub fn receipt_elsewhere(&self, serial: &Serial) -> Result<Option<String>, &'static str> {
        self.others.list().iter().find_map(|log| log.receipt(serial).transpose()).transpose()
    }
}

impl std::fmt::Debug for LogRoutes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.all().map(|log| log.origin().to_owned())).finish()
    }
}

async fn own(routes: Data<LogRoutes>, path: Path<String>) -> Result<HttpResponse, Problem> {
    serve(&routes.own, &path).await
}

async fn named(routes: Data<LogRoutes>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (name, path) = path.into_inner();
    let log = routes.all().find(|log| log.name() == name).ok_or(Refused::NotFound)?;
    serve(&log, &path).await
}

async fn list(routes: Data<LogRoutes>) -> HttpResponse {
    let all: Vec<Arc<dyn PublicLog>> = routes.all().collect();
    let logs: Vec<Listed<'_>> = all.iter().map(|log| listed(log.as_ref())).collect();
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(logs)
}

fn listed(log: &dyn PublicLog) -> Listed<'_> {
    let state = if log.is_open() { "open" } else { "closed" };
    Listed { name: log.name(), origin: log.origin(), vkey: log.vkey(), state, size: log.size() }
}

async fn serve(log: &Arc<dyn PublicLog>, path: &str) -> Result<HttpResponse, Problem> {
    let width = match Resource::parse(path).ok_or(Refused::NotFound)? {
        Resource::Checkpoint => {
            let mut response = HttpResponse::Ok();
            response.content_type("text/plain; charset=utf-8").insert_header((header::CACHE_CONTROL, "no-store"));
            return Ok(response.body(log.checkpoint()));
        }
        Resource::Tile(id) => id.width(),
        Resource::Entries(id) => id.width(),
    };
    let (log, path) = (Arc::clone(log), path.to_owned());
    // Read from the store, which may block.
    let bytes = web::block(move || match Resource::parse(&path) {
        Some(Resource::Tile(id)) => log.tile(id),
        Some(Resource::Entries(id)) => log.entries(id),
        Some(Resource::Checkpoint) | None => Ok(None),
    });
    let busy = |_| Problem::from(Refused::Busy { retry_after_s: 1 });
    let bytes = bytes.await.map_err(busy)?.map_err(|code| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, "the log cannot be read now")
            .header(header::RETRY_AFTER, "1")
    })?;
    let bytes = bytes.ok_or(Refused::NotFound)?;
    let caching = if usize::from(width) == TILE_WIDTH { FOR_EVER } else { A_WHILE };
    let mut response = HttpResponse::Ok();
    response.content_type("application/octet-stream").insert_header((header::CACHE_CONTROL, caching));
    Ok(response.body(bytes))
}

#[cfg(test)]
mod tests;
