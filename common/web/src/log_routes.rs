//! The log, for everybody: C2SP tlog-tiles over HTTP (TLOG-14), and the list of logs.

mod kept;
mod source;

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{self, Bytes, Data, Path, ServiceConfig},
};
use kept::Kept;
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
    kept: Kept,
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
        Self { own, others: OtherLogs::default(), kept: Kept::default() }
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
            .service(resource("/log/checkpoint").route(get_or_head().to(own)))
            .service(resource("/log/{path:.*}").route(get_or_head().to(own_tile)))
            .service(resource("/logs").route(get_or_head().to(list)))
            .service(resource("/logs/{name}/checkpoint").route(get_or_head().to(named)))
            .service(resource("/logs/{name}/{path:.*}").route(get_or_head().to(named_tile)));
    }

    fn all(&self) -> impl Iterator<Item = Arc<dyn PublicLog>> {
        std::iter::once(Arc::clone(&self.own)).chain(self.others.list())
    }

    fn log(&self, name: &str) -> Result<Arc<dyn PublicLog>, Refused> {
        self.all().find(|log| log.name() == name).ok_or(Refused::NotFound)
    }

    /// The receipt of a token or seal that another instance logged; `None` if no log known here has it under a checkpoint. May block.
    ///
    /// # Errors
    /// The code of what went wrong, if no log has the receipt and one could not be read or has it later.
    pub fn receipt_elsewhere(&self, serial: &Serial) -> Result<Option<String>, &'static str> {
        let mut outcome = Ok(None);
        for log in self.others.list() {
            match log.receipt(serial) {
                Ok(Some(receipt)) => return Ok(Some(receipt)),
                Ok(None) => (),
                // It may hold the token, and so may one that comes after it.
                Err(code) => outcome = Err(code),
            }
        }
        outcome
    }
}

impl std::fmt::Debug for LogRoutes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.all().map(|log| log.origin().to_owned())).finish()
    }
}

/// The last checkpoint of this instance's own log.
#[utoipa::path(
    get,
    path = "/log/checkpoint",
    responses((status = 200, content_type = "text/plain", body = String, description = "c2sp.org/tlog-checkpoint, signed"))
)]
pub(crate) async fn own(routes: Data<LogRoutes>) -> HttpResponse {
    checkpoint(&routes.own)
}

/// A tile or entry bundle of this instance's own log.
#[utoipa::path(
    get,
    path = "/log/tile/{path}",
    params(("path" = String, Path, description = "What follows `tile/` in c2sp.org/tlog-tiles, slashes included: `0/000`, `entries/000.p/7`")),
    responses(
        (status = 200, content_type = "application/octet-stream", body = Vec<u8>, description = "c2sp.org/tlog-tiles"),
        (status = 404, description = "No checkpoint covers it, or not the one spelling of a path"),
        (status = 503, description = "The log cannot be read now; see Retry-After"),
    )
)]
pub(crate) async fn own_tile(routes: Data<LogRoutes>, path: Path<String>) -> Result<HttpResponse, Problem> {
    serve(&routes.own, &routes.kept, &path).await
}

/// The last checkpoint of a log in the list.
#[utoipa::path(
    get,
    path = "/logs/{name}/checkpoint",
    params(("name" = String, Path, description = "The log's short name")),
    responses(
        (status = 200, content_type = "text/plain", body = String, description = "c2sp.org/tlog-checkpoint, signed"),
        (status = 404, description = "No log of this name"),
    )
)]
pub(crate) async fn named(routes: Data<LogRoutes>, name: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(checkpoint(&routes.log(&name)?))
}

/// A tile or entry bundle of a log in the list.
#[utoipa::path(
    get,
    path = "/logs/{name}/tile/{path}",
    params(
        ("name" = String, Path, description = "The log's short name"),
        ("path" = String, Path, description = "As at `/log/tile/{path}`"),
    ),
    responses(
        (status = 200, content_type = "application/octet-stream", body = Vec<u8>, description = "c2sp.org/tlog-tiles"),
        (status = 404, description = "No log of this name, no checkpoint covers it, or not the one spelling of a path"),
        (status = 503, description = "The log cannot be read now; see Retry-After"),
    )
)]
pub(crate) async fn named_tile(routes: Data<LogRoutes>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (name, path) = path.into_inner();
    serve(&routes.log(&name)?, &routes.kept, &path).await
}

/// Every log that this instance knows, closed ones included.
#[utoipa::path(get, path = "/logs", operation_id = "logs", responses((status = 200, body = Vec<Listed<'static>>, description = "Its own first")))]
pub(crate) async fn list(routes: Data<LogRoutes>) -> HttpResponse {
    let all: Vec<Arc<dyn PublicLog>> = routes.all().collect();
    let logs: Vec<Listed<'_>> = all.iter().map(|log| listed(log.as_ref())).collect();
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(logs)
}

fn listed(log: &dyn PublicLog) -> Listed<'_> {
    let state = if log.is_open() { "open" } else { "closed" };
    Listed { name: log.name(), origin: log.origin(), vkey: log.vkey(), state, size: log.size() }
}

fn checkpoint(log: &Arc<dyn PublicLog>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type("text/plain; charset=utf-8").insert_header((header::CACHE_CONTROL, "no-store"));
    response.body(log.checkpoint())
}

async fn serve(log: &Arc<dyn PublicLog>, kept: &Kept, path: &str) -> Result<HttpResponse, Problem> {
    let width = match Resource::parse(path).ok_or(Refused::NotFound)? {
        Resource::Checkpoint => return Ok(checkpoint(log)),
        Resource::Tile(id) => id.width(),
        Resource::Entries(id) => id.width(),
    };
    let is_full = usize::from(width) == TILE_WIDTH;
    let caching = if is_full { FOR_EVER } else { A_WHILE };
    let answer = |bytes: Bytes| {
        let mut response = HttpResponse::Ok();
        response.content_type("application/octet-stream").insert_header((header::CACHE_CONTROL, caching));
        response.body(bytes)
    };
    if let Some(bytes) = kept.find(log.origin(), path) {
        return Ok(answer(bytes));
    }
    let turn = kept.turns.turn().await?;
    let (reader, place) = (Arc::clone(log), path.to_owned());
    // Read from the store, which may block.
    let bytes = web::block(move || {
        let _turn = turn;
        match Resource::parse(&place) {
            Some(Resource::Tile(id)) => reader.tile(id),
            Some(Resource::Entries(id)) => reader.entries(id),
            Some(Resource::Checkpoint) | None => Ok(None),
        }
    });
    let busy = |_| Problem::from(Refused::Busy { retry_after_s: 1 });
    let bytes = bytes.await.map_err(busy)?.map_err(|code| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, "the log cannot be read now")
            .header(header::RETRY_AFTER, "1")
    })?;
    let bytes = Bytes::from(bytes.ok_or(Refused::NotFound)?);
    if is_full {
        kept.keep(log.origin(), path, &bytes);
    }
    Ok(answer(bytes))
}

#[cfg(test)]
mod tests;
