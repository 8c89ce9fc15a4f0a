//! Clients and collectors at once, as fast as they can, with no grace that would keep them apart.

use std::{pin::pin, time::Duration};

use futures_util::future::{join, join_all, select};
use registry_core::backend::Collection;
use registry_storage::contract::run;

use super::place::{ALICE, Place};

const CLIENTS: u64 = 8;
const COMMANDS: u64 = 250;

/// A transaction that somebody else has open in the same server, also in another database, holds collectors
/// back: the clients go on until these had their turn, but not for ever.
const ROUNDS: u64 = 20;

/// What is never there, whatever is going on: rows that break an invariant of ARCHITECTURE.md.
const BROKEN: [(&str, &str); 6] = [
    (
        "a link has its content",
        "SELECT count(*) FROM links l
            WHERE NOT EXISTS (SELECT 1 FROM contents c WHERE c.digest = l.digest)",
    ),
    (
        "a content has its object, which nobody gave up",
        "SELECT count(*) FROM contents c WHERE c.object IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM objects o WHERE o.key = c.object AND o.state = 'live')",
    ),
    (
        "an object that is live serves a content",
        "SELECT count(*) FROM objects o WHERE o.state = 'live' AND NOT EXISTS
            (SELECT 1 FROM contents c WHERE o.key = c.object)",
    ),
    (
        "what a manifest requires is there",
        "SELECT count(*) FROM manifest_references f WHERE f.required AND NOT EXISTS
            (SELECT 1 FROM links l WHERE l.repository = f.repository AND l.digest = f.digest)",
    ),
    (
        "a reference is a manifest's",
        "SELECT count(*) FROM manifest_references f
            WHERE NOT EXISTS (SELECT 1 FROM manifests m WHERE m.id = f.manifest)",
    ),
    (
        "a tag points at a manifest",
        "SELECT count(*) FROM tags t
            WHERE NOT EXISTS (SELECT 1 FROM manifests m WHERE m.id = t.manifest)",
    ),
];

/// What is left when nothing keeps anything.
const LEFT: &str = "SELECT (SELECT count(*) FROM links) + (SELECT count(*) FROM manifests)
    + (SELECT count(*) FROM contents) + (SELECT count(*) FROM manifest_references)
    + (SELECT count(*) FROM objects WHERE state <> 'gone')";

const GONE: &str = "SELECT count(*) FROM objects WHERE state = 'gone'";

const DEADLOCKS: &str = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";

#[test]
fn invariants_hold_while_clients_and_collectors_race() {
    run(async {
        let place = Place::with_connections(12).await;
        let clients = push_and_delete_until_collected(&place);
        let collectors = join(collect_for_ever(&place), collect_for_ever(&place));
        select(pin!(clients), pin!(collectors)).await;
        assert_holds(&place).await;
        for repository in 0..2 {
            for tag in 0..2 {
                place
                    .delete_tag(&format!("team/{repository}"), &format!("v{tag}"))
                    .await;
            }
        }
        for _ in 0..4 {
            collect(&place).await;
            place.settle().await;
        }
        collect(&place).await;
        assert_holds(&place).await;
        assert_eq!(place.number(LEFT).await, 0, "something is left over");
        let control = place.connect().await;
        place.disconnect().await;
        let deadlocks: i64 = control.query_one(DEADLOCKS, &[]).await.unwrap().get(0);
        assert_eq!(deadlocks, 0, "two transactions waited for each other");
    });
}

async fn assert_holds(place: &Place) {
    for (invariant, broken) in BROKEN {
        assert_eq!(place.number(broken).await, 0, "{invariant}");
    }
}

async fn push_and_delete_until_collected(place: &Place) {
    for round in 0..ROUNDS {
        join_all((0..CLIENTS).map(|client| push_and_delete(place, client, round))).await;
        if place.number(GONE).await > 5 {
            return;
        }
    }
    panic!("the collectors did nothing");
}

/// Commands drawn at random, about few things at a time, so that they meet; and about others later, so that
/// what they were about is left to the collectors, but for some that come back to it.
async fn push_and_delete(place: &Place, client: u64, round: u64) {
    let mut random = Random(round * CLIENTS + client + 1);
    for number in round * COMMANDS..(round + 1) * COMMANDS {
        let (here, there) = (random.of("team/", 2), random.of("team/", 2));
        let blob = format!("blob {}", (number / 10).saturating_sub(random.below(4)));
        let image = random.of("image ", 3);
        let tag = random.of("v", 2);
        match random.below(8) {
            0..3 => {
                let key = format!("objects/{client}/{number}");
                place.put_blob(&here, &blob, &key).await;
            }
            3 => drop(place.mount(&here, &there, &blob).await),
            4 => drop(place.push(&here, &image, Some(&blob), Some(&tag)).await),
            5 => drop(place.delete_blob(&here, &blob).await),
            6 => place.delete_manifest(&here, &image).await,
            _ => place.delete_tag(&here, &tag).await,
        }
    }
}

async fn collect_for_ever(place: &Place) {
    loop {
        collect(place).await;
    }
}

async fn collect(place: &Place) {
    let metadata = &place.metadata;
    while metadata.condemn(2).await.unwrap().more {}
    metadata.seal().await.unwrap();
    let remove = async || metadata.remove(Duration::ZERO, 3, ALICE).await;
    while remove().await.unwrap().more {}
    let doomed = metadata.doomed(10).await.unwrap();
    let keys: Vec<_> = doomed.into_iter().map(|doomed| doomed.key).collect();
    metadata.forget_doomed(&keys).await.unwrap();
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        // Knuth's, whose upper bits are good enough.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }

    fn of(&mut self, kind: &str, limit: u64) -> String {
        format!("{kind}{}", self.below(limit))
    }
}
