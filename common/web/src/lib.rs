//! What both services share at the edge: TLS, who may come in, limits, problem+json, correlation id, metrics, shutdown.
//!
//! May use: `settings`, `audit` (to serve its tiles), actix-web, OpenSSL for TLS. Must not know: TSP, seals, diesel, keys.
//!
//! Nothing here wraps a whole application: a scope takes the middleware it needs, so that `POST /tsa` pays for none.

mod access;
mod admission;
mod auth;
mod body;
mod client;
mod connection;
mod correlation;
mod health;
mod hindrance;
mod limits;
mod log_routes;
pub mod metrics;
mod openapi;
mod problem;
mod refused;
mod refused_counts;
mod route;
mod server;
mod shared_quota;
mod static_file;
mod tls;
mod turns;

pub use access::{Access, AccessConfig, AccessError, ApiKey, Sha256};
pub use admission::{Admission, Permit, Quota};
pub use auth::{Authenticator, bearer};
pub use body::{BodyRules, abandon};
pub use client::{Client, ForwardedHeader, Network, NetworkError, Proxies};
pub use correlation::{CorrelationId, correlate};
pub use health::{Health, NotReady, Readiness};
pub use hindrance::Hindrance;
pub use limits::{Limits, RateLimit};
pub use log_routes::{LogRoutes, OtherLogs, PublicLog};
pub use openapi::Description;
pub use problem::{Problem, ProblemBody};
pub use refused::Refused;
pub use refused_counts::RefusedCounts;
pub use route::{get_or_head, only};
pub use server::{Application, ServiceSpec, bind, run};
pub use shared_quota::SharedQuota;
pub use static_file::StaticFile;
pub use tls::{PeerCertificate, RenewedTls, Tls, TlsConfig, TlsError};
pub use turns::{Turn, Turns};
