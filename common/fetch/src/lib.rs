//! The only outgoing HTTP, guarded: TSP with the answer checked against its request, CRL.
//!
//! May use: `asn1`. Must not know: trust decisions.

mod client;
mod error;
mod guard;
mod limits;
#[cfg(feature = "native-tls")]
mod tls;
pub mod tsp;
mod url;

pub use client::{Answer, Client, FormPart};
pub use error::FetchError;
pub use guard::Reach;
pub use limits::Limits;
#[cfg(feature = "native-tls")]
pub use tls::Tls;
pub use url::Url;
