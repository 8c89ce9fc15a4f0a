//! How a service is (`NOTIFY_SOCKET`): units of the types `notify` and `notify-reload` wait for it.

use std::{
    convert::Infallible,
    env,
    ffi::OsString,
    future::pending,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use tokio::time::{MissedTickBehavior, interval};

/// Tells systemd how the service is; tells nobody where nobody asked.
///
/// What cannot be told is logged: no service should fail because nobody listens.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// As this process's environment says.
    #[must_use]
    pub fn from_env() -> Self {
        Self::of(env::var_os)
    }

    fn of(variable: impl Fn(&'static str) -> Option<OsString>) -> Self {
        let Some(address) = variable("NOTIFY_SOCKET") else {
            return Self::default();
        };
        let socket = connect(&address).inspect_err(|error| {
            tracing::warn!(%error, ?address, "systemd cannot be told how the service is");
        });
        Self {
            socket: socket.ok(),
            watchdog: watchdog(variable),
        }
    }

    /// It serves.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// It reads its configuration again; once that is done it is [ready](Self::ready) again.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// It ends.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// Another process is the service from now on, and this one ends.
    pub fn main_process(&self, pid: i32) {
        self.tell(&format!("MAINPID={pid}"));
    }

    /// What it does, in a line for people.
    pub fn status(&self, line: &str) {
        self.tell(&format!("STATUS={line}"));
    }

    /// Says for ever that the runtime is alive, as often as the unit's `WatchdogSec=` asks for.
    pub async fn keep_alive(&self) -> Infallible {
        let Some(limit) = self.watchdog else {
            return pending().await;
        };
        let mut ticks = interval(limit / 2);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tell("WATCHDOG=1");
        }
    }

    fn tell(&self, what: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.send(what.as_bytes()) {
            tracing::warn!(%error, what, "systemd could not be told");
        }
    }
}

/// A path, or the name of an abstract socket after an `@`.
fn connect(address: &OsString) -> io::Result<UnixDatagram> {
    let address = match address.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(address)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address)?;
    Ok(socket)
}

/// How long systemd waits for a sign of life of this process.
fn watchdog(variable: impl Fn(&'static str) -> Option<OsString>) -> Option<Duration> {
    let number = |name| variable(name)?.to_str()?.parse::<u64>().ok();
    let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
    let micros = number("WATCHDOG_USEC").filter(|micros| *micros > 1 && ours)?;
    Some(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody to tell, at an address.
    fn systemd(address: &SocketAddr) -> UnixDatagram {
        UnixDatagram::bind_addr(address).unwrap()
    }

    fn told(by: &UnixDatagram) -> String {
        let mut buffer = [0; 200];
        let read = by.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..read].to_vec()).unwrap()
    }

    #[test]
    fn systemd_is_told_at_a_path_or_at_an_abstract_name() {
        let name = format!("registry-notify-{}", std::process::id());
        let path = env::temp_dir().join(&name);
        let listening = [
            (
                path.clone().into_os_string(),
                systemd(&SocketAddr::from_pathname(&path).unwrap()),
            ),
            (
                format!("@{name}").into(),
                systemd(&SocketAddr::from_abstract_name(&name).unwrap()),
            ),
        ];
        for (address, systemd) in &listening {
            let notifier = Notifier::of(|name| (name == "NOTIFY_SOCKET").then(|| address.clone()));
            notifier.ready();
            assert_eq!(told(systemd), "READY=1");
            notifier.reloading();
            let reloading = told(systemd);
            let micros = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
            assert!(micros.unwrap().parse::<u64>().unwrap() > 0);
            notifier.status("draining");
            assert_eq!(told(systemd), "STATUS=draining");
            notifier.main_process(7);
            assert_eq!(told(systemd), "MAINPID=7");
            notifier.stopping();
            assert_eq!(told(systemd), "STOPPING=1");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn nobody_is_told_where_nobody_asks() {
        Notifier::of(|_| None).ready();
        let gone = Notifier::of(|_| Some("/nowhere/at/all".into()));
        gone.ready();
    }

    #[test]
    fn signs_of_life_are_those_that_this_process_is_asked_for() {
        let pid = std::process::id().to_string();
        for (micros, of, expected) in [
            ("2000000", None, Some(Duration::from_secs(2))),
            ("2000000", Some(pid.as_str()), Some(Duration::from_secs(2))),
            ("2000000", Some("1"), None),
            ("0", None, None),
            ("often", None, None),
        ] {
            let asked = watchdog(|name| match name {
                "WATCHDOG_USEC" => Some(micros.into()),
                _ => of.map(Into::into),
            });
            assert_eq!(asked, expected, "{micros} {of:?}");
        }
    }
}
