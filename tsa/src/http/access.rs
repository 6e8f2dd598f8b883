//! Who may use a TSU, where not everybody may.

use std::fmt::Debug;

use actix_web::HttpRequest;
use kokuin_web::Refused;

/// A rule over a request's head and connection, asked before its body is read.
pub trait Access: Debug + Send + Sync {
    /// Lets the request in.
    ///
    /// # Errors
    /// Why not.
    fn check(&self, request: &HttpRequest) -> Result<(), Refused>;
}
