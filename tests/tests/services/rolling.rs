//! An upgrade while everything goes on: servers of an older version are exchanged one by one.

use super::{
    replica::{Cluster, PART, Replica, content, sha256},
    stalled::Stalled,
    until::until,
};

impl Cluster {
    /// Settings of all servers here: they collect all the time.
    fn eager() -> [(&'static str, String); 3] {
        [
            ("REGISTRY_COLLECTION_GRACE", "10s".to_owned()),
            ("REGISTRY_COLLECTION_INTERVAL", "1s".to_owned()),
            ("REGISTRY_COLLECTION_SHARE", "100".to_owned()),
        ]
    }

    fn add_older(&mut self) {
        let replica = Replica::older(&self.database, &self.bucket, &Self::eager());
        self.replicas.push(replica);
    }

    fn add_newer(&mut self) {
        self.add(&Self::eager());
    }

    /// Images that are pushed with each request at another server, so that what one took another names.
    fn push_in_turns(&self, stage: &str, pushed: &mut Vec<String>) {
        for turn in 0..6 {
            let tag = format!("{stage}-{turn}");
            self.push_image(turn, "team/app", &tag, &tag);
            pushed.push(tag);
        }
        self.all_is_there(pushed);
    }

    fn all_is_there(&self, pushed: &[String]) {
        for server in 0..self.replicas.len() {
            for tag in pushed {
                let manifest = self.get(server, &format!("/v2/team/app/manifests/{tag}"));
                assert_eq!(manifest.status(), 200, "{tag}");
                let layer = format!("/v2/team/app/blobs/{}", sha256(tag.as_bytes()));
                assert_eq!(self.get(server, &layer).text().unwrap(), *tag);
            }
        }
    }

    /// Waits until the collector, whichever server's, has taken a blob that nothing keeps.
    fn until_collected(&self, digest: &str) {
        let path = format!("/v2/team/app/blobs/{digest}");
        let rows = format!("SELECT count(*) FROM contents WHERE digest = '{digest}'");
        until("a blob is collected", || self.sql(&rows) == "0");
        assert_eq!(self.get(0, &path).status(), 404);
    }

    fn assert_blob(&self, digest: &str, bytes: &[u8]) {
        for server in 0..self.replicas.len() {
            let read = self.get(server, &format!("/v2/team/app/blobs/{digest}"));
            assert_eq!(read.status(), 200);
            assert!(read.bytes().unwrap() == bytes);
        }
    }
}

#[test]
fn servers_of_two_versions_share_a_registry_while_they_are_exchanged() {
    let mut cluster = Cluster::start(0);
    let mut pushed = Vec::new();
    cluster.add_older();
    cluster.add_older();
    cluster.push_in_turns("before", &mut pushed);
    assert_eq!(cluster.sql("SELECT max(version) FROM migrations"), "1");
    let bytes = content(2 * PART + 4711);
    let begun = cluster.begin(0, "team/app");
    let mut upload = cluster.chunk(1, &begun, &bytes[..PART + 10]);

    // The first of the newer ones migrates the database.
    cluster.add_newer();
    assert_ne!(cluster.sql("SELECT max(version) FROM migrations"), "1");
    let unneeded = cluster.push(0, "team/app", b"nothing keeps it");
    cluster.push_in_turns("beside", &mut pushed);
    let ends = [PART + 10, PART + 20, 2 * PART, 2 * PART + 5];
    for (turn, range) in ends.windows(2).enumerate() {
        upload = cluster.chunk(turn + 2, &upload, &bytes[range[0]..range[1]]);
    }
    upload = cluster.chunk(2, &upload, &bytes[2 * PART + 5..]);
    let first = cluster.finish(2, &upload, &bytes);
    cluster.assert_blob(&first, &bytes);
    // And the other way round: begun at a newer one, ended at an older.
    let other = content(2 * PART + 99);
    let begun = cluster.begin(2, "team/app");
    let upload = cluster.chunk(2, &begun, &other[..2 * PART + 1]);
    let upload = cluster.chunk(0, &upload, &other[2 * PART + 1..]);
    let second = cluster.finish(1, &upload, &other);
    cluster.assert_blob(&second, &other);
    cluster.push_image(0, "team/app", "kept", "layer");
    cluster.until_collected(&unneeded);

    // One by one, and each is killed, as if it were none too soon.
    let unneeded = cluster.push(1, "team/app", b"nor this");
    for stage in ["first", "second"] {
        cluster.replicas.remove(0).kill();
        cluster.add_newer();
        cluster.push_in_turns(stage, &mut pushed);
    }
    cluster.until_collected(&unneeded);
    cluster.all_is_there(&pushed);
}

/// What the older version cannot read it says is no upload, and the client begins anew.
#[test]
fn an_upload_that_only_a_newer_version_can_go_on_with_begins_anew_at_an_older_one() {
    let mut cluster = Cluster::start(0);
    cluster.add_older();
    cluster.add_newer();
    let bytes = content(2 * PART + 17);
    let begun = cluster.begin(1, "team/app");
    let kept = cluster.chunk(1, &begun, &bytes[..1000]);
    let patch = Stalled::send("PATCH", &cluster.located(1, &kept), &bytes[1000..]);
    let named = "SELECT count(*) FROM uploads WHERE state = 0 AND object LIKE 'uploads/%/%'";
    until("it stands in a row", || cluster.sql(named) == "1");
    cluster.replicas.remove(1).kill();
    patch.end();
    let again = cluster.client.patch(cluster.located(0, &kept));
    let again = again.body(bytes[1000..].to_vec()).send().unwrap();
    assert_eq!(again.status(), 404);
    assert!(again.text().unwrap().contains("BLOB_UPLOAD_UNKNOWN"));
    let digest = cluster.push(0, "team/app", &bytes);
    cluster.assert_blob(&digest, &bytes);
}
