//! A batch whose key is suspended while it waits (THR-65).

use std::time::{Duration, Instant};

use kokuin_key::{KeyState, Protection};

use super::{World, body, config, digests};
use crate::{
    faulty_key::Fault,
    fixture::{Setup, request},
    intents::ends,
};

/// 10,000 items get a reason, and none a token, once the key is suspended; what the device was busy with before it is explained.
#[actix_web::test]
async fn a_large_batch_fails_with_the_reason_when_its_key_is_suspended_thr_65() {
    let setup = Setup { protection: Protection::Device, ..Setup::default() };
    let world = World::new(setup.start(), config());
    let key = &world.bench.key;
    key.set_fault(Fault::Slow(Duration::from_millis(300)));
    // The device is busy with a token while the batch is closed and waits for it.
    let request = request().encode();
    let busy = async {
        let asking = (0..4).map(|_| world.bench.worker.issue(&request));
        futures_util::future::join_all(asking).await.iter().filter(|answer| answer.is_ok()).count()
    };
    let suspend = async {
        actix_web::rt::time::sleep(Duration::from_millis(450)).await;
        key.set_state(KeyState::Suspended);
        (Instant::now(), key.signatures())
    };
    let batch = world.post(body(&digests(0, 10_000)));
    let (answer, tokens, (suspended, signatures)) = futures_util::future::join3(batch, busy, suspend).await;
    assert!(suspended.elapsed() < Duration::from_secs(2));
    assert!(key.signatures() <= signatures, "nothing is asked of the device from then on");
    let json = answer.json();
    assert_eq!(
        (answer.text("status").as_str(), json["code"].as_str()),
        ("failed", Some("tsa.key-not-active")),
        "{json}"
    );
    world.lane.stop();
    world.bench.service.stop().unwrap();
    let ends = ends(&world.bench);
    assert_eq!((ends.tokens, world.batches().len()), (tokens, 0), "{ends:?}");
}
