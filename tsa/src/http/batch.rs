//! `/tsa/batches`: digests in, evidence records out.

mod answer;
mod problem;
mod room;
mod tar;

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    middleware::from_fn,
    rt::time::timeout,
    web::{self, Bytes, Data, Payload, ServiceConfig},
};
use futures_util::stream;
use kokuin_audit::entry::Digest;
use kokuin_settings::ByteSize;
use kokuin_store::BatchState;
use kokuin_web::{
    Admission, Application, BodyRules, Client, Limits, Permit, Problem, Refused, Turns, abandon, correlate,
    get_or_head, only,
};

use crate::batch::{BatchRefusal, BatchRequest, Lane, Outcome, Shown, SubmissionId, body_limit};
use crate::unit::Unit;
use answer::Answer;
use room::{Held, Room};

/// Characters of an idempotency key.
const KEY_LIMIT: usize = 128;
/// Answers and records read from the store at a time, over all workers, and how many requests may wait for that.
const READS: usize = 2;
const WAITING: usize = 128;
/// Archives sent at a time. Each holds its batch's tree, which may have 100,000 leaves, as long as its client takes to read it.
const ARCHIVES: usize = 16;
/// Records of one piece of an archive.
const PIECE: usize = 64;

/// Turns of those who fetch.
#[derive(Clone, Debug)]
pub(in crate::http) struct Fetching {
    reads: Turns,
    archives: Turns,
}

impl Fetching {
    /// Works on another thread, in turn.
    async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, BatchRefusal> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = self.reads.turn().await?;
        block(move || {
            let _turn = turn;
            work()
        })
        .await
    }
}

/// Who is let in, and with what body.
#[derive(Clone, Debug)]
pub(in crate::http) struct Door {
    admission: Admission,
    rules: BodyRules,
    room: Room,
}

/// The routes of a lane, to be configured before those that take any name.
pub(super) fn batch_routes(lane: &Arc<Lane>, limits: &Limits) -> Application {
    let lane = Arc::clone(lane);
    let limit = ByteSize::from_bytes(body_limit(lane.config().limit));
    let rules = BodyRules::new("application/json", limit, limits);
    let door = Door { admission: Admission::new(limits), rules, room: Room::new(limit.as_usize()) };
    let fetching = Fetching { reads: Turns::new(READS, WAITING), archives: Turns::new(ARCHIVES, 0) };
    Arc::new(move |config| configure(config, &lane, &door, &fetching))
}

fn configure(config: &mut ServiceConfig, lane: &Arc<Lane>, door: &Door, fetching: &Fetching) {
    config
        .app_data(Data::from(Arc::clone(lane)))
        .app_data(Data::new(fetching.clone()))
        .app_data(Data::new(door.clone()))
        .service(
            web::resource("/tsa/batches")
                .wrap(from_fn(correlate))
                .route(web::post().to(submit))
                .default_service(only("POST")),
        )
        .service(
            web::resource("/tsa/{tsu}/batches")
                .wrap(from_fn(correlate))
                .route(web::post().to(submit_at))
                .default_service(only("POST")),
        )
        .service(
            web::resource("/tsa/batches/{id}")
                .wrap(from_fn(correlate))
                .route(get_or_head().to(show))
                .default_service(only("GET, HEAD")),
        )
        .service(
            web::resource("/tsa/batches/{id}/records")
                .wrap(from_fn(correlate))
                .route(get_or_head().to(records))
                .default_service(only("GET, HEAD")),
        )
        .service(
            web::resource("/tsa/batches/{id}/records/{digest}")
                .wrap(from_fn(correlate))
                .route(get_or_head().to(record))
                .default_service(only("GET, HEAD")),
        );
}

