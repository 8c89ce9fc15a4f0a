//! PgBouncer before the database, which hands connections out by the transaction.

use std::{
    fs,
    net::TcpStream,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

use registry_tests::ports::unused_address;

use super::{
    replica::{Cluster, Replica},
    services::Postgres,
    until::until,
};

pub(crate) struct Pooler {
    process: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Pooler {
    /// One with so many connections to the database, whoever asks.
    pub(crate) fn start(postgres: &Postgres, connections: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (port, place) = (unused_address().port(), directory.path());
        fs::write(place.join("users"), "\"registry\" \"\"\n").unwrap();
        let settings = format!(
            "[databases]\n* = host={} port=5432\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\n\
             pool_mode = transaction\ndefault_pool_size = {connections}\n",
            postgres.directory().display(),
            place.join("users").display()
        );
        fs::write(place.join("settings"), settings).unwrap();
        let mut command = Command::new("/usr/sbin/pgbouncer");
        command.arg(place.join("settings")).stderr(Stdio::null());
        if let Some((user, group)) = postgres.owner() {
            // It refuses to be root.
            std::os::unix::fs::chown(place, Some(user), Some(group)).unwrap();
            command.uid(user).gid(group);
        }
        let process = command.spawn().expect("the package pgbouncer");
        until("pgbouncer listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self {
            process,
            port,
            _directory: directory,
        }
    }

    /// A database behind it.
    pub(crate) fn database(&self, name: &str) -> String {
        format!("postgres://registry@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn servers_work_through_a_pooler_that_hands_connections_out_by_the_transaction() {
    let mut cluster = Cluster::start(0);
    let pooler = Pooler::start(&cluster.postgres, 2);
    let through = pooler.database("registry");
    let unnamed = [("REGISTRY_DATABASE_STATEMENTS", "unnamed".to_owned())];
    for _ in 0..2 {
        let replica = Replica::start_with(&through, &cluster.bucket, &unnamed);
        cluster.replicas.push(replica);
    }
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let cluster = &cluster;
            scope.spawn(move || {
                for turn in 0..5 {
                    let (repository, layer) = (format!("team/{writer}"), format!("layer {turn}"));
                    cluster.push_image(turn, &repository, "latest", &layer);
                    let path = format!("/v2/{repository}/manifests/latest");
                    let read = cluster.get(turn + 1, &path).text().unwrap();
                    let digest = super::replica::sha256(layer.as_bytes());
                    assert!(read.contains(&digest));
                }
            });
        }
    });
}
