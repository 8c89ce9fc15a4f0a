//! Listings by a standby: what may be older than a moment, and what may not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use registry_core::{Caller, Digest, Error, Visibility};
use registry_storage::{contract::run, postgres::Statements};
use tokio::{net::TcpListener, time::advance};

use super::{
    counted::{Counter, Counts},
    standby::{DATABASE, Listing, PAGE, Pair, StandingTime, until},
};

const APP: &str = "team/app";
const NEW: &str = "team/new";

/// Longer than any test.
const LONG: Duration = Duration::from_hours(1);

/// Longer than a listing waits for a standby, and shorter than one that did not answer is left alone.
const IN_VAIN: Duration = Duration::from_secs(2);

async fn listing_by_standby(pair: &Pair, lag: Duration) -> Listing {
    let listing = pair.listing_by(&pair.cluster.copy(DATABASE), lag).await;
    listing.push(APP, "v1").await;
    listing.until_by_standby(APP).await;
    listing
}

#[test]
fn a_new_tag_can_be_pulled_at_once_and_is_listed_when_the_standby_has_it() {
    run(async {
        let pair = Pair::start().await;
        let listing = listing_by_standby(&pair, LONG).await;
        pair.pause().await;
        listing.push(APP, "v2").await;
        listing.push(NEW, "v1").await;
        let before = listing.by_standby();
        assert_eq!(listing.tags(APP).await, ["v1"]);
        assert_eq!(listing.catalog(&Caller::named("ada")).await, [APP]);
        assert!(listing.by_standby() > before);
        let one = listing.digest(APP, "v1").await;
        assert_eq!(listing.digest(APP, "v2").await, one);
        // The standby does not know the repository, so it cannot say what is in it.
        assert_eq!(listing.tags(NEW).await, ["v1"]);
        pair.resume().await;
        until(async || listing.tags(APP).await == ["v1", "v2"]).await;
        until(async || listing.catalog(&Caller::named("ada")).await == [APP, NEW]).await;
    });
}

#[test]
fn a_right_that_was_taken_is_gone_though_the_standby_does_not_know() {
    run(async {
        let pair = Pair::start().await;
        let listing = listing_by_standby(&pair, LONG).await;
        let (ada, anybody) = (Caller::named("ada"), Caller::anonymous());
        let set = async |visibility| {
            let opened = listing.registry.open(&ada, &APP.parse().unwrap());
            let administer = opened.administer().await.unwrap();
            administer.set_visibility(Some(visibility)).await.unwrap();
        };
        set(Visibility::Public).await;
        pair.level().await;
        listing.until_by_standby(APP).await;
        assert_eq!(listing.tags_for(&anybody, APP).await.unwrap(), ["v1"]);
        assert_eq!(listing.catalog(&anybody).await, [APP]);
        pair.pause().await;
        set(Visibility::Private).await;
        let refused = listing.tags_for(&anybody, APP).await;
        assert!(matches!(refused, Err(Error::Unauthorized)), "{refused:?}");
        assert!(listing.catalog(&anybody).await.is_empty());
        let before = listing.by_standby();
        assert_eq!(listing.tags(APP).await, ["v1"]);
        assert_eq!(listing.by_standby(), before, "of other facts");
        let delete = "DELETE FROM repositories";
        pair.primary.batch_execute(delete).await.unwrap();
        let gone = listing.tags_for(&ada, APP).await;
        assert!(matches!(gone, Err(Error::RepositoryUnknown(_))), "{gone:?}");
        assert_eq!(listing.catalog(&ada).await, [APP], "by the standby");
    });
}

#[test]
fn a_standby_that_is_too_far_behind_is_not_listened_to() {
    run(async {
        let pair = Pair::start().await;
        let listing = listing_by_standby(&pair, LONG).await;
        pair.pause().await;
        listing.push(APP, "v2").await;
        let time = StandingTime::begin();
        assert_eq!(listing.tags(APP).await, ["v1"]);
        advance(LONG / 2).await;
        assert_eq!(listing.tags(APP).await, ["v1"]);
        advance(LONG / 2).await;
        assert_eq!(listing.tags(APP).await, ["v1", "v2"]);
        drop(time);
        pair.resume().await;
        listing.until_by_standby(APP).await;
        assert_eq!(listing.tags(APP).await, ["v1", "v2"]);
    });
}

