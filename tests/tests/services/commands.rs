//! Commands on what servers share: anybody may run them, while the servers are at work.

use std::process::Output;

use super::replica::{Cluster, PART, ROUNDS, content};

/// What a command says that goes well.
fn said(cluster: &Cluster, arguments: &[&str]) -> String {
    let output = run(cluster, arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap() + &told
}

fn run(cluster: &Cluster, arguments: &[&str]) -> Output {
    let more = [("REGISTRY_COLLECTION_GRACE", "1s".to_owned())];
    let mut command = cluster.command(arguments, &more);
    command.output().expect("the program starts")
}

fn lines(told: &str, name: &str) -> Option<u64> {
    let line = told.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim_start_matches(": ").parse().ok())
}

/// A server that leaves work to the commands, since what it finds they would not: its round of collection at
/// its start is over, and it begins no other meanwhile.
fn idle() -> Cluster {
    let mut cluster = Cluster::start(0);
    let rarely = [
        ("REGISTRY_COLLECTION_INTERVAL", "1h".to_owned()),
        ("REGISTRY_SCRUB_EVERY", "0s".to_owned()),
    ];
    cluster.add(&rarely);
    cluster.until(|| cluster.figure(0, ROUNDS) == 1);
    cluster
}

#[test]
fn what_servers_share_is_counted_read_again_and_collected() {
    let cluster = idle();
    let large = cluster.push(0, "team/app", &content(PART));
    cluster.push_image(0, "team/app", "latest", "layer");
    let stats = said(&cluster, &["stats"]);
    assert_eq!(lines(&stats, "tags"), Some(1), "{stats}");
    assert_eq!(lines(&stats, "manifests"), Some(1), "{stats}");
    assert!(!stats.contains("free bytes"), "{stats}");
    let scrubbed = said(&cluster, &["scrub"]);
    assert!(
        scrubbed.contains("read: 3 blobs, 1 manifests"),
        "{scrubbed}"
    );
    assert_eq!(said(&cluster, &["quarantine"]), "");

    // No manifest refers to the large blob: it is found, and gone once its grace is over.
    let found = said(&cluster, &["gc"]);
    assert!(found.contains("1 blobs, 0 manifests"), "{found}");
    // Nobody may be told of it meanwhile: that would keep it.
    cluster.until(|| said(&cluster, &["gc"]).contains("removed: 1 blobs"));
    let path = format!("/v2/team/app/blobs/{large}");
    assert_eq!(cluster.get(0, &path).status(), 404);
    let kept = cluster.get(0, "/v2/team/app/manifests/latest");
    assert_eq!(kept.status(), 200);
}

#[test]
fn a_scrub_finds_what_was_changed_in_the_bucket() {
    let cluster = idle();
    let digest = cluster.push(0, "team/app", &content(PART));
    cluster.bucket.change_every_object();
    let output = run(&cluster, &["scrub"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains(&digest), "{told}");
    let aside = said(&cluster, &["quarantine"]);
    assert!(aside.contains(&digest), "{aside}");
    let read = cluster.get(0, &format!("/v2/team/app/blobs/{digest}"));
    assert_eq!(read.status(), 404);
}

#[test]
fn images_go_out_of_what_servers_share_and_into_it() {
    let cluster = Cluster::start(1);
    cluster.push_image(0, "team/app", "latest", "layer");
    let place = tempfile::tempdir().unwrap();
    let layout = format!("oci:{}", place.path().join("layout").display());
    said(&cluster, &["export", &layout]);
    let other = Cluster::start(1);
    said(&other, &["import", &layout]);
    let one = cluster.get(0, "/v2/team/app/manifests/latest");
    let same = other.get(0, "/v2/team/app/manifests/latest");
    assert_eq!(one.text().unwrap(), same.text().unwrap());
}

#[test]
fn a_backup_is_left_to_those_who_keep_the_database_and_the_bucket() {
    let cluster = Cluster::start(0);
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("backup");
    let refused = run(&cluster, &["backup", to.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("back up the database first"), "{told}");
    assert!(!to.exists());
}
