//! What this service says of its own routes in `/openapi.json`.

use kokuin_web::Description;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{credentials, read, seals};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Kokuin e-seals",
        description = "Seals documents for an organisation (PAdES, CAdES), with receipts from a public log."
    ),
    paths(seals::create, read::metadata, read::receipt, credentials::list),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The document.
pub(super) fn description() -> Description {
    Description::new(Document::openapi())
}
