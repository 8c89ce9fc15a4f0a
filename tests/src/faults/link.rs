//! A connection through a proxy.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::net::sockopt::set_socket_linger;

use super::{
    http,
    proxy::{Sky, held},
    weather::Fault,
};
use crate::clients::moment::Moment;

/// How often a connection looks at the weather while nothing comes.
const LOOK: Duration = Duration::from_millis(20);

/// Whoever is told to go away has so long to listen.
const LINGER: Duration = Duration::from_secs(1);

/// Both ends, and what happens between them.
pub(super) struct Link {
    number: u64,
    client: TcpStream,
    server: TcpStream,
    sky: Arc<Sky>,
    fate: Mutex<Fate>,
    over: AtomicBool,
}

/// What the connection meets since the weather changed last.
struct Fate {
    change: u64,
    fault: Fault,
    /// So many bytes went through since, in both directions.
    passed: u64,
}

/// What is to be done with a piece.
enum Step {
    Pass,
    Wait,
    /// Pass so many bytes and break.
    Break(usize, Fault),
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To the service.
    Up,
    /// To the client.
    Down,
}

impl Link {
    pub(super) fn new(number: u64, client: TcpStream, server: TcpStream, sky: Arc<Sky>) -> Self {
        let fate = Fate {
            change: sky.changes(),
            fault: sky.draw(number),
            passed: 0,
        };
        Self {
            number,
            client,
            server,
            sky,
            fate: Mutex::new(fate),
            over: AtomicBool::new(false),
        }
    }

    /// Carries bytes both ways until the connection has ended.
    pub(super) fn carry(&self) -> io::Result<()> {
        for end in [&self.client, &self.server] {
            end.set_nodelay(true)?;
            end.set_read_timeout(Some(LOOK))?;
            end.set_write_timeout(Some(LOOK))?;
        }
        thread::scope(|scope| {
            scope.spawn(|| self.pump(Way::Up));
            self.pump(Way::Down);
        });
        Ok(())
    }

    /// Where an end is gone the other one hears of it: both are reset, unless they have been ended.
    fn pump(&self, way: Way) {
        if self.try_pump(way).is_err() && !self.over.swap(true, Ordering::SeqCst) {
            for end in [&self.client, &self.server] {
                // It may be gone already.
                let _ = set_socket_linger(end, Some(Duration::ZERO));
            }
        }
    }

    fn try_pump(&self, way: Way) -> io::Result<()> {
        let (mut from, to) = match way {
            Way::Up => (&self.client, &self.server),
            Way::Down => (&self.server, &self.client),
        };
        let mut piece = vec![0; 64 << 10];
        while !self.over.load(Ordering::SeqCst) {
            if matches!(self.step(way, &[])?, Step::Wait) {
                thread::sleep(LOOK);
                continue;
            }
            let length = match from.read(&mut piece) {
                Ok(0) => return to.shutdown(Shutdown::Write),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            match self.step(way, &piece[..length])? {
                Step::Pass => self.hand(to, &piece[..length])?,
                // What was lost is never delivered: the connection ends with the weather.
                Step::Wait => {}
                Step::Break(at, fault) => {
                    self.hand(to, &piece[..at])?;
                    return self.end(fault);
                }
            }
        }
        Ok(())
    }

    /// Writes a piece to an end, which may be slow, unless the connection has ended.
    fn hand(&self, mut to: &TcpStream, mut piece: &[u8]) -> io::Result<()> {
        while !piece.is_empty() && !self.over.load(Ordering::SeqCst) {
            match to.write(piece) {
                Ok(written) => piece = &piece[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What happens to a piece, or to the connection while nothing comes.
    fn step(&self, way: Way, piece: &[u8]) -> io::Result<Step> {
        let (fault, before) = self.fault(piece.len() as u64)?;
        let over = |limit: u64| before + piece.len() as u64 > limit;
        let rest = |limit: u64| usize::try_from(limit.saturating_sub(before)).unwrap_or(0);
        Ok(match fault {
            Fault::None => Step::Pass,
            Fault::Silence(limit) if before >= limit || over(limit) => Step::Wait,
            _ if piece.is_empty() => Step::Pass,
            Fault::Delay(time) => {
                thread::sleep(time);
                Step::Pass
            }
            Fault::Bandwidth(bytes) => {
                thread::sleep(Duration::from_millis(piece.len() as u64 * 1000 / bytes));
                Step::Pass
            }
            Fault::Reset(limit) | Fault::End(limit) if over(limit) => {
                Step::Break(rest(limit), fault)
            }
            Fault::Refusal(_) if way == Way::Up && http::is_request(piece) => Step::Break(0, fault),
            Fault::Truncation(at) if way == Way::Down => match http::cut(piece, at) {
                Some(cut) => {
                    held(&self.fate).fault = Fault::End(before + cut);
                    return self.cut(before + cut, before, piece.len());
                }
                None => Step::Pass,
            },
            _ => Step::Pass,
        })
    }

    fn cut(&self, limit: u64, before: u64, length: usize) -> io::Result<Step> {
        let keep = usize::try_from(limit - before).unwrap_or(length);
        Ok(match keep < length {
            true => Step::Break(keep, Fault::End(limit)),
            false => Step::Pass,
        })
    }

    /// The fault, and how many bytes went through before these. A connection that fell silent breaks when
    /// the weather changes.
    fn fault(&self, more: u64) -> io::Result<(Fault, u64)> {
        let mut fate = held(&self.fate);
        let change = self.sky.changes();
        if fate.change != change {
            if matches!(fate.fault, Fault::Silence(limit) if fate.passed >= limit) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            *fate = Fate {
                change,
                fault: self.sky.draw(self.number),
                passed: 0,
            };
        }
        let before = fate.passed;
        fate.passed += more;
        Ok((fate.fault, before))
    }

    /// Ends both sides as the fault says.
    fn end(&self, fault: Fault) -> io::Result<()> {
        if matches!(fault, Fault::Reset(_)) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if let Fault::Refusal(status) = fault {
            self.hand(&self.client, http::refusal(status).as_bytes())?;
            self.client.shutdown(Shutdown::Write)?;
            self.drain();
        }
        self.over.store(true, Ordering::SeqCst);
        self.client.shutdown(Shutdown::Both)?;
        self.server.shutdown(Shutdown::Both)
    }

    /// Whoever still sends would otherwise lose the answer.
    fn drain(&self) {
        let (begun, mut piece) = (Moment::now(), vec![0; 64 << 10]);
        while begun.age() < LINGER && !matches!((&self.client).read(&mut piece), Ok(0)) {}
    }
}
