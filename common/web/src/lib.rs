//! What both services share at the edge: authentication trait, limits, problem+json, correlation id, metrics, shutdown.
//!
//! May use: `settings`, actix-web. Must not know: TSP, seals, diesel, keys.
