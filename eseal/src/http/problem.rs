//! Each refusal as HTTP says it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix_web::{
    HttpRequest, HttpResponse, Route,
    http::{StatusCode, header},
    web,
};
use kokuin_fetch::tsp::TspError;
use kokuin_pdf::PdfError;
use kokuin_web::{Authenticator as _, Problem, Refused, abandon};

use crate::{Actor, SealError, Service};

/// Seconds after which something outside may have recovered.
const LATER_S: &str = "5";

impl SealError {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Multipart(_)
            | Self::PartUnknown
            | Self::PartTwice(_)
            | Self::PartMissing(_)
            | Self::Json { .. }
            | Self::DocumentOrDigest
            | Self::DigestValue
            | Self::IdempotencyKey => StatusCode::BAD_REQUEST,
            Self::FormatNotOffered(_)
            | Self::LevelNotOffered(_)
            | Self::PackagingNotOffered(_)
            | Self::AppearanceNotOffered
            | Self::ReasonWithoutPdf
            | Self::DigestNotForFormat
            | Self::DocumentEmpty
            | Self::DigestAlgorithmUnknown
            | Self::DigestAlgorithm { .. }
            | Self::DigestLength { .. }
            | Self::CredentialUnknown
            | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::DocumentTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Pdf(error) => pdf_status(error),
            Self::AlreadySealed(_) | Self::InProgress => StatusCode::CONFLICT,
            Self::SealUnknown => StatusCode::NOT_FOUND,
            Self::ReadBack(_) | Self::Defect => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Tsa(error @ (TspError::Fetch(_) | TspError::TurnedAway(_))) if error.may_pass() => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Tsa(_) | Self::TsaToken(_) => StatusCode::BAD_GATEWAY,
            Self::ReceiptNotYet { .. }
            | Self::Clock(_)
            | Self::ClockTooUncertain { .. }
            | Self::KeyNotActive(_)
            | Self::OutsideCertificate { .. }
            | Self::Algorithm(_)
            | Self::Key(_)
            | Self::Log(_)
            | Self::Store(_)
            | Self::TsaBusy
            | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What a caller may read. What goes on inside is for operators.
    fn public_text(&self) -> String {
        match self {
            Self::Key(_) => "the key does not sign at the moment".to_owned(),
            Self::Log(_) | Self::Store(_) => "the seal cannot be recorded at the moment".to_owned(),
            Self::Tsa(_) => "the time-stamping authority gave no token".to_owned(),
            Self::TsaToken(_) => "the time-stamping authority's token does not hold".to_owned(),
            Self::ReadBack(_) => "the seal was not released, since it does not hold when read back".to_owned(),
            Self::Multipart(_)
            | Self::PartUnknown
            | Self::PartTwice(_)
            | Self::PartMissing(_)
            | Self::Json { .. }
            | Self::FormatNotOffered(_)
            | Self::LevelNotOffered(_)
            | Self::PackagingNotOffered(_)
            | Self::AppearanceNotOffered
            | Self::ReasonWithoutPdf
            | Self::DigestNotForFormat
            | Self::DocumentOrDigest
            | Self::DocumentEmpty
            | Self::DocumentTooLarge { .. }
            | Self::DigestAlgorithmUnknown
            | Self::DigestAlgorithm { .. }
            | Self::DigestValue
            | Self::DigestLength { .. }
            | Self::Pdf(_)
            | Self::CredentialUnknown
            | Self::IdempotencyKey
            | Self::IdempotencyKeyReused
            | Self::AlreadySealed(_)
            | Self::InProgress
            | Self::SealUnknown
            | Self::ReceiptNotYet { .. }
            | Self::Clock(_)
            | Self::ClockTooUncertain { .. }
            | Self::KeyNotActive(_)
            | Self::OutsideCertificate { .. }
            | Self::Algorithm(_)
            | Self::TsaBusy
            | Self::Defect
            | Self::Stopping => self.to_string(),
        }
    }
}

const fn pdf_status(error: &PdfError) -> StatusCode {
    match error {
        PdfError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        // The room is this service's choice.
        PdfError::SignatureTooLong { .. } | PdfError::BadHole { .. } | PdfError::BadTime(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        PdfError::NotPdf
        | PdfError::HeaderOffset { .. }
        | PdfError::TooManyObjects { .. }
        | PdfError::TooManyRevisions { .. }
        | PdfError::TooCostly { .. }
        | PdfError::TooDeep { .. }
        | PdfError::Encrypted
        | PdfError::BrokenXref { .. }
        | PdfError::HybridXref { .. }
        | PdfError::DoubleKey
        | PdfError::BrokenObject { .. }
        | PdfError::Unreadable(_)
        | PdfError::BrokenPages { .. }
        | PdfError::ExistingForm { .. }
        | PdfError::ExistingSignature { .. }
        | PdfError::Certified
        | PdfError::ActiveContent(_)
        | PdfError::BadText { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        let status = error.status();
        if status.is_server_error() {
            tracing::warn!(code = error.code(), %error, "no seal");
        }
        let problem = Self::new(status, error.code(), error.public_text()).clause(error.clause());
        match error {
            SealError::AlreadySealed(id) => problem.header(header::LOCATION, &format!("/v1/seals/{id}")),
            SealError::ReceiptNotYet { retry_after_s } => {
                problem.header(header::RETRY_AFTER, &retry_after_s.to_string())
            }
            _ if status == StatusCode::SERVICE_UNAVAILABLE => problem.header(header::RETRY_AFTER, LATER_S),
            _ => problem,
        }
    }
}

/// Tells who asks. Looks into the database, so not on the worker's thread.
pub(super) async fn authenticate(service: &web::Data<Service>, request: &HttpRequest) -> Result<Actor, Refused> {
    let (service, headers) = (service.clone(), request.headers().clone());
    web::block(move || service.door.authenticate(&headers)).await.map_err(|_| Refused::Busy { retry_after_s: 1 })?
}

/// Tells who asks, if that actor may read; counts who may not.
pub(super) async fn reader(service: &web::Data<Service>, request: &HttpRequest) -> Result<Actor, Refused> {
    let actor = authenticate(service, request).await.and_then(|actor| actor.check_may_read().map(|()| actor));
    actor.inspect_err(|refused| service.turned_away(refused))
}

/// What a resource answers to every other method: 405, counted.
pub(super) fn only(allow: &'static str) -> Route {
    web::to(move |request: HttpRequest, payload: web::Payload, service: web::Data<Service>| async move {
        abandon(&request, payload);
        let refused = Refused::Method { allow };
        service.turned_away(&refused);
        Err::<HttpResponse, _>(refused)
    })
}

/// Runs what blocks, and turns its refusal, or its panic, into an answer.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SealError> + Send + 'static,
) -> Result<T, Problem> {
    match web::block(move || catch_unwind(AssertUnwindSafe(work))).await {
        Ok(Ok(answer)) => answer.map_err(Problem::from),
        Ok(Err(_)) => Err(SealError::Defect.into()),
        Err(_) => Err(SealError::Stopping.into()),
    }
}
