//! A process is told to stop while it answers: the answer still leaves, then the hooks run in order.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{Arc, mpsc},
    time::Duration,
};

use actix_web::{HttpResponse, rt::time::sleep, web};
use kokuin_web::{Limits, ServiceSpec, bind, run};

#[test]
fn finishes_running_requests_of_both_listeners_thr_97() {
    let (hooks, seen) = mpsc::channel();
    let (mut services, mut addresses) = (Vec::new(), Vec::new());
    for name in ["tsa", "eseal"] {
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        addresses.push(listener.local_addr().unwrap());
        let application = Arc::new(|config: &mut web::ServiceConfig| {
            config.route(
                "/slow",
                web::get().to(|| async {
                    sleep(Duration::from_millis(700)).await;
                    HttpResponse::Ok().body("done")
                }),
            );
        });
        let hooks = hooks.clone();
        let service = ServiceSpec::new(name, listener, Limits::default(), application);
        services.push(service.on_shutdown(move || hooks.send(name).unwrap()));
    }
    let server = std::thread::spawn(move || run(services));
    let mut streams: Vec<TcpStream> = addresses.iter().map(|address| TcpStream::connect(address).unwrap()).collect();
    for stream in &mut streams {
        stream.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    }
    std::thread::sleep(Duration::from_millis(300));
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM).unwrap();
    for stream in &mut streams {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
    server.join().unwrap().unwrap();
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), ["tsa", "eseal"]);
    assert!(addresses.iter().all(|address| TcpStream::connect(address).is_err()));
}
