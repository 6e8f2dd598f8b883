//! A TCP connection that ends when its place is taken away.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::open::{Slot, Ticket};

pub(super) struct Watched {
    stream: TcpStream,
    ticket: Ticket,
}

impl Watched {
    pub(super) const fn new(stream: TcpStream, ticket: Ticket) -> Self {
        Self { stream, ticket }
    }

    pub(super) fn slot(&self) -> Arc<Slot> {
        Arc::clone(&self.ticket.slot)
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ticket.slot.is_evicted() {
            return Poll::Ready(Ok(()));
        }
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if outcome.is_pending() {
            self.ticket.slot.wake_with(context.waker());
            // It may have been taken away between the two.
            if self.ticket.slot.is_evicted() {
                return Poll::Ready(Ok(()));
            }
        }
        outcome
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        if outcome.is_pending() {
            if self.ticket.slot.is_evicted() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            self.ticket.slot.wake_with(context.waker());
        }
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
