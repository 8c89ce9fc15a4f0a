//! A server with a cache before its bucket.

use std::fs;

use super::replica::{Cluster, PART, Replica, content};

fn start(cluster: &mut Cluster, path: &std::path::Path) {
    let path = path.to_str().unwrap().to_owned();
    let settings = [
        ("REGISTRY_CACHE_PATH", path),
        ("REGISTRY_CACHE_SIZE", "100MiB".to_owned()),
    ];
    cluster.add(&settings);
}

#[test]
fn what_was_pulled_is_served_without_the_bucket_also_after_a_kill() {
    let mut cluster = Cluster::start(0);
    let cache = tempfile::tempdir().unwrap();
    start(&mut cluster, cache.path());
    let large = content(2 * PART + 4711);
    let digest = cluster.push(0, "team/app", &large);
    let path = format!("/v2/team/app/blobs/{digest}");
    assert!(cluster.get(0, &path).bytes().unwrap() == large);
    let figures = cluster.get(0, "/metrics").text().unwrap();
    let missed = "registry_cache_reads_total{outcome=\"miss\"} 1";
    assert!(figures.contains(missed), "{figures}");
    cluster.bucket.stop();
    assert!(cluster.get(0, &path).bytes().unwrap() == large);
    cluster.bucket.start_again();
    cluster.replicas.remove(0).kill();
    start(&mut cluster, cache.path());
    cluster.bucket.stop();
    assert!(cluster.get(0, &path).bytes().unwrap() == large);
    let delete = cluster.client.delete(cluster.at(0, &path)).send().unwrap();
    assert_eq!(delete.status(), 202);
    assert_eq!(cluster.get(0, &path).status(), 404, "what metadata denies");
}

#[test]
fn a_directory_that_is_none_is_refused() {
    let cluster = Cluster::start(0);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "a file").unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let set = [("REGISTRY_CACHE_PATH", path)];
    let refused = Replica::refused_with(&cluster.database, &cluster.bucket, &set);
    assert!(refused.contains("cache.path"), "{refused}");
}
