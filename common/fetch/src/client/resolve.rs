//! Name resolution whose result is checked, and then used as it is: no second look-up can give another address.

use std::{fmt, io};

use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

use crate::{FetchError, Reach};

/// The system's resolver, without the addresses that are out of reach.
#[derive(Default)]
pub(super) struct GuardedResolver {
    inner: DefaultResolver,
    reach: Reach,
}

impl GuardedResolver {
    pub(super) fn new(reach: Reach) -> Self {
        Self { inner: DefaultResolver::default(), reach }
    }
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GuardedResolver({:?})", self.reach)
    }
}

impl Resolver for GuardedResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = || uri.host().unwrap_or_default().to_owned();
        let found = match self.inner.resolve(uri, config, timeout) {
            Ok(found) => found,
            Err(ureq::Error::HostNotFound) => return Err(carry(FetchError::HostUnknown { host: host() })),
            // What a resolver says of a name it does not know is an error of input and output without a kind.
            Err(ureq::Error::Io(_)) => return Err(carry(FetchError::HostUnknown { host: host() })),
            Err(other) => return Err(other),
        };
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| self.reach.allows(address.ip())) {
            allowed.push(*address);
        }
        match (allowed.is_empty(), found.first()) {
            (false, _) => Ok(allowed),
            (true, Some(address)) => Err(carry(FetchError::AddressForbidden { host: host(), address: address.ip() })),
            (true, None) => Err(carry(FetchError::HostUnknown { host: host() })),
        }
    }
}

/// Takes one of our own errors through the library.
fn carry(error: FetchError) -> ureq::Error {
    ureq::Error::Io(io::Error::other(error))
}

/// Gets it back on the other side.
pub(super) fn refusal(error: ureq::Error) -> Result<FetchError, ureq::Error> {
    match error {
        ureq::Error::Io(error) => error.downcast::<FetchError>().map_err(ureq::Error::Io),
        other => Err(other),
    }
}
