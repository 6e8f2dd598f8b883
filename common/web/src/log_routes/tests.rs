use actix_web::{App, test};

use super::*;

/// A log of 70,000 entries, the example of tlog-tiles: 273 full tiles at level 0 and one of 112.
struct Example(&'static str);

impl PublicLog for Example {
    fn name(&self) -> &str {
        self.0
    }

    fn origin(&self) -> &str {
        "log.example/2026"
    }

    fn vkey(&self) -> String {
        "log.example/2026+00000000+AQ==".to_owned()
    }

    fn is_open(&self) -> bool {
        self.0 == "own"
    }

    fn size(&self) -> u64 {
        70_000
    }

    fn checkpoint(&self) -> String {
        "log.example/2026\n70000\n...\n".to_owned()
    }

    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, &'static str> {
        let there = id.width() <= id.available(70_000);
        Ok(there.then(|| vec![0; usize::from(id.width()) * 32]))
    }

    fn entries(&self, id: BundleId) -> Result<Option<Vec<u8>>, &'static str> {
        if id.first().0 == 0 { Err("audit.storage") } else { Ok(Some(b"bundle".to_vec())) }
    }
}

async fn get(path: &str) -> (u16, String, String, usize) {
    let routes = LogRoutes::new(Arc::new(Example("own"))).with_others(others());
    let app = test::init_service(App::new().configure(|config| routes.configure(config))).await;
    let response = test::call_service(&app, test::TestRequest::with_uri(path).to_request()).await;
    let header = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let (status, media, cache) = (response.status().as_u16(), header("content-type"), header("cache-control"));
    (status, media, cache, test::read_body(response).await.len())
}

fn ok(media: &str, cache: &str, length: usize) -> (u16, String, String, usize) {
    (200, media.to_owned(), cache.to_owned(), length)
}

fn others() -> Vec<Arc<dyn PublicLog>> {
    vec![Arc::new(Example("old"))]
}

#[actix_web::test]
async fn serves_checkpoint_uncached_and_full_tiles_for_ever_tlog_14() {
    for prefix in ["/log", "/logs/own", "/logs/old"] {
        let checkpoint = get(&format!("{prefix}/checkpoint")).await;
        assert_eq!(checkpoint, ok("text/plain; charset=utf-8", "no-store", 27));
        let full = get(&format!("{prefix}/tile/0/272")).await;
        assert_eq!(full, ok("application/octet-stream", FOR_EVER, 8_192));
    }
    assert_eq!(get("/log/tile/0/273.p/112").await, ok("application/octet-stream", A_WHILE, 112 * 32));
    assert_eq!(get("/log/tile/1/001.p/17").await, ok("application/octet-stream", A_WHILE, 17 * 32));
    assert_eq!(get("/log/tile/2/000.p/1").await, ok("application/octet-stream", A_WHILE, 32));
    assert_eq!(get("/log/tile/entries/x001/067").await, ok("application/octet-stream", FOR_EVER, 6));
}

#[actix_web::test]
async fn refuses_what_the_tree_has_not_and_every_other_spelling_tlog_14() {
    for path in [
        "tile/0/273",
        "tile/0/273.p/113",
        "tile/0/273.p/0",
        "tile/0/273.p/256",
        "tile/0/273.p/0112",
        "tile/0/0",
        "tile/0/0001",
        "tile/00/001",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/1/001",
        "tile/0/x001/x001",
        "tile/0/001/",
        "tile/0/001?x=1/../002",
        "tile/0/%30%30%31x",
        "tile/0//001",
        "tile/entries/1",
        "tile/data/001",
        "checkpoint/",
        "CHECKPOINT",
        "",
        "../logs",
    ] {
        let (status, ..) = get(&format!("/log/{path}")).await;
        if path.contains('?') {
            assert_eq!(status, 200, "a query is no part of the path: {path}");
        } else {
            assert_eq!(status, 404, "{path}");
        }
    }
    assert_eq!(get("/logs/none/checkpoint").await.0, 404);
}

#[actix_web::test]
async fn says_so_when_the_store_fails() {
    assert_eq!(get("/log/tile/entries/000").await.0, 503);
}

#[actix_web::test]
async fn lists_every_log() {
    let routes = LogRoutes::new(Arc::new(Example("own"))).with_others(others());
    let app = test::init_service(App::new().configure(|config| routes.configure(config))).await;
    let body = test::call_and_read_body(&app, test::TestRequest::with_uri("/logs").to_request()).await;
    let one = |name: &str, state: &str| {
        format!(
            "{{\"name\":\"{name}\",\"origin\":\"log.example/2026\",\"vkey\":\"log.example/2026+00000000+AQ==\",\
             \"state\":\"{state}\",\"size\":70000}}"
        )
    };
    assert_eq!(std::str::from_utf8(&body).unwrap(), format!("[{},{}]", one("own", "open"), one("old", "closed")));
}