/// Stamps many digests with one token.
#[utoipa::path(
    post,
    path = "/tsa/batches",
    security((), ("bearer" = []), ("certificate" = [])),
    request_body(content = answer::RequestBody, content_type = "application/json"),
    params(("Idempotency-Key" = Option<String>, Header,
        description = "1 to 128 visible ASCII characters; the same request with the same key gets the same answer")),
    responses(
        (status = 201, body = Answer, description = "The batch has its token; Location is where this answer stays"),
        (status = 202, body = Answer, description = "Stored and waiting for its token; ask at Location after Retry-After"),
        (status = 400, description = "Not a batch request, a wrong digest, none, or too many"),
        (status = 401, description = "The TSU wants a key or a client certificate"),
        (status = 403, description = "Not from this network, or not with this certificate"),
        (status = 408, description = "The body came too slowly"),
        (status = 409, description = "The request with this idempotency key is being answered; see Retry-After"),
        (status = 413, description = "The body is larger than the largest batch"),
        (status = 415, description = "Not application/json"),
        (status = 422, description = "The idempotency key belongs to another request"),
        (status = 429, description = "More digests than one client may send; see Retry-After"),
        (status = 503, description = "More digests than the lane takes; see Retry-After"),
    )
)]
pub(super) async fn submit(
    request: HttpRequest,
    payload: Payload,
    door: Data<Door>,
    lane: Data<Lane>,
) -> Result<HttpResponse, Problem> {
    answer(request, payload, &door, lane, None).await
}

/// Stamps many digests with one token of the TSU named.
#[utoipa::path(
    post,
    path = "/tsa/{tsu}/batches",
    security((), ("bearer" = []), ("certificate" = [])),
    request_body(content = answer::RequestBody, content_type = "application/json"),
    params(
        ("tsu" = String, Path, description = "The TSU's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "As at /tsa/batches"),
    ),
    responses(
        (status = 201, body = Answer, description = "The batch has its token; Location is where this answer stays"),
        (status = 202, body = Answer, description = "Stored and waiting for its token; ask at Location after Retry-After"),
        (status = 400, description = "Not a batch request, a wrong digest, none, or too many"),
        (status = 401, description = "The TSU wants a key or a client certificate"),
        (status = 403, description = "Not from this network, or not with this certificate"),
        (status = 404, description = "No TSU of this name"),
        (status = 408, description = "The body came too slowly"),
        (status = 409, description = "The request with this idempotency key is being answered; see Retry-After"),
        (status = 413, description = "The body is larger than the largest batch"),
        (status = 415, description = "Not application/json"),
        (status = 422, description = "The idempotency key belongs to another request"),
        (status = 429, description = "More digests than one client may send; see Retry-After"),
        (status = 503, description = "More digests than the lane takes; see Retry-After"),
    )
)]
pub(super) async fn submit_at(
    request: HttpRequest,
    payload: Payload,
    door: Data<Door>,
    lane: Data<Lane>,
    tsu: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    answer(request, payload, &door, lane, Some(&tsu)).await
}

/// Answers a request, and counts it where it is turned away: whoever guesses keys here leaves the same traces as at `/tsa`.
async fn answer(
    request: HttpRequest,
    payload: Payload,
    door: &Door,
    lane: Data<Lane>,
    tsu: Option<&str>,
) -> Result<HttpResponse, Problem> {
    let outcome = take_in(request, payload, door, lane.clone(), tsu).await;
    outcome.inspect_err(|problem| lane.turned_away(tsu, problem.status().as_u16()))
}

