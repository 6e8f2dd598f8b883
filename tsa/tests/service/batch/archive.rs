//! All records of a request in one archive.

use super::*;

#[actix_web::test]
async fn more_records_than_stand_in_an_answer_come_as_an_archive() {
    let world = World::plain();
    let digests = digests(0, 150);
    let answer = world.post(body(&digests)).await;
    assert_eq!(answer.json()["records"], Value::Null);
    let archive = world.get(&answer.text("recordsAt")).await;
    assert_eq!(archive.status, 200);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.tar"), archive.body).unwrap();
    let tar = std::process::Command::new("tar").args(["-xf", "a.tar"]).current_dir(folder.path()).status().unwrap();
    assert!(tar.success());
    for digest in &digests {
        let record = std::fs::read(folder.path().join(format!("{}.ers", hex::encode(digest)))).unwrap();
        assert!(token_of(&record, digest).is_some());
    }
}

/// An archive holds its batch's tree until its client has read it.
#[actix_web::test]
async fn sends_sixteen_archives_at_a_time_thr_95() {
    let world = World::plain();
    let answer = world.post(body(&digests(0, 150))).await;
    let log = LogRoutes::new(Arc::new(world.bench.service.log().clone()));
    let service = routes(&world.bench.service, &Limits::default(), &world.bench.registry, log, Some(&world.lane));
    let app = init_service(App::new().configure(|config| service(config))).await;
    let address = answer.text("recordsAt");
    let asked = || TestRequest::get().uri(&address).to_request();
    let mut unread = Vec::new();
    for _ in 0..16 {
        unread.push(call_service(&app, asked()).await);
    }
    assert!(unread.iter().all(|response| response.status() == 200));
    let refused = call_service(&app, asked()).await;
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (503, true));
    drop(unread.pop());
    assert_eq!(call_service(&app, asked()).await.status(), 200);
}
