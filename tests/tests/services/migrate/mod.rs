//! A registry that moves from a data directory to a database and a bucket, and back.

mod client;
mod stage;

use std::{
    fs,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    thread::{scope, sleep},
    time::Duration,
};

use self::{
    client::{Acknowledged, At},
    stage::{Stage, migrate, moved, not_started, refused},
};
use super::{
    replica::{Replica, content, program, sha256},
    until::until,
};

/// What arrives is waited for at most so many times, this long.
const LOOKS: u32 = 60_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// Moves while two clients push, and answers what they were told done.
fn moved_while_used(at: &At, seed: &str, from: &Path, to: &Path) -> Vec<Acknowledged> {
    let stop = AtomicBool::new(false);
    scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|client| {
                let (stop, seed) = (&stop, format!("{seed}{client}"));
                scope.spawn(move || {
                    let mut acknowledged = Acknowledged::default();
                    acknowledged.push_on(at, &seed, stop);
                    acknowledged
                })
            })
            .collect();
        until("both clients push", || {
            let tags = at.tags();
            (0..2).all(|client| tags.contains(&format!("\"{seed}{client}-")))
        });
        let ended = migrate(from, to);
        stop.store(true, Ordering::Relaxed);
        let acknowledged = clients.into_iter().map(|one| one.join().unwrap()).collect();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.success(), "{said}");
        acknowledged
    })
}

#[test]
fn a_registry_moves_up_and_down_while_it_is_pushed_to_and_loses_nothing() {
    moves_up_and_down(&Stage::new());
}

#[test]
fn it_moves_to_and_from_a_database_behind_a_pooler_as_well() {
    moves_up_and_down(&Stage::pooled());
}

fn moves_up_and_down(stage: &Stage) {
    let (up, down) = (stage.shared(), stage.local("down"));
    let from = stage.local("from");
    let old = At::new(Replica::on_directory(&stage.directory("from")));
    let pushed = moved_while_used(&old, "up", &from, &up);
    old.assert_closed("this registry has moved");
    let new = stage.shared_server();
    for acknowledged in &pushed {
        assert!(!acknowledged.layers.is_empty());
        acknowledged.assert_served(&new);
    }
    assert_eq!(new.tags(), old.tags());
    drop(old);
    let said = not_started(&stage.directory("from"));
    assert!(said.contains("has moved to the bucket registry"), "{said}");
    let again = refused(&from, &up);
    assert!(again.contains("has moved"), "{again}");
    let more = moved_while_used(&new, "down", &up, &down);
    new.assert_closed("this registry has moved");
    let back = At::new(Replica::on_directory(&stage.directory("down")));
    for acknowledged in pushed.iter().chain(&more) {
        acknowledged.assert_served(&back);
    }
    assert_eq!(back.tags(), new.tags());
    assert!(back.push(b"it takes pushes again").is_ok());
    let said = stage.shared_not_started();
    assert!(said.contains("has moved to the data directory"), "{said}");
}

#[test]
fn one_that_was_killed_goes_on_and_sends_nothing_again() {
    const OBJECTS: u64 = 40;
    let stage = Stage::new();
    let (from, to) = (stage.local("from"), stage.shared());
    let old = At::new(Replica::on_directory(&stage.directory("from")));
    let blob = |number: u64| [&number.to_be_bytes()[..], &content(6 << 20)].concat();
    for number in 0..OBJECTS {
        old.push(&blob(number)).unwrap();
    }
    old.server.kill();
    let mut command = program();
    command.arg("migrate").arg("--config").arg(&from);
    command.args(["--parallel", "1", "--to"]).arg(&to);
    let mut going = command.stdout(Stdio::null()).spawn().unwrap();
    let looks = (0..LOOKS).map(|_| {
        sleep(BETWEEN_LOOKS);
        stage.bucket.objects() as u64
    });
    let arrived = { looks }.find(|some| *some > 4).expect("some arrive");
    going.kill().unwrap();
    going.wait().unwrap();
    let refused = stage.shared_not_started();
    assert!(refused.contains("run registry migrate again"), "{refused}");
    let said = moved(&from, &to);
    let line = said.lines().find(|line| line.starts_with("round 1: "));
    let numbers = line
        .unwrap()
        .split([' ', ','])
        .filter_map(|word| word.parse().ok());
    let numbers: Vec<u64> = numbers.collect();
    let (carried, before) = (numbers[0], numbers[2]);
    assert_eq!(carried + before, OBJECTS, "{said}");
    // The marker is an object as well, and the row of the last one may not have been written.
    assert!(
        before + 2 >= arrived && before < OBJECTS,
        "{arrived} arrived, {said}"
    );
    let new = stage.shared_server();
    for number in 0..OBJECTS {
        assert!(new.blob(&sha256(&blob(number))) == blob(number));
    }
}

#[test]
fn a_target_that_is_not_empty_is_refused_and_left_as_it_is() {
    let stage = Stage::new();
    let (from, up) = (stage.local("from"), stage.shared());
    let old = At::new(Replica::on_directory(&stage.directory("from")));
    old.push_image("v1", b"layer").unwrap();
    let used = stage.shared_server();
    used.push_image("v1", b"another layer").unwrap();
    let said = refused(&from, &up);
    assert!(said.contains("is not empty"), "{said}");
    let there = used.tagged("v1");
    let elsewhere = At::new(Replica::on_directory(&stage.directory("elsewhere")));
    let said = refused(&from, &stage.local("elsewhere"));
    assert!(said.contains("is not empty"), "{said}");
    drop(elsewhere);
    let memory = stage.written("memory.toml", "[storage]\nmemory = true\n");
    let said = refused(&from, &memory);
    assert!(said.contains("in memory"), "{said}");
    // The old one goes on as if nothing had been asked.
    old.push_image("v2", b"more").unwrap();
    assert_eq!(used.tagged("v1"), there);
}

#[test]
fn the_same_command_does_the_last_step_that_was_missing() {
    let place = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|name| {
        let directory = place.path().join(name);
        let config = directory.with_extension("toml");
        let text = format!("[storage]\npath = \"{}\"\n", directory.display());
        fs::write(&config, text).unwrap();
        (directory, config)
    });
    let old = At::new(Replica::on_directory(&from.0));
    let digest = old.push_image("v1", b"layer").unwrap();
    moved(&from.1, &to.1);
    // As if it had been killed between its last two steps.
    let registry = fs::read_to_string(to.0.join("content/registry")).unwrap();
    let registry = registry.lines().next().unwrap().replace("registry ", "");
    fs::write(to.0.join("arriving"), registry).unwrap();
    let said = not_started(&to.0);
    assert!(said.contains("run registry migrate again"), "{said}");
    moved(&from.1, &to.1);
    let said = refused(&from.1, &to.1);
    assert!(said.contains("has moved to the data directory"), "{said}");
    drop(old);
    let new = At::new(Replica::on_directory(&to.0));
    assert_eq!(new.tagged("v1"), digest);
}
