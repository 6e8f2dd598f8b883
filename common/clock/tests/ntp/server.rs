//! Servers that a test tells what to say, and the time they live in.

use std::{
    net::UdpSocket,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use kokuin_clock::{
    Clock as _, Monotonic, OsTime, TimeReading, TimeSource,
    ntp::{MeasuredClock, Monitor, Rules, SntpServer, TimeServer},
};

/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_435_200_000_000;
const SECOND: i64 = 1_000_000;

/// Time that passes as outside, and faster when a test says so.
#[derive(Clone, Debug)]
pub(crate) struct World(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    start: Monotonic,
    utc_at_start: i64,
    passed: AtomicU64,
    wall_error: AtomicI64,
    leapt: AtomicI64,
}

impl World {
    pub(crate) fn at(utc_micros: i64) -> Self {
        let start = OsTime.monotonic();
        let (passed, wall_error, leapt) = Default::default();
        Self(Arc::new(Hands { start, utc_at_start: utc_micros, passed, wall_error, leapt }))
    }

    pub(crate) fn pass(&self, by: Duration) {
        self.0.passed.fetch_add(u64::try_from(by.as_micros()).unwrap(), SeqCst);
    }

    /// Somebody sets the machine's clock.
    pub(crate) fn step_wall(&self, by_micros: i64) {
        self.0.wall_error.fetch_add(by_micros, SeqCst);
    }

    /// UTC repeats (-1 s) or skips (+1 s) a second.
    pub(crate) fn leap(&self, by_micros: i64) {
        self.0.leapt.fetch_add(by_micros, SeqCst);
    }

    pub(crate) fn utc(&self, at: Monotonic) -> i64 {
        let since = i64::try_from(at.since(self.0.start).as_micros()).unwrap();
        self.0.utc_at_start + since + self.0.leapt.load(SeqCst)
    }
}

impl TimeSource for World {
    fn wall_micros(&self) -> i64 {
        self.utc(self.monotonic()) + self.0.wall_error.load(SeqCst)
    }

    fn monotonic(&self) -> Monotonic {
        let passed = Duration::from_micros(self.0.passed.load(SeqCst));
        let real = OsTime.monotonic().since(Monotonic::from_start(Duration::ZERO));
        Monotonic::from_start(real + passed)
    }
}

/// What a server does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// How far it is off.
    pub(crate) shift: i64,
    pub(crate) leap: u8,
    pub(crate) stratum: u8,
    /// 1/65536 s.
    pub(crate) root_delay: u32,
    /// 1/65536 s.
    pub(crate) root_dispersion: u32,
    /// The question takes so long to arrive.
    pub(crate) slow_question: Duration,
    /// The answer takes so long to arrive.
    pub(crate) slow_answer: Duration,
    pub(crate) silent: bool,
    /// Before its answer comes a kiss-o'-death from somebody who has not seen the question.
    pub(crate) spoofed: Option<[u8; 4]>,
    /// It says kiss-o'-death itself.
    pub(crate) kiss: Option<[u8; 4]>,
}

impl Manner {
    pub(crate) const HONEST: Self = Self {
        shift: 0,
        leap: 0,
        stratum: 1,
        root_delay: 0,
        root_dispersion: 0,
        slow_question: Duration::ZERO,
        slow_answer: Duration::ZERO,
        silent: false,
        spoofed: None,
        kiss: None,
    };

    pub(crate) const fn shifted(by_micros: i64) -> Self {
        Self { shift: by_micros, ..Self::HONEST }
    }
}

#[derive(Debug)]
struct Shared {
    manner: Mutex<Manner>,
    questions: AtomicU64,
    end: AtomicBool,
}

