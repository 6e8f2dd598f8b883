//! A listener with a thread for each connection, which can be closed and opened again at the same address.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::http::{self, Reply, Request};

/// Answers requests. One is called from many threads.
pub(crate) trait Service: Send + Sync + 'static {
    fn answer(&self, request: &Request) -> Reply;
}

/// An open listener. Dropping it closes it with all its connections.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens at `address`; a connection that says nothing for `idle` is closed.
    pub(crate) fn open(address: SocketAddr, idle: Option<Duration>, service: Arc<dyn Service>) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(Mutex::new(Vec::new()));
        let acceptor = {
            let (stopping, connections) = (Arc::clone(&stopping), Arc::clone(&connections));
            thread::spawn(move || accept(&listener, idle, &service, &stopping, &connections))
        };
        Ok(Self { address, stopping, connections, acceptor: Some(acceptor) })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            // A panic there has been printed.
            drop(acceptor.join());
        }
        for connection in self.connections.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // It may be closed already.
            drop(connection.shutdown(Shutdown::Both));
        }
    }
}

fn accept(
    listener: &TcpListener,
    idle: Option<Duration>,
    service: &Arc<dyn Service>,
    stopping: &AtomicBool,
    connections: &Mutex<Vec<TcpStream>>,
) {
    for stream in listener.incoming() {
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(copy) = stream.try_clone() else { continue };
        let mut open = connections.lock().unwrap_or_else(PoisonError::into_inner);
        // Those whose other end has gone.
        open.retain(|connection| connection.peer_addr().is_ok());
        open.push(copy);
        drop(open);
        let service = Arc::clone(service);
        thread::spawn(move || {
            // The other end has gone, or was idle for too long.
            drop(serve(stream, idle, service.as_ref()));
        });
    }
}

fn serve(mut stream: TcpStream, idle: Option<Duration>, service: &dyn Service) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(idle)?;
    let mut buffer = Vec::new();
    let served = converse(&mut stream, &mut buffer, service);
    // The listener keeps a copy of the stream, so that dropping this one closes nothing.
    drop(stream.shutdown(Shutdown::Both));
    served
}

fn converse(stream: &mut TcpStream, buffer: &mut Vec<u8>, service: &dyn Service) -> io::Result<()> {
    while let Some(request) = http::read(stream, buffer)? {
        let reply = service.answer(&request);
        reply.send(stream)?;
        if reply.close || !request.keep_alive {
            break;
        }
    }
    Ok(())
}