async fn take_in(
    request: HttpRequest,
    payload: Payload,
    door: &Door,
    lane: Data<Lane>,
    tsu: Option<&str>,
) -> Result<HttpResponse, Problem> {
    let (unit, key) = match lane.unit(tsu).and_then(|unit| Ok((unit, idempotency_key(&request)?))) {
        Ok(found) => found,
        Err(refusal) => {
            abandon(&request, payload);
            return Err(problem::of(&refusal));
        }
    };
    let Admitted { permit: _permit, held, client, body } = door.read(&request, payload, &unit).await?;
    // The body may have taken long: what is in force now is what counts.
    let now = lane.unit(tsu).map_err(|refusal| problem::of(&refusal))?;
    let client = if Arc::ptr_eq(&now, &unit) { client } else { door.client(&request, &now)? };
    let unit = now;
    let (limit, shelf) = (lane.config().limit, lane.clone());
    let (asked_key, address) = (key.clone(), tsu.unwrap_or_default().to_owned());
    // A hundred thousand digests take some milliseconds to hash and to read: not on the thread that stamps.
    let taken = block(move || {
        let _held = held;
        let hash = request_hash(&address, &body);
        let known = match &asked_key {
            Some(key) => shelf.shelf().find(key, &hash)?,
            None => None,
        };
        match known {
            Some(id) => Ok(Taken::Known(shelf.shelf().show(id)?)),
            None => Ok(Taken::New(BatchRequest::parse(&body, limit)?, hash)),
        }
    });
    let (asked, hash) = match taken.await? {
        Taken::Known(shown) => return respond(&lane, shown, StatusCode::CREATED).await,
        Taken::New(asked, hash) => (asked, hash),
    };
    let (id, digests, receiver) =
        lane.submit(client, &unit, asked, hash, key).map_err(|refusal| problem::of(&refusal))?;
    match timeout(lane.config().wait.as_std(), receiver).await {
        Ok(Ok(Outcome::Stamped { record, batch: _ } | Outcome::Failed(record))) => {
            respond(&lane, Shown { id, digests, batch: record }, StatusCode::CREATED).await
        }
        Ok(Ok(Outcome::Refused(refusal))) => Err(problem::of(&refusal)),
        Ok(Err(_)) => Err(problem::of(&BatchRefusal::Stopping)),
        // Either it is in the store by now, or the lane has not got to it and will not: its receiver is gone.
        Err(_) => match shown(&lane, id).await {
            Ok(shown) => respond(&lane, shown, StatusCode::CREATED).await,
            Err(_) => Err(problem::of(&BatchRefusal::NotReached)),
        },
    }
}

enum Taken {
    Known(Shown),
    New(BatchRequest, [u8; 32]),
}

/// What tells one request from another: where it was sent, and every octet of it.
fn request_hash(tsu: &str, body: &[u8]) -> [u8; 32] {
    *Digest::of(&[Digest::of(body).as_bytes(), tsu.as_bytes()].concat()).as_bytes()
}

/// A request whose body is here.
struct Admitted {
    permit: Permit,
    /// Room for the body, as long as it is there.
    held: Held,
    client: Client,
    body: Bytes,
}

impl Door {
    /// Who sends this, if the unit lets them in.
    fn client(&self, request: &HttpRequest, unit: &Unit) -> Result<Client, Refused> {
        unit.access.check(request, self.admission.address(request)?)
    }

    /// Decides on a request before its body is read.
    fn check(&self, request: &HttpRequest, unit: &Unit) -> Result<(Client, Held), Refused> {
        let address = self.admission.address(request)?;
        let client = unit.access.check(request, address).or_else(|refused| {
            // Guessing is rationed too.
            self.admission.check(&Client::at(address)).and(Err(refused))
        })?;
        self.admission.check(&client)?;
        if let Some(quota) = &unit.quota {
            quota.check()?;
        }
        self.rules.check_head(request)?;
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let held = self.room.take(&client, length)?;
        Ok((client, held))
    }

