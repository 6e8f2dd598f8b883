//! What relying parties fetch: the TSU's certificates, and receipts.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{self, Data, Path},
};
use kokuin_asn1::pem;
use kokuin_audit::{ReceiptAnswer, Wanted, entry::Serial};
use kokuin_web::Problem;

use crate::Service;

/// The TSU's certificate and its issuers', PEM.
#[utoipa::path(
    get,
    path = "/tsa/certchain",
    responses((status = 200, content_type = "application/pem-certificate-chain", body = String,
        description = "The TSU's certificate first"))
)]
pub(super) async fn certchain(service: Data<Service>) -> HttpResponse {
    let own = std::iter::once(service.tsu().certificate());
    let chain: String =
        own.chain(service.tsu().chain()).map(|certificate| pem::encode("CERTIFICATE", certificate.der())).collect();
    HttpResponse::Ok().content_type("application/pem-certificate-chain").body(chain)
}

/// The receipt of a token: its log entry, proven to be in the log.
#[utoipa::path(
    get,
    path = "/tsa/receipts/{serial}",
    params(("serial" = String, Path, description = "serialNumber, content octets in lower-case hexadecimal")),
    responses(
        (status = 200, content_type = "text/plain", body = String, description = "c2sp.org/tlog-proof@v1"),
        (status = 404, description = "The log holds no token of this number"),
        (status = 503, description = "No checkpoint covers the entry yet; see Retry-After"),
    )
)]
pub(super) async fn receipt(service: Data<Service>, serial: Path<String>) -> Result<HttpResponse, Problem> {
    let serial = Serial::from_hex(&serial).map_err(|_| unknown())?;
    let answer = web::block(move || service.log().receipt(Wanted::Serial(&serial))).await.map_err(|_| not_yet(1))?;
    match answer {
        Ok(ReceiptAnswer::Receipt(receipt)) => {
            Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(receipt.to_string()))
        }
        Ok(ReceiptAnswer::NotYetCovered { retry_after }) => Err(not_yet(retry_after.as_secs().max(1))),
        Ok(ReceiptAnswer::Unknown) => Err(unknown()),
        Err(error) => {
            tracing::warn!(%error, "no receipt");
            Err(not_yet(5))
        }
    }
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "tsa.receipt-unknown", "the log holds no token of this number")
}

fn not_yet(seconds: u64) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "tsa.receipt-not-yet", "no checkpoint covers the entry yet")
        .header(header::RETRY_AFTER, &seconds.to_string())
}
