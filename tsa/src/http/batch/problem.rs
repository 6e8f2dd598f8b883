//! The one place where a rule of the batch lane meets its HTTP status.

use actix_web::http::{StatusCode, header};
use kokuin_evidence::BatchError;
use kokuin_web::Problem;

use crate::batch::BatchRefusal;

/// The answer to a request that is refused. A store's own words stay inside.
pub(super) fn of(refusal: &BatchRefusal) -> Problem {
    let (status, retry_after) = status(refusal);
    let title = match refusal {
        BatchRefusal::Store(_) | BatchRefusal::Random(_) => {
            tracing::error!(code = refusal.code(), %refusal, "batch lane");
            "the service cannot do this at the moment".to_owned()
        }
        told => told.to_string(),
    };
    let problem = Problem::new(status, refusal.code(), title).clause(refusal.clause());
    match retry_after {
        Some(seconds) => problem.header(header::RETRY_AFTER, &seconds.to_string()),
        None => problem,
    }
}

/// Status, and after how many seconds to come again.
const fn status(refusal: &BatchRefusal) -> (StatusCode, Option<u64>) {
    match refusal {
        BatchRefusal::Malformed(_)
        | BatchRefusal::AlgorithmUnknown(_)
        | BatchRefusal::AlgorithmNotAccepted(_)
        | BatchRefusal::DigestSpelling { .. }
        | BatchRefusal::TooMany { .. }
        | BatchRefusal::IdempotencyKey { .. }
        | BatchRefusal::Digests(
            BatchError::Empty
            | BatchError::TooMany { .. }
            | BatchError::DigestLength { .. }
            | BatchError::AlgorithmOfThePast(_),
        ) => (StatusCode::BAD_REQUEST, None),
        BatchRefusal::TsuUnknown(_) | BatchRefusal::Unknown | BatchRefusal::DigestUnknown => {
            (StatusCode::NOT_FOUND, None)
        }
        BatchRefusal::IdempotencyKeyTaken => (StatusCode::UNPROCESSABLE_ENTITY, None),
        BatchRefusal::InProgress | BatchRefusal::NotYet => (StatusCode::CONFLICT, Some(1)),
        BatchRefusal::Failed { .. } => (StatusCode::CONFLICT, None),
        BatchRefusal::ClientFull { .. } => (StatusCode::TOO_MANY_REQUESTS, Some(1)),
        BatchRefusal::ClientRate { seconds } => (StatusCode::TOO_MANY_REQUESTS, Some(*seconds)),
        BatchRefusal::LaneFull { .. } | BatchRefusal::NotReached => (StatusCode::SERVICE_UNAVAILABLE, Some(1)),
        BatchRefusal::Stopping | BatchRefusal::Store(_) | BatchRefusal::Random(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, Some(5))
        }
        // Only a token of our own can be wrong, and none is written into an answer.
        BatchRefusal::Digests(BatchError::Token(_) | BatchError::OtherImprint(_)) => {
            (StatusCode::INTERNAL_SERVER_ERROR, None)
        }
    }
}