    /// Reads the body where there is room for it, then takes a place (THR-87).
    async fn read(&self, request: &HttpRequest, payload: Payload, unit: &Unit) -> Result<Admitted, Refused> {
        let (client, held) = match self.check(request, unit) {
            Ok(checked) => checked,
            Err(refused) => {
                abandon(request, payload);
                return Err(refused);
            }
        };
        let body = self.rules.read(request, payload).await?;
        Ok(Admitted { permit: self.admission.enter(request)?, held, client, body })
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, BatchRefusal> {
    let mut values = request.headers().get_all("idempotency-key");
    let (Some(value), more) = (values.next(), values.next()) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let visible = text.bytes().all(|octet| octet.is_ascii_graphic());
    if more.is_some() || text.is_empty() || text.len() > KEY_LIMIT || !visible {
        return Err(BatchRefusal::IdempotencyKey { limit: KEY_LIMIT });
    }
    Ok(Some(text.to_owned()))
}

/// The answer to a request, again.
#[utoipa::path(
    get,
    path = "/tsa/batches/{id}",
    params(("id" = String, Path, description = "As the first answer named it")),
    responses(
        (status = 200, body = Answer, description = "The batch has its token, or failed"),
        (status = 202, body = Answer, description = "Waiting for its token; see Retry-After"),
        (status = 404, description = "Unknown, or older than answers are kept"),
        (status = 503, description = "Too many fetch at a time; see Retry-After"),
    )
)]
pub(super) async fn show(
    lane: Data<Lane>,
    fetching: Data<Fetching>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = SubmissionId::parse(&id).map_err(|refusal| problem::of(&refusal))?;
    let _turn = fetching.reads.turn().await?;
    let shown = shown(&lane, id).await?;
    respond(&lane, shown, StatusCode::OK).await
}

/// All records of a request, in a tar archive: `{digest}.ers`.
#[utoipa::path(
    get,
    path = "/tsa/batches/{id}/records",
    params(("id" = String, Path, description = "As the first answer named it")),
    responses(
        (status = 200, content_type = "application/x-tar", body = Vec<u8>, description = "One file for each different digest: EvidenceRecord, DER"),
        (status = 404, description = "Unknown, or older than answers are kept"),
        (status = 409, description = "No token yet, or never; see the code"),
        (status = 503, description = "Too many fetch at a time; see Retry-After"),
    )
)]
pub(super) async fn records(
    lane: Data<Lane>,
    fetching: Data<Fetching>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = SubmissionId::parse(&id).map_err(|refusal| problem::of(&refusal))?;
    let archive = fetching.archives.turn().await?;
    let shelf = lane.clone();
    let read = fetching.block(move || {
        let shown = shelf.shelf().show(id)?;
        let tree = shelf.shelf().tree(&shown.batch)?;
        Ok((shown, tree))
    });
    let (shown, tree) = read.await?;
    let time = match &shown.batch.state {
        BatchState::Stamped(stamp) => stamp.gen_time.unix_micros().div_euclid(1_000_000),
        BatchState::Pending | BatchState::Failed { .. } => 0,
    };
    let count = shown.digests.len();
    let pieces = (0..count.div_ceil(PIECE)).map(move |piece| {
        let (_archive, mut out) = (&archive, Vec::new());
        for digest in shown.digests.iter().skip(piece * PIECE).take(PIECE) {
            if let Some(record) = tree.record(digest) {
                tar::append(&mut out, &format!("{}.ers", hex::encode(digest)), &record, time);
            }
        }
        if (piece + 1) * PIECE >= count {
            tar::end(&mut out);
        }
        Ok::<_, actix_web::Error>(Bytes::from(out))
    });
    let name = format!("attachment; filename=\"{id}.tar\"");
    Ok(HttpResponse::Ok()
        .content_type("application/x-tar")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(stream::iter(pieces)))
}