#[test]
fn the_primary_lists_while_the_standby_is_away() {
    run(async {
        let mut pair = Pair::start().await;
        let listing = listing_by_standby(&pair, LONG).await;
        pair.cluster.tell("stop");
        let before = listing.by_standby();
        listing.push(APP, "v2").await;
        assert_eq!(listing.tags(APP).await, ["v1", "v2"]);
        assert_eq!(listing.by_standby(), before);
        pair.cluster.tell("start");
        listing.until_by_standby(APP).await;
    });
}

#[test]
fn a_standby_that_says_nothing_costs_one_attempt_and_is_left_alone() {
    run(async {
        let pair = Pair::start().await;
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = silent.local_addr().unwrap().port();
        let address = format!("host=127.0.0.1 port={port} user=registry dbname={DATABASE}");
        let listing = pair.listing_by(&address, LONG).await;
        listing.push(APP, "v1").await;
        let _time = StandingTime::begin();
        let came = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&came);
        tokio::spawn(async move {
            let mut held = Vec::new();
            loop {
                held.push(silent.accept().await);
                counted.fetch_add(1, Ordering::SeqCst);
                advance(IN_VAIN).await;
            }
        });
        for _ in 0..20 {
            assert_eq!(listing.tags(APP).await, ["v1"]);
        }
        assert_eq!(came.load(Ordering::SeqCst), 1);
    });
}

/// It may be one that was promoted by mistake, and goes a way of its own.
#[test]
fn a_server_that_takes_writes_is_not_asked() {
    run(async {
        let pair = Pair::start().await;
        let itself = pair.cluster.address(DATABASE);
        let listing = pair.listing_by(&itself, LONG).await;
        listing.push(APP, "v1").await;
        for _ in 0..3 {
            assert_eq!(listing.tags(APP).await, ["v1"]);
        }
        assert_eq!(listing.by_standby(), 0);
    });
}

#[test]
fn a_standby_of_another_registry_is_not_listened_to() {
    run(async {
        let pair = Pair::start().await;
        let sql = "CREATE DATABASE other";
        pair.primary.batch_execute(sql).await.unwrap();
        let [ours, theirs] = [DATABASE, "other"].map(|name| pair.cluster.address(name));
        let copy = pair.cluster.copy("other");
        // They are alike in everything but whose they are, and the tag.
        let [ours, theirs] = [(ours, "v1"), (theirs, "v2")].map(async |(address, tag)| {
            let listing = Listing::counted(&address, &copy, Statements::Named).await;
            listing.push(APP, tag).await;
            listing
        });
        let (ours, theirs) = (ours.await, theirs.await);
        pair.level().await;
        theirs.until_by_standby(APP).await;
        assert_eq!(theirs.tags(APP).await, ["v2"]);
        assert_eq!(ours.tags(APP).await, ["v1"]);
        assert_eq!(ours.by_standby(), 0);
    });
}

/// What each listing costs the primary and the standby.
async fn counted(pair: &Pair, statements: Statements) -> Vec<(&'static str, Counts, Counts)> {
    let primary = Counter::start(pair.cluster.socket());
    let standby = Counter::start(pair.cluster.copy_socket());
    let addresses = [&primary, &standby].map(|counter| counter.address(DATABASE));
    let listing = Listing::counted(&addresses[0], &addresses[1], statements).await;
    listing.push(APP, "v1").await;
    pair.level().await;
    let (ada, digest) = (Caller::named("ada"), Digest::sha256(b""));
    listing.until_by_standby(APP).await;
    let mut lines = Vec::new();
    // Named statements are prepared when they are sent for the first time.
    for _ in 0..2 {
        lines.clear();
        let mut note = |name| lines.push((name, primary.take(), standby.take()));
        note("before");
        listing.tags(APP).await;
        note("tags");
        listing.catalog(&ada).await;
        note("catalogue");
        let pull = listing.pull(APP).await;
        pull.raw_referrers(&digest, None, PAGE).await.unwrap();
        note("referrers");
        listing.digest(APP, "v1").await;
        note("HEAD and pull of a manifest");
    }
    lines.remove(0);
    lines
}

#[test]
fn the_standby_is_asked_once_for_what_it_lists_and_the_primary_for_the_right_to_it() {
    run(async {
        let pair = Pair::start().await;
        let each = |statements| Counts {
            statements,
            trips: statements,
        };
        for statements in [Statements::Named, Statements::Unnamed] {
            let expected = [
                ("tags", each(1), each(1)),
                ("catalogue", each(0), each(2)),
                ("referrers", each(2), each(0)),
                ("HEAD and pull of a manifest", each(3), each(0)),
            ];
            assert_eq!(counted(&pair, statements).await, expected);
        }
    });
}
