//! A log's tiles over HTTP, through the one guarded client. Only `--online` comes here.

use std::{path::Path, time::Duration};

use kokuin_audit::{
    Hash, TileId,
    check::{SourceError, TileSource},
    tile::{BundleId, bundle_from_bytes, hashes_from_bytes},
};
use kokuin_fetch::{Client, FetchError, Limits, Reach, Tls, Url};

use crate::exit::RunError;

/// For one tile: an entry bundle is at most 256 entries of 64 KiB. The caller typed the address, so it may be this machine's or their own network's.
const LIMITS: Limits = Limits {
    body: 32 << 20,
    total: Duration::from_secs(60),
    connect: Duration::from_secs(5),
    reach: Reach::CONFIGURED,
};

/// A log below a URL, as C2SP tlog-tiles lays it out.
pub(crate) struct UrlSource {
    client: Client,
    base: String,
}

impl UrlSource {
    /// The log at `url`, over TLS with the certificates of the file `anchors`.
    pub(crate) fn new(url: &str, anchors: Option<&Path>) -> Result<Self, RunError> {
        let usage = |error: FetchError| RunError::Usage(error.to_string());
        let base = url.trim_end_matches('/').to_owned();
        let client = match anchors {
            Some(path) => Client::with_tls(LIMITS, &Tls::load_anchors(path).map_err(usage)?),
            None => Client::new(LIMITS),
        };
        let address = base.parse::<Url>().map_err(usage)?;
        client.check(&address).map_err(|error| RunError::Usage(format!("{error}: --tls-ca FILE")))?;
        Ok(Self { client, base })
    }

    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let url: Url = format!("{}/{path}", self.base).parse().map_err(SourceError::new)?;
        match self.client.get(&url) {
            Ok(answer) => Ok(Some(answer.body)),
            Err(FetchError::Status { status: 404 }) => Ok(None),
            Err(error) => Err(SourceError::new(error)),
        }
    }

    /// The partial piece, or that much of the full one: partial pieces may be deleted once the full one is there.
    fn piece(&self, partial: &str, full: &str) -> Result<Option<Vec<u8>>, SourceError> {
        match self.get(partial)? {
            Some(bytes) => Ok(Some(bytes)),
            None if partial != full => self.get(full),
            None => Ok(None),
        }
    }
}

impl TileSource for UrlSource {
    fn checkpoint(&self) -> Result<Vec<u8>, SourceError> {
        let missing = || SourceError::new(FetchError::Status { status: 404 });
        self.get("checkpoint")?.ok_or_else(missing)
    }

    fn hashes(&self, id: TileId) -> Result<Option<Vec<Hash>>, SourceError> {
        let bytes = self.piece(&id.path(), &TileId::full(id.level(), id.index()).path())?;
        let width = usize::from(id.width());
        Ok(bytes.and_then(|bytes| hashes_from_bytes(&bytes)).and_then(|mut hashes| {
            hashes.truncate(width);
            (hashes.len() == width).then_some(hashes)
        }))
    }

    fn entries(&self, id: BundleId) -> Result<Option<Vec<Vec<u8>>>, SourceError> {
        let full = BundleId::new(id.tile().index(), 256).map_or_else(|| id.path(), BundleId::path);
        let bytes = self.piece(&id.path(), &full)?;
        Ok(bytes.and_then(|bytes| bundle_from_bytes(&bytes)).map(|mut entries| {
            entries.truncate(usize::from(id.width()));
            entries
        }))
    }
}