/// The record of one digest.
#[utoipa::path(
    get,
    path = "/tsa/batches/{id}/records/{digest}",
    params(
        ("id" = String, Path, description = "As the first answer named it"),
        ("digest" = String, Path, description = "Hexadecimal"),
    ),
    responses(
        (status = 200, content_type = "application/octet-stream", body = Vec<u8>, description = "EvidenceRecord (RFC 4998), DER"),
        (status = 404, description = "Unknown, not brought by this request, or older than answers are kept"),
        (status = 409, description = "No token yet, or never; see the code"),
        (status = 503, description = "Too many fetch at a time; see Retry-After"),
    )
)]
pub(super) async fn record(
    lane: Data<Lane>,
    fetching: Data<Fetching>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, digest) = path.into_inner();
    let id = SubmissionId::parse(&id).map_err(|refusal| problem::of(&refusal))?;
    let digest = hex::decode(digest).map_err(|_| problem::of(&BatchRefusal::DigestUnknown))?;
    let shelf = lane.clone();
    let record = fetching.block(move || {
        let shown = shelf.shelf().show(id)?;
        // Others may share the tree: theirs is none of this caller's business.
        if shown.digests.position(&digest).is_none() {
            return Err(BatchRefusal::DigestUnknown);
        }
        shelf.shelf().tree(&shown.batch)?.record(&digest).ok_or(BatchRefusal::DigestUnknown)
    });
    Ok(HttpResponse::Ok().content_type("application/octet-stream").body(record.await?))
}

async fn shown(lane: &Data<Lane>, id: SubmissionId) -> Result<Shown, Problem> {
    let lane = lane.clone();
    block(move || lane.shelf().show(id)).await
}

/// Answers with what is known, at `done` where the batch is settled.
async fn respond(lane: &Data<Lane>, shown: Shown, done: StatusCode) -> Result<HttpResponse, Problem> {
    let (location, lane) = (format!("/tsa/batches/{}", shown.id), lane.clone());
    let pending = shown.batch.state == BatchState::Pending;
    let answer = block(move || Answer::new(&shown, lane.shelf())).await?;
    let mut response = HttpResponse::build(if pending { StatusCode::ACCEPTED } else { done });
    if pending {
        response.insert_header((header::RETRY_AFTER, "1"));
    }
    Ok(response
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(answer))
}

async fn block<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BatchRefusal> + Send + 'static,
) -> Result<T, Problem> {
    match web::block(work).await {
        Ok(result) => result.map_err(|refusal| problem::of(&refusal)),
        Err(_) => Err(problem::of(&BatchRefusal::Stopping)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU8;

    use actix_web::{FromRequest as _, test::TestRequest};
    use kokuin_clock::SystemClock;

    use super::*;
    use crate::{
        timekeeper::{TimeBase, Timekeeper},
        unit::UnitCounts,
    };

    fn unit() -> Unit {
        let base = Arc::new(TimeBase::new(Arc::new(SystemClock::undisciplined_for_development()), None));
        Unit {
            name: "tsu-1".to_owned(),
            is_default: false,
            keeper: Arc::new(Timekeeper::new(&base, 1_000, std::time::Duration::from_millis(250))),
            seats: Vec::new(),
            chains: Vec::new(),
            access: kokuin_web::Access::default(),
            quota: None,
            counts: UnitCounts::default(),
            standing: AtomicU8::new(0),
        }
    }

    /// A body takes memory until it has been taken apart, however fast it came.
    #[actix_web::test]
    async fn a_body_keeps_its_room_while_it_is_worked_on_thr_92() {
        let limits = Limits::default();
        let rules = BodyRules::new("application/json", ByteSize::from_bytes(1_000), &limits);
        let door = Door { admission: Admission::new(&limits), rules, room: Room::new(1_000) };
        let asked = TestRequest::post().insert_header(("content-type", "application/json")).set_payload("{}");
        let (request, mut payload) = asked.to_http_parts();
        let payload = Payload::from_request(&request, &mut payload).await.unwrap();
        let body = door.read(&request, payload, &unit()).await.unwrap();
        let client = door.client(&request, &unit()).unwrap();
        assert_eq!(door.room.take(&client, None).unwrap_err(), Refused::TooManyRequests { retry_after_s: 1 });
        drop(body);
        assert!(door.room.take(&client, None).is_ok());
    }
}
