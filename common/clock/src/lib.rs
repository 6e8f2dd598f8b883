//! The clock: an instant, how uncertain it is and where it comes from, or a refusal.
//!
//! Lives here: `trait Clock`, readings, the monotonic guard. Must not know: signing, policy, HTTP.
