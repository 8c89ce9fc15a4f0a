//! Connections to whichever of several hosts will do.
//!
//! The driver goes through its hosts by itself, but waits for each as long as it takes: of a host that is gone
//! without a word nobody would get to the next one. So each has its time here, and where one did, it is asked
//! first by whoever comes then.

use std::{
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config, Error, Socket,
    config::Host,
    tls::{MakeTlsConnect, TlsConnect},
};

pub(super) struct InTurn<T> {
    tls: T,
    hosts: Vec<Config>,
    /// Which of them is asked first.
    first: AtomicUsize,
    patience: Duration,
}

type Connected<'a> =
    Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

impl<T> InTurn<T> {
    /// To the hosts of a configuration, each of which has so long to answer.
    pub(super) fn new(config: &Config, patience: Duration, tls: T) -> Self {
        let count = config.get_hosts().len().max(config.get_hostaddrs().len());
        let hosts = match count {
            0 | 1 => vec![config.clone()],
            _ => (0..count).map(|place| only(config, place)).collect(),
        };
        Self {
            tls,
            hosts,
            first: AtomicUsize::new(0),
            patience,
        }
    }

    /// How long all of them may take.
    pub(super) fn patience(&self) -> Duration {
        self.patience * u32::try_from(self.hosts.len()).unwrap_or(u32::MAX)
    }
}

impl<T> Connect for InTurn<T>
where
    T: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
    T::Stream: Sync + Send,
    T::TlsConnect: Sync + Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, _: &Config) -> Connected<'_> {
        Box::pin(async move {
            let (first, count) = (self.first.load(Ordering::Relaxed), self.hosts.len());
            for place in (first..first + count - 1).map(|turn| turn % count) {
                let connected = tokio::time::timeout(self.patience, self.try_one(place));
                if let Ok(Ok(connected)) = connected.await {
                    return Ok(connected);
                }
            }
            // The time that all may take, which the pool knows, is over with that of the last one.
            self.try_one((first + count - 1) % count).await
        })
    }
}

impl<T> InTurn<T>
where
    T: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
    T::Stream: Sync + Send,
    T::TlsConnect: Sync + Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    async fn try_one(&self, place: usize) -> Result<(Client, JoinHandle<()>), Error> {
        // Whoever gives up before an answer leaves it at that.
        self.first
            .store((place + 1) % self.hosts.len(), Ordering::Relaxed);
        let (client, connection) = self.hosts[place].connect(self.tls.clone()).await?;
        self.first.store(place, Ordering::Relaxed);
        // Whoever uses it hears how it ended.
        let carried = tokio::spawn(async move { drop(connection.await) });
        Ok((client, carried))
    }
}

/// The configuration with one of its hosts.
fn only(config: &Config, place: usize) -> Config {
    let mut one = of_all_hosts(config);
    match config.get_hosts().get(place) {
        Some(Host::Tcp(host)) => drop(one.host(host)),
        Some(Host::Unix(path)) => drop(one.host_path(path)),
        None => {}
    }
    if let Some(address) = config.get_hostaddrs().get(place) {
        one.hostaddr(*address);
    }
    let ports = config.get_ports();
    if let Some(port) = ports.get(place).or_else(|| ports.first()) {
        one.port(*port);
    }
    one
}

fn of_all_hosts(config: &Config) -> Config {
    let mut one = Config::new();
    one.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .target_session_attrs(config.get_target_session_attrs())
        .load_balance_hosts(config.get_load_balance_hosts())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle());
    config.get_user().map(|user| one.user(user));
    config.get_password().map(|password| one.password(password));
    config.get_dbname().map(|name| one.dbname(name));
    config.get_options().map(|options| one.options(options));
    config
        .get_application_name()
        .map(|name| one.application_name(name));
    config
        .get_connect_timeout()
        .map(|time| one.connect_timeout(*time));
    config
        .get_tcp_user_timeout()
        .map(|time| one.tcp_user_timeout(*time));
    config
        .get_keepalives_interval()
        .map(|time| one.keepalives_interval(time));
    config
        .get_keepalives_retries()
        .map(|times| one.keepalives_retries(times));
    one
}
