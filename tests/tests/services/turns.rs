//! Servers that take turns at collection.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
    time::Duration,
};

use super::{
    replica::{Cluster, ROUNDS, Replica},
    until::until,
};

const LEFT: &str = "registry_collection_left_total";
const INTERVAL: Duration = Duration::from_secs(1);

/// Longer than the lease of a server that was killed.
const LEASE: Duration = Duration::from_secs(60);

impl Cluster {
    /// Three servers that collect each second, whose time stands still, each with a name in the database.
    fn collecting() -> Self {
        let mut cluster = Self::start(0);
        for name in 0..3 {
            let database = format!("{} application_name=server{name}", cluster.database);
            let settings = [
                ("REGISTRY_COLLECTION_INTERVAL", "1s".to_owned()),
                ("REGISTRY_COLLECTION_SHARE", "100".to_owned()),
                ("REGISTRY_DATABASE_DEADLINE", "10m".to_owned()),
            ];
            let replica = Replica::start_with(&database, &cluster.bucket, &settings);
            cluster.replicas.push(replica);
            if name == 0 {
                cluster.stop_the_clock();
            }
        }
        cluster
    }

    fn rounds(&self) -> u64 {
        let servers = 0..self.replicas.len();
        servers.map(|server| self.figure(server, ROUNDS)).sum()
    }

    /// Waits until every server has found that it is not its turn, twice.
    fn until_all_have_left_it(&self) {
        for server in 0..self.replicas.len() {
            let before = self.figure(server, LEFT);
            until("a server looks whether it is its turn", || {
                self.figure(server, LEFT) >= before + 2
            });
        }
    }
}

#[test]
fn of_three_servers_one_collects_in_each_interval() {
    let cluster = Cluster::collecting();
    cluster.until_all_have_left_it();
    let before = cluster.rounds();
    for round in 1..=3 {
        cluster.pass(INTERVAL);
        until("a round", || cluster.rounds() == before + round);
        cluster.until_all_have_left_it();
        assert_eq!(cluster.rounds(), before + round);
    }
}

#[test]
fn the_turn_of_a_killed_server_passes_on_after_its_lease() {
    let mut cluster = Cluster::collecting();
    cluster.until_all_have_left_it();
    // Whoever begins a round stands still in it.
    let mut other = cluster.postgres.psql("registry");
    let mut other = other
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = other.stdin.take().unwrap();
    writeln!(told, "BEGIN; LOCK TABLE collector; SELECT 'held';").unwrap();
    let mut said = String::new();
    let mut says = BufReader::new(other.stdout.take().unwrap());
    says.read_line(&mut said).unwrap();
    assert_eq!(said, "held\n");
    cluster.pass(INTERVAL);
    let holder = || {
        cluster.sql(
            "SELECT right(application_name, 1) FROM pg_stat_activity
             WHERE wait_event_type = 'Lock' AND application_name LIKE 'server%'",
        )
    };
    until("a server is at work", || !holder().is_empty());
    let holder: usize = holder().parse().expect("one server");
    cluster.replicas.remove(holder).kill();
    drop(told);
    other.wait().unwrap();

    let before = cluster.rounds();
    cluster.until_all_have_left_it();
    assert_eq!(cluster.rounds(), before, "the lease is the killed server's");
    cluster.pass(LEASE);
    until("another's round", || cluster.rounds() == before + 1);
    cluster.until_all_have_left_it();
    assert_eq!(cluster.rounds(), before + 1);
}
