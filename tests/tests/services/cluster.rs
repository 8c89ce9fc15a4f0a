//! Several servers over one database and one bucket: any of them takes any request.

use std::time::Duration;

use registry_tests::{
    clients::{moment::Moment, random::Random},
    faults::{
        proxy::Proxy,
        weather::{Kind, Weather},
    },
};

use super::replica::{Cluster, PART, Replica, content, sha256};

#[test]
fn what_one_server_took_every_other_serves_at_once() {
    let cluster = Cluster::start(3);
    let large = content(2 * PART + 4711);
    for (turn, bytes) in [&b"small"[..], &large].into_iter().enumerate() {
        let digest = cluster.push(turn, "team/app", bytes);
        for other in 0..3 {
            let path = format!("/v2/team/app/blobs/{digest}");
            let answer = cluster.get(other, &path);
            assert_eq!(answer.status(), 200);
            assert!(answer.bytes().unwrap() == bytes);
            let part = cluster.client.get(cluster.at(other, &path));
            let part = part.header("range", "bytes=2-4").send().unwrap();
            assert_eq!(part.status(), 206);
            assert!(part.bytes().unwrap() == bytes[2..5]);
        }
    }
    for turn in 0..6 {
        cluster.push_image(turn, "team/app", "latest", &format!("layer {turn}"));
        let one = cluster.get(turn + 1, "/v2/team/app/manifests/latest");
        let one = one.text().unwrap();
        assert!(one.contains(&sha256(format!("layer {turn}").as_bytes())));
        let other = cluster.get(turn + 2, "/v2/team/app/manifests/latest");
        assert_eq!(other.text().unwrap(), one);
    }
    let delete = cluster
        .client
        .delete(cluster.at(0, "/v2/team/app/manifests/latest"));
    assert_eq!(delete.send().unwrap().status(), 202);
    for other in 0..3 {
        let answer = cluster.get(other, "/v2/team/app/manifests/latest");
        assert_eq!(answer.status(), 404);
    }
}

#[test]
fn servers_that_start_at_once_agree_on_one_schema_and_one_registry() {
    let cluster = Cluster::start(0);
    let replicas: Vec<_> = std::thread::scope(|scope| {
        let start = || Replica::start(&cluster.database, &cluster.bucket);
        let starting: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        starting
            .into_iter()
            .map(|one| one.join().unwrap())
            .collect()
    });
    let cluster = Cluster {
        replicas,
        ..cluster
    };
    cluster.push_image(0, "team/app", "latest", "layer");
    for server in 0..4 {
        let answer = cluster.get(server, "/v2/team/app/manifests/latest");
        assert_eq!(answer.status(), 200);
    }
}

/// Chunks that end within a part, at its end, and in the next but one.
#[test]
fn an_upload_goes_on_at_another_server_with_each_chunk() {
    let cluster = Cluster::start(3);
    let bytes = content(3 * PART + 12_345);
    let begun = cluster
        .client
        .post(cluster.at(0, "/v2/team/app/blobs/uploads/"));
    let mut answer = begun.send().unwrap();
    assert_eq!(answer.status(), 202);
    let least = answer.headers()["oci-chunk-min-length"].to_str().unwrap();
    assert_eq!(least, PART.to_string());
    let ends = [1000, PART, PART + 1, 2 * PART + 77, 3 * PART, bytes.len()];
    let mut start = 0;
    for (turn, end) in ends.into_iter().enumerate() {
        let patch = cluster.client.patch(cluster.located(turn + 1, &answer));
        let patch = patch.header("content-range", format!("{start}-{}", end - 1));
        answer = patch.body(bytes[start..end].to_vec()).send().unwrap();
        assert_eq!(answer.status(), 202, "the chunk from {start} to {end}");
        let status = cluster
            .client
            .get(cluster.located(turn + 2, &answer))
            .send()
            .unwrap();
        assert_eq!(status.status(), 204);
        let kept = status.headers()["range"].to_str().unwrap();
        assert_eq!(kept, format!("0-{}", end - 1));
        start = end;
    }
    let digest = sha256(&bytes);
    let close = format!("{}?digest={digest}", cluster.located(1, &answer));
    assert_eq!(cluster.client.put(close).send().unwrap().status(), 201);
    let read = cluster.get(2, &format!("/v2/team/app/blobs/{digest}"));
    assert!(read.bytes().unwrap() == bytes);
}

/// What a store does not take yet is added to, chunk by chunk, and goes when it makes a part or the upload ends.
#[test]
fn chunks_of_a_part_are_appended_to_its_tail() {
    let cluster = Cluster::start(2);
    let (bytes, chunk) = (content(2 * PART), PART / 4);
    let tail = || {
        cluster.sql(
            "SELECT string_agg(position || '+' || length(bytes), ' ' ORDER BY position) FROM upload_tails",
        )
    };
    let mut upload = cluster.begin(0, "team/app");
    for (turn, piece) in bytes[..PART + chunk].chunks(chunk).enumerate() {
        upload = cluster.chunk(turn, &upload, piece);
        let rows: Vec<_> = (0..(turn + 1) % 4)
            .map(|row| format!("{}+{chunk}", row * chunk))
            .collect();
        assert_eq!(tail(), rows.join(" "), "after chunk {turn}");
    }
    upload = cluster.chunk(1, &upload, &bytes[PART + chunk..2 * PART - 1]);
    assert_eq!(tail(), format!("0+{chunk} {chunk}+{}", 3 * chunk - 1));
    let digest = cluster.finish(0, &upload, &bytes[..2 * PART - 1]);
    assert_eq!(tail(), "");
    let read = cluster.get(1, &format!("/v2/team/app/blobs/{digest}"));
    assert!(read.bytes().unwrap() == bytes[..2 * PART - 1]);
}

