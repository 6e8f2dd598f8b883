//! Files that are published as they are: the development CA's CRL and certificates.

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use actix_web::{
    HttpResponse,
    web::{self, Bytes, ServiceConfig},
};

use crate::{Refused, get_or_head, only};

/// Bytes a published file may have.
const LIMIT: u64 = 16 << 20;

/// One file under one path, read again when it changes.
#[derive(Clone)]
pub struct StaticFile {
    route: String,
    content_type: &'static str,
    path: PathBuf,
    kept: Arc<Mutex<Option<Kept>>>,
}

struct Kept {
    modified: SystemTime,
    length: u64,
    bytes: Bytes,
}

impl StaticFile {
    /// The file at `path`, published at `route` as `content_type`.
    #[must_use]
    pub fn new(route: impl Into<String>, path: PathBuf, content_type: &'static str) -> Self {
        Self { route: route.into(), content_type, path, kept: Arc::default() }
    }

    /// Adds the route.
    pub fn configure(&self, config: &mut ServiceConfig) {
        let file = self.clone();
        let answer = move || {
            let file = file.clone();
            async move { file.answer().await }
        };
        config.service(
            web::resource(self.route.as_str()).route(get_or_head().to(answer)).default_service(only("GET, HEAD")),
        );
    }

    async fn answer(self) -> Result<HttpResponse, Refused> {
        let content_type = self.content_type;
        let bytes = web::block(move || self.load()).await.map_err(|_| Refused::Busy { retry_after_s: 1 })?;
        let bytes = bytes.map_err(|_| Refused::NotFound)?;
        let mut response = HttpResponse::Ok();
        response.content_type(content_type).insert_header(("cache-control", "no-cache"));
        Ok(response.body(bytes))
    }

    fn load(&self) -> io::Result<Bytes> {
        let metadata = std::fs::metadata(&self.path)?;
        let (modified, length) = (metadata.modified()?, metadata.len());
        if !metadata.is_file() || length > LIMIT {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| (kept.modified, kept.length) == (modified, length)) {
            return Ok(kept.bytes.clone());
        }
        let bytes = Bytes::from(std::fs::read(&self.path)?);
        *kept = Some(Kept { modified, length, bytes: bytes.clone() });
        Ok(bytes)
    }
}

impl fmt::Debug for StaticFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StaticFile({} at {})", self.path.display(), self.route)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test};

    use super::*;

    #[actix_web::test]
    async fn reads_again_what_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.crl");
        let file = StaticFile::new("/ca/root.crl", path.clone(), "application/pkix-crl");
        let app = test::init_service(App::new().configure(|config| file.configure(config))).await;
        let get = || test::TestRequest::with_uri("/ca/root.crl").to_request();
        assert_eq!(test::call_service(&app, get()).await.status(), 404);
        for content in ["first", "second"] {
            std::fs::write(&path, content).unwrap();
            let response = test::call_service(&app, get()).await;
            assert_eq!(response.headers().get("content-type").unwrap(), "application/pkix-crl");
            assert_eq!(test::read_body(response).await, content.as_bytes());
        }
    }
}
