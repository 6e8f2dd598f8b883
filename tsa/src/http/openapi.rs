//! What this service says of its own routes in `/openapi.json`.

use kokuin_web::Description;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{batch, public, timestamp};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Kokuin time-stamps",
        description = "RFC 3161 time-stamps over HTTP, with receipts from a public log."
    ),
    paths(
        timestamp::stamp,
        timestamp::stamp_at,
        batch::submit,
        batch::submit_at,
        batch::show,
        batch::records,
        batch::record,
        public::certchain,
        public::certchain_of,
        public::receipt
    ),
    modifiers(&Schemes)
)]
struct Document;

/// What a TSU may ask clients for; many ask for nothing.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme(
            "certificate",
            SecurityScheme::MutualTls { description: None, deprecated: None, extensions: None },
        );
    }
}

/// The document.
pub(super) fn description() -> Description {
    Description::new(Document::openapi())
}