#[test]
fn hazard_14_a_server_that_is_killed_takes_nothing_along() {
    let mut cluster = Cluster::start(2);
    let bytes = content(2 * PART);
    let begun = cluster
        .client
        .post(cluster.at(0, "/v2/team/app/blobs/uploads/"));
    let begun = begun.send().unwrap();
    let patch = cluster.client.patch(cluster.located(0, &begun));
    let answer = patch.body(bytes[..PART + 10].to_vec()).send().unwrap();
    assert_eq!(answer.status(), 202);
    cluster.push_image(0, "team/app", "kept", "layer");
    cluster.replicas.remove(0).kill();
    let put = format!("{}?digest={}", cluster.located(0, &answer), sha256(&bytes));
    let put = cluster.client.put(put).body(bytes[PART + 10..].to_vec());
    assert_eq!(put.send().unwrap().status(), 201);
    let read = cluster.get(0, &format!("/v2/team/app/blobs/{}", sha256(&bytes)));
    assert!(read.bytes().unwrap() == bytes);
    assert_eq!(cluster.get(0, "/v2/team/app/manifests/kept").status(), 200);
    cluster.add(&[]);
    assert_eq!(cluster.get(1, "/v2/team/app/manifests/kept").status(), 200);
}

/// 503 with a time to come back, readiness red, and all well again without a restart.
#[test]
fn without_its_database_a_server_says_so_and_recovers_by_itself() {
    let mut cluster = Cluster::start(2);
    cluster.push_image(0, "team/app", "kept", "layer");
    cluster.postgres.stop();
    for server in 0..2 {
        let answer = cluster.get(server, "/v2/team/app/manifests/kept");
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        assert_eq!(cluster.get(server, "/readyz").status(), 503);
    }
    cluster.postgres.start_again();
    for server in 0..2 {
        cluster.until_ready(server);
        let answer = cluster.get(server, "/v2/team/app/manifests/kept");
        assert_eq!(answer.status(), 200);
    }
    cluster.push_image(1, "team/app", "after", "another layer");
}

#[test]
fn without_its_bucket_a_server_serves_what_is_small_and_says_so_of_the_rest() {
    let mut cluster = Cluster::start(1);
    let large = content(PART);
    let digest = cluster.push(0, "team/app", &large);
    cluster.push_image(0, "team/app", "kept", "layer");
    cluster.bucket.stop();
    assert_eq!(cluster.get(0, "/v2/team/app/manifests/kept").status(), 200);
    let answer = cluster.get(0, &format!("/v2/team/app/blobs/{digest}"));
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(cluster.get(0, "/readyz").status(), 503);
    cluster.bucket.start_again();
    cluster.until_ready(0);
    let read = cluster.get(0, &format!("/v2/team/app/blobs/{digest}"));
    assert!(read.bytes().unwrap() == large);
}

/// One that takes connections and then says nothing, as behind a network that lost its way.
#[test]
fn a_bucket_that_is_silent_is_waited_for_no_longer_than_is_set() {
    let mut cluster = Cluster::start(0);
    let address = cluster.bucket.endpoint.strip_prefix("http://").unwrap();
    let proxy = Proxy::start(address.parse().unwrap(), Random::new(1)).unwrap();
    let through = [
        (
            "REGISTRY_OBJECTS_ENDPOINT",
            format!("http://{}", proxy.address()),
        ),
        ("REGISTRY_OBJECTS_DEADLINE", "3s".to_owned()),
    ];
    cluster.add(&through);
    let large = content(PART);
    let digest = cluster.push(0, "team/app", &large);
    let path = format!("/v2/team/app/blobs/{digest}");
    proxy.set(Weather::always(&[Kind::HalfOpen]));
    let begun = Moment::now();
    let answer = cluster.get(0, &path);
    // A minute where nothing is set.
    assert!(begun.age() < Duration::from_secs(20));
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(cluster.get(0, "/readyz").status(), 503);
    proxy.set(Weather::default());
    cluster.until_ready(0);
    assert!(cluster.get(0, &path).bytes().unwrap() == large);
}

/// The bucket of another registry holds nothing that this one may delete.
#[test]
fn a_bucket_of_another_registry_is_refused() {
    let cluster = Cluster::start(1);
    let other = cluster.postgres.create("other");
    let refused = Replica::refused(&other, &cluster.bucket);
    assert!(refused.contains("belongs to another registry"), "{refused}");
}

/// A read waits so long as most others did, once it is known how long that is.
#[test]
fn a_server_that_asks_twice_says_after_how_long() {
    let mut cluster = Cluster::start(1);
    let settings = [("REGISTRY_OBJECTS_HEDGE", "95".to_owned())];
    cluster.add(&settings);
    let digest = cluster.push(0, "team/app", &content(1 << 20));
    let path = format!("/v2/team/app/blobs/{digest}");
    for asks_twice in [false, true] {
        let replica = usize::from(asks_twice);
        for _ in 0..100 {
            assert_eq!(cluster.get(replica, &path).bytes().unwrap().len(), 1 << 20);
        }
        let figures = cluster.get(replica, "/metrics").text().unwrap();
        let said = figures.contains("\nregistry_bucket_hedge_seconds ");
        assert_eq!(said, asks_twice, "{figures}");
    }
}
