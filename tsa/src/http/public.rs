//! What relying parties fetch: the TSU's certificates, and receipts.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{self, Data, Path},
};
use kokuin_asn1::{Certificate, pem};
use kokuin_audit::{ReceiptAnswer, Wanted, entry::Serial};
use kokuin_web::{LogRoutes, Problem, Refused, Turns};

use crate::{Service, life::Phase, seat::Seat};

/// The certificates of every TSU that signs, with their issuers', PEM.
#[utoipa::path(
    get,
    path = "/tsa/certchain",
    responses((status = 200, content_type = "application/pem-certificate-chain", body = String,
        description = "Each active TSU's certificate, followed by its issuers'"))
)]
pub(super) async fn certchain(service: Data<Service>) -> HttpResponse {
    let (units, now) = (service.units(), service.now_micros());
    let seats = units.seats().filter(|seat| seat.tsu().life().phase_at(now) == Phase::Active).map(Seat::tsu);
    chain(seats.flat_map(|tsu| std::iter::once(tsu.certificate()).chain(tsu.chain())))
}

/// The certificates of one TSU's keys, those of the past and the next one's included, with their issuers', PEM.
#[utoipa::path(
    get,
    path = "/tsa/{tsu}/certchain",
    params(("tsu" = String, Path, description = "The TSU's name")),
    responses(
        (status = 200, content_type = "application/pem-certificate-chain", body = String,
            description = "Each certificate, followed by its issuers', in the order in which their keys sign"),
        (status = 404, description = "No TSU of this name"),
    )
)]
pub(super) async fn certchain_of(service: Data<Service>, name: Path<String>) -> Result<HttpResponse, Refused> {
    let unit = service.unit(&name).ok_or(Refused::NotFound)?;
    Ok(chain(unit.chains().iter().flatten()))
}

fn chain<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> HttpResponse {
    let text: String = certificates.map(|certificate| pem::encode("CERTIFICATE", certificate.der())).collect();
    HttpResponse::Ok().content_type("application/pem-certificate-chain").body(text)
}

/// The receipt of a token: its log entry, proven to be in the log.
#[utoipa::path(
    get,
    path = "/tsa/receipts/{serial}",
    params(("serial" = String, Path, description = "serialNumber, content octets in lower-case hexadecimal")),
    responses(
        (status = 200, content_type = "text/plain", body = String, description = "c2sp.org/tlog-proof@v1"),
        (status = 404, description = "The log holds no token of this number"),
        (status = 503, description = "No checkpoint covers the entry yet, a log cannot be read, or too many ask; see Retry-After"),
    )
)]
pub(super) async fn receipt(
    service: Data<Service>,
    logs: Data<LogRoutes>,
    turns: Data<Turns>,
    serial: Path<String>,
) -> Result<HttpResponse, Problem> {
    let serial = Serial::from_hex(&serial).map_err(|_| unknown())?;
    let turn = turns.turn().await?;
    let find = move || {
        let _turn = turn;
        find(&service, &logs, &serial)
    };
    let receipt = web::block(find).await.map_err(|_| not_yet(1))??;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(receipt))
}

fn find(service: &Service, logs: &LogRoutes, serial: &Serial) -> Result<String, Problem> {
    let unreadable = |code: &str| {
        tracing::warn!(code, "a log that may hold the token gives no receipt now");
        not_yet(5)
    };
    match service.log().receipt(Wanted::Serial(serial)) {
        Ok(ReceiptAnswer::Receipt(receipt)) => Ok(receipt.to_string()),
        Ok(ReceiptAnswer::NotYetCovered { retry_after }) => Err(not_yet(retry_after.as_secs().max(1))),
        // Behind one address, another instance may have made the token.
        Ok(ReceiptAnswer::Unknown) => logs.receipt_elsewhere(serial).map_err(unreadable)?.ok_or_else(unknown),
        Err(error) => Err(unreadable(error.code())),
    }
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "tsa.receipt-unknown", "the log holds no token of this number")
}

fn not_yet(seconds: u64) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "tsa.receipt-not-yet", "no checkpoint covers the entry yet")
        .header(header::RETRY_AFTER, &seconds.to_string())
}
