//! From an accepted socket to a connection that HTTP is spoken over.

use std::{fmt, io, net::SocketAddr, time::Duration};

use actix_web::rt::{net::TcpStream, time::timeout};
use tokio_openssl::SslStream;

use super::{Connection, Stream, Times, Watched, open::OpenConnections};
use crate::{Limits, Proxies, Tls, client::Client};

/// What a body may take longer than its reader waits for it, so that the reader answers first.
const GRACE: Duration = Duration::from_secs(5);

/// What every accepted socket passes. Shared by the workers of a listener.
#[derive(Clone)]
pub(crate) struct Gate {
    open: OpenConnections,
    tls: Option<Tls>,
    proxies: Option<Proxies>,
    handshake: Duration,
    times: Times,
}

impl Gate {
    pub(crate) fn new(limits: &Limits, tls: Option<Tls>) -> Self {
        let count = |limit: kokuin_settings::Limit| usize::try_from(limit.get()).unwrap_or(usize::MAX);
        Self {
            open: OpenConnections::new(count(limits.connections), count(limits.connections_per_client)),
            tls,
            proxies: limits.proxies.clone(),
            handshake: limits.handshake_timeout.as_std(),
            times: Times { head: limits.header_timeout.as_std(), body: limits.body_timeout.as_std() + GRACE },
        }
    }

    /// Lets a socket in, through a TLS handshake if the listener has TLS.
    ///
    /// # Errors
    /// If there is no place for it, or the handshake fails or takes too long (THR-87).
    pub(crate) async fn enter(self, stream: TcpStream) -> io::Result<(Connection, Option<SocketAddr>)> {
        let peer = stream.peer_addr()?;
        stream.set_nodelay(true)?;
        // A proxy brings many clients.
        let capped = !self.proxies.as_ref().is_some_and(|proxies| proxies.knows(peer.ip()));
        let ticket = self.open.enter(Client::at(peer.ip()), capped).ok_or(io::ErrorKind::ConnectionRefused)?;
        let stream = Watched::new(stream, ticket);
        let stream = match &self.tls {
            None => Stream::Plain(stream),
            Some(tls) => {
                let session = tls.session().map_err(io::Error::other)?;
                let mut stream = Box::pin(SslStream::new(session, stream).map_err(io::Error::other)?);
                let shaken = timeout(self.handshake, stream.as_mut().accept()).await;
                shaken.map_err(|_| io::ErrorKind::TimedOut)?.map_err(io::Error::other)?;
                Stream::Tls(stream)
            }
        };
        Ok((Connection::new(stream, self.times), Some(peer)))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("tls", &self.tls).finish_non_exhaustive()
    }
}
