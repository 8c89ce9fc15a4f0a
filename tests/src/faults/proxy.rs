//! A proxy on the way to a service: it takes connections, and does to them what its weather says.
//!
//! It knows nothing of what goes through it, but for where requests and answers of HTTP begin. Threads and
//! sockets of the standard library were chosen over a runtime: a connection that is held up holds up
//! nobody else.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    link::Link,
    weather::{Fault, Kind, Weather},
};
use crate::clients::random::Random;

/// How often a connection that is held up looks at the weather.
const LOOK: Duration = Duration::from_millis(20);

/// A proxy, until the process ends.
#[derive(Clone, Debug)]
pub struct Proxy {
    address: SocketAddr,
    sky: Arc<Sky>,
}

/// The weather of a proxy, as its connections look at it.
#[derive(Debug)]
pub(super) struct Sky {
    random: Random,
    /// It has changed so often.
    changes: AtomicU64,
    weather: Mutex<Weather>,
    /// What connections met so far.
    met: Mutex<BTreeMap<String, u64>>,
}

impl Proxy {
    /// One on the way to an address. What its connections meet is decided by the random numbers.
    ///
    /// # Errors
    /// Where there is no port left.
    pub fn start(to: SocketAddr, random: Random) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let sky = Arc::new(Sky {
            random,
            changes: AtomicU64::new(0),
            weather: Mutex::default(),
            met: Mutex::default(),
        });
        let proxy = Self {
            address: listener.local_addr()?,
            sky: Arc::clone(&sky),
        };
        thread::spawn(move || accept(&listener, to, &sky));
        Ok(proxy)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the weather, for connections that are open as well. Those in which something was lost end.
    pub fn set(&self, weather: Weather) {
        *held(&self.sky.weather) = weather;
        self.sky.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// What its connections met so far, and how often.
    #[must_use]
    pub fn met(&self) -> BTreeMap<String, u64> {
        held(&self.sky.met).clone()
    }
}

impl Sky {
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Where connections are taken and nothing comes, it does not matter whether there is somebody behind.
    fn wait_out_silence(&self) {
        let silence = Weather::always(&[Kind::HalfOpen]);
        if *held(&self.weather) == silence {
            self.count(Kind::HalfOpen);
        }
        while *held(&self.weather) == silence {
            thread::sleep(LOOK);
        }
    }

    /// What a connection meets until the next change.
    pub(super) fn draw(&self, connection: u64) -> Fault {
        let mut random = self.random.branch(connection).branch(self.changes());
        let (kind, fault) = held(&self.weather).draw(&mut random);
        if let Some(kind) = kind {
            self.count(kind);
        }
        fault
    }

    fn count(&self, kind: Kind) {
        *held(&self.met).entry(format!("{kind:?}")).or_default() += 1;
    }
}

fn accept(listener: &TcpListener, to: SocketAddr, sky: &Arc<Sky>) {
    for (number, client) in (0..).zip(listener.incoming()) {
        let Ok(client) = client else { continue };
        let sky = Arc::clone(sky);
        thread::spawn(move || {
            sky.wait_out_silence();
            // Where nobody listens there, the client finds its connection closed.
            if let Ok(server) = TcpStream::connect(to) {
                // It ends as it ends; both sides see how.
                let _ = Link::new(number, client, server, sky).carry();
            }
        });
    }
}

/// Whoever panicked while it was held left it as good as it was.
pub(super) fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