/// An NTP server on a port that the system chose.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) authority: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(world: &World, manner: Manner) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let authority = socket.local_addr().unwrap().to_string();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let shared =
            Arc::new(Shared { manner: Mutex::new(manner), questions: AtomicU64::new(0), end: AtomicBool::new(false) });
        let (world, seen) = (world.clone(), Arc::clone(&shared));
        let thread = thread::spawn(move || {
            let mut question = [0; 48];
            while !seen.end.load(SeqCst) {
                let Ok((48, client)) = socket.recv_from(&mut question) else { continue };
                seen.questions.fetch_add(1, SeqCst);
                let manner = *seen.manner.lock().unwrap();
                if let Some(code) = manner.spoofed {
                    socket.send_to(&kiss(&[0x5a; 8], code), client).unwrap();
                }
                if manner.silent {
                    continue;
                }
                thread::sleep(manner.slow_question);
                let answer = match manner.kiss {
                    Some(code) => kiss(&question[40..], code),
                    None => answer(&question[40..], manner, world.utc(world.monotonic()) + manner.shift),
                };
                thread::sleep(manner.slow_answer);
                socket.send_to(&answer, client).unwrap();
            }
        });
        Self { authority, shared, thread: Some(thread) }
    }

    pub(crate) fn manner(&self) -> MutexGuard<'_, Manner> {
        self.shared.manner.lock().unwrap()
    }

    pub(crate) fn questions(&self) -> u64 {
        self.shared.questions.load(SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.end.store(true, SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn answer(origin: &[u8], manner: Manner, utc: i64) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[0] = manner.leap << 6 | 4 << 3 | 4;
    bytes[1] = manner.stratum;
    // 2^-20 s.
    bytes[3] = 0xec;
    bytes[4..8].copy_from_slice(&manner.root_delay.to_be_bytes());
    bytes[8..12].copy_from_slice(&manner.root_dispersion.to_be_bytes());
    bytes[12..16].copy_from_slice(b"TEST");
    bytes[16..24].copy_from_slice(&stamp(utc - SECOND));
    bytes[24..32].copy_from_slice(origin);
    bytes[32..40].copy_from_slice(&stamp(utc));
    bytes[40..48].copy_from_slice(&stamp(utc));
    bytes
}

/// RFC 5905 section 7.4: stratum 0, the code in the place of the reference.
fn kiss(origin: &[u8], code: [u8; 4]) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[0] = 3 << 6 | 4 << 3 | 4;
    bytes[12..16].copy_from_slice(&code);
    bytes[24..32].copy_from_slice(origin);
    bytes
}

/// 32 bits of seconds since 1900, modulo 2^32, and 32 of fraction.
fn stamp(utc: i64) -> [u8; 8] {
    let seconds = (utc.div_euclid(SECOND) + 2_208_988_800).rem_euclid(1 << 32).unsigned_abs();
    let fraction = (utc.rem_euclid(SECOND).unsigned_abs() << 32) / 1_000_000;
    (seconds << 32 | fraction).to_be_bytes()
}

/// A clock, what feeds it, and the servers that it asks.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) servers: Vec<Server>,
    pub(crate) clock: MeasuredClock<World>,
    pub(crate) monitor: Monitor<World>,
}

impl Bench {
    pub(crate) fn at(utc_micros: i64, manners: &[Manner]) -> Self {
        Self::ruled(utc_micros, manners, Rules::default())
    }

    pub(crate) fn ruled(utc_micros: i64, manners: &[Manner], rules: Rules) -> Self {
        let world = World::at(utc_micros);
        let servers: Vec<_> = manners.iter().map(|manner| Server::start(&world, *manner)).collect();
        let names: Vec<_> = servers.iter().map(|server| server.authority.as_str()).collect();
        let (clock, monitor) = MeasuredClock::with_monitor(world.clone(), rules, ask(&names));
        Self { world, servers, clock, monitor }
    }

    /// One that has been polled once.
    pub(crate) fn polled(manners: &[Manner]) -> Self {
        let mut bench = Self::at(NOON, manners);
        bench.monitor.poll();
        bench
    }

    /// A reading, compared with the UTC that it is about.
    pub(crate) fn read_right(&self) -> TimeReading {
        let reading = self.clock.read().unwrap();
        let error = self.world.utc(reading.stamp()).abs_diff(reading.instant().unix_micros());
        assert!(error <= reading.uncertainty().as_micros(), "{error} us off: {reading:?}");
        reading
    }

    pub(crate) fn refusal(&self) -> &'static str {
        self.clock.read().unwrap_err().code()
    }

    pub(crate) fn say(&self, server: usize, manner: Manner) {
        *self.servers[server].manner() = manner;
    }

    pub(crate) fn say_all(&self, manner: Manner) {
        for server in &self.servers {
            *server.manner() = manner;
        }
    }
}

/// Clients that are less patient than in production.
pub(crate) fn ask(names: &[&str]) -> Vec<Box<dyn TimeServer>> {
    let patience = Duration::from_secs(2);
    names.iter().map(|name| SntpServer::new(name, patience).boxed()).collect()
}
