//! One connection: taken in, encrypted or not, watched while it lives, let go when others need its place.

mod framing;
mod gate;
mod open;
mod watched;

use std::{
    future::Future as _,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::rt::time::{Sleep, sleep};
use framing::{Framing, Progress};
pub(crate) use gate::Gate;
pub(crate) use open::Slot;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_openssl::SslStream;
use watched::Watched;

use crate::PeerCertificate;

/// Pinned, since the library asks for it.
type Inner = Pin<Box<SslStream<Watched>>>;

/// A connection that HTTP is spoken over.
///
/// What it reads has passed [`Framing`]: a second opinion on where a request ends, stricter than the HTTP library's
/// (THR-88). A request that does not come to its end in time, and an answer that nobody takes, end it (THR-87).
pub(crate) struct Connection {
    stream: Stream,
    framing: Framing,
    times: Times,
    /// What the timer runs for.
    waiting: Progress,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
}

enum Stream {
    Plain(Watched),
    Tls(Inner),
}

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// From the first byte of a request to the end of its headers.
    pub(crate) head: Duration,
    /// From there to the end of its body, and between two pieces of an answer.
    pub(crate) body: Duration,
}

impl Connection {
    fn new(stream: Stream, times: Times) -> Self {
        Self { stream, framing: Framing::default(), times, waiting: Progress::Between, reading: None, writing: None }
    }

    /// Its place among the open connections.
    pub(crate) fn slot(&self) -> Arc<Slot> {
        match &self.stream {
            Stream::Plain(stream) => stream.slot(),
            Stream::Tls(stream) => stream.get_ref().slot(),
        }
    }

    /// The certificate that the client showed.
    pub(crate) fn certificate(&self) -> Option<PeerCertificate> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => PeerCertificate::of(stream.ssl()),
        }
    }

    /// True once the peer has taken longer than it may.
    fn is_overdue(&mut self, context: &mut Context<'_>) -> bool {
        let progress = self.framing.progress();
        if progress != self.waiting {
            self.waiting = progress;
            self.reading = None;
        }
        let allowed = match progress {
            Progress::Between => return false,
            Progress::Head => self.times.head,
            Progress::Body => self.times.body,
        };
        self.reading.get_or_insert_with(|| Box::pin(sleep(allowed))).as_mut().poll(context).is_ready()
    }

    fn poll_out<T>(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.writing = None;
            return outcome;
        }
        let allowed = self.times.body;
        ready!(self.writing.get_or_insert_with(|| Box::pin(sleep(allowed))).as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.framing.is_broken() {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let outcome = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => stream.as_mut().poll_read(context, buffer),
        };
        match outcome {
            Poll::Ready(Ok(())) => {
                this.framing.look(&mut buffer.filled_mut()[before..]);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // As if the peer had closed: whoever reads ends what it does.
            Poll::Pending if this.is_overdue(context) => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => stream.as_mut().poll_write(context, bytes),
        };
        self.poll_out(context, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => stream.as_mut().poll_flush(context),
        };
        self.poll_out(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => stream.as_mut().poll_shutdown(context),
        };
        self.poll_out(context, outcome)
    }
}
