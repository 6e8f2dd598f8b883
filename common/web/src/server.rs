//! Listeners of one process, from start to a graceful stop.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, KeepAlive};
use actix_service::{ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, Server},
    rt::{
        System,
        net::TcpStream,
        signal::unix::{SignalKind, signal},
    },
    web::{self, ServiceConfig},
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    Limits, Tls,
    connection::{Connection, Gate},
    route::nothing,
};

/// Adds a service's routes and data. Called once in each worker, so that a worker can have a signer and buffers of its
/// own: put them into `app_data`.
pub type Application = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// What is done after the last request.
type Hook = Box<dyn FnOnce() + Send>;

/// What is done at each SIGHUP.
type HangupHook = Box<dyn Fn() + Send>;

/// Threads of a worker for what blocks; they start when they are needed.
const BLOCKING_THREADS: usize = 256;

/// Connections that may wait in the kernel.
const BACKLOG: i32 = 4_096;

/// How long a connection that is being closed may take for it.
const DISCONNECT: Duration = Duration::from_secs(1);

/// Connections of a worker, as the library counts them.
const UNLIMITED: usize = 1 << 20;

/// One listener and what it serves.
pub struct ServiceSpec {
    name: &'static str,
    listener: TcpListener,
    limits: Limits,
    tls: Option<Tls>,
    application: Application,
    on_shutdown: Vec<Hook>,
    on_hangup: Vec<HangupHook>,
}

impl ServiceSpec {
    /// A service called `name` on a listener that [`bind`] made.
    #[must_use]
    pub fn new(name: &'static str, listener: TcpListener, limits: Limits, application: Application) -> Self {
        Self { name, listener, limits, tls: None, application, on_shutdown: Vec::new(), on_hangup: Vec::new() }
    }

    /// Speaks TLS, and nothing else, on this listener.
    #[must_use]
    pub fn tls(mut self, tls: Option<Tls>) -> Self {
        self.tls = tls;
        self
    }

    /// Something to do after the last request of all services was answered, in order: close the log, for instance.
    #[must_use]
    pub fn on_shutdown(mut self, hook: impl FnOnce() + Send + 'static) -> Self {
        self.on_shutdown.push(Box::new(hook));
        self
    }

    /// Something to do at each SIGHUP, quickly: the thread that hears signals waits for it. Where no service has one, SIGHUP ends the process.
    #[must_use]
    pub fn on_hangup(mut self, hook: impl Fn() + Send + 'static) -> Self {
        self.on_hangup.push(Box::new(hook));
        self
    }

    fn start(self) -> io::Result<(Server, Vec<Hook>, Vec<HangupHook>)> {
        let Self { name, listener, limits, tls, application, on_shutdown, on_hangup } = self;
        let workers = limits.worker_count();
        let address = listener.local_addr()?;
        tracing::info!(service = name, %address, workers, tls = tls.is_some(), "listening");
        let gate = Gate::new(&limits, tls);
        let builder = Server::build();
        let stopping = builder.graceful_shutdown_signal();
        let (keep_alive, head) = (KeepAlive::Timeout(limits.keep_alive.as_std()), limits.header_timeout.as_std());
        let factory = move || {
            let (gate, application, stopping) = (gate.clone(), Arc::clone(&application), stopping.clone());
            let app = App::new().configure(|config| application(config)).default_service(web::to(nothing));
            // HTTP/1 alone: nothing is negotiated.
            let http = HttpService::build()
                .keep_alive(keep_alive)
                .client_request_timeout(head)
                .client_disconnect_timeout(DISCONNECT)
                .local_addr(address)
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .on_connect_ext(|connection: &Connection, data| {
                    data.insert(connection.slot());
                    data.insert(connection.certificate());
                })
                .h1(map_config(app, |()| AppConfig::default()));
            // What goes wrong on one connection is no news.
            fn_service(move |stream: TcpStream| gate.clone().enter(stream))
                .map_err(|error| tracing::debug!(%error, "a connection was not taken in"))
                .and_then(http.map_err(|error| tracing::debug!(%error, "a connection broke")))
        };
        let server = builder
            .workers(workers)
            // The library divides 512 among the workers, so that many processors leave too few for each.
            .worker_max_blocking_threads(BLOCKING_THREADS)
            // Who goes when there are too many is the gate's choice, so the library is never the first to stop.
            .max_concurrent_connections(UNLIMITED)
            .shutdown_timeout(limits.shutdown_timeout.as_std().as_secs().max(1))
            .disable_signals()
            .listen(name, listener, factory)?
            .run();
        Ok((server, on_shutdown, on_hangup))
    }
}

impl fmt::Debug for ServiceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceSpec({})", self.name)
    }
}

/// Opens a listener, so that the port is known, and a port in use is an error, before anything starts.
///
/// # Errors
/// What the operating system says.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    // The standard library lets only 128 connections wait.
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}

/// Takes as many files as the system allows. With the usual 1024, clients that hold connections would leave none for the
/// log's anchor, and so stop the service that they are clients of.
fn raise_file_limit() {
    let found = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: found.maximum, maximum: found.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, limit = found.current, "the limit on open files stays as it is");
    }
}

/// Serves until SIGTERM or SIGINT (SIGHUP: [`ServiceSpec::on_hangup`]), lets the requests that run finish, then calls the shutdown hooks. A second signal
/// does not wait for requests (THR-97).
///
/// # Errors
/// If a listener cannot be served.
pub fn run(services: Vec<ServiceSpec>) -> io::Result<()> {
    raise_file_limit();
    System::new().block_on(async move {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (mut handles, mut running, mut hooks) = (Vec::new(), Vec::new(), Vec::new());
        let mut hangup_hooks = Vec::new();
        for service in services {
            let (server, on_shutdown, on_hangup) = service.start()?;
            handles.push(server.handle());
            running.push(actix_web::rt::spawn(server));
            hooks.extend(on_shutdown);
            hangup_hooks.extend(on_hangup);
        }
        if !hangup_hooks.is_empty() {
            let mut hangup = signal(SignalKind::hangup())?;
            actix_web::rt::spawn(async move {
                while hangup.recv().await.is_some() {
                    hangup_hooks.iter().for_each(|hook| hook());
                }
            });
        }
        actix_web::rt::spawn(async move {
            for graceful in [true, false] {
                std::future::poll_fn(|context| {
                    let either = terminate.poll_recv(context).is_ready() || interrupt.poll_recv(context).is_ready();
                    if either { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
                })
                .await;
                tracing::info!(graceful, "stopping");
                for handle in &handles {
                    // Not awaited: a second signal must still be heard.
                    drop(actix_web::rt::spawn(handle.stop(graceful)));
                }
            }
        });
        let mut result = Ok(());
        for server in running {
            let ended = server.await.map_err(io::Error::other).and_then(|ended| ended);
            result = result.and(ended);
        }
        for hook in hooks {
            hook();
        }
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_all_files_that_the_system_allows() {
        let maximum = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: Some(256), maximum }).unwrap();
        raise_file_limit();
        assert_eq!(getrlimit(Resource::Nofile).current, maximum);
    }
}
