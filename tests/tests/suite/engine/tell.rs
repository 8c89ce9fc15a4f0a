//! Changes told, and pulls counted.

use std::sync::Mutex;

use futures_util::FutureExt;
use registry_core::{AllowAll, Change, ChangeSink, DeliverError, Event, Settings, Visibility};

use super::fixture::{Fixture, repository, run, tag};

const NAME: &str = "team/app";

/// Takes so many changes and refuses the rest.
struct Sink {
    room: Mutex<usize>,
    told: Mutex<Vec<Change>>,
}

impl Sink {
    fn of(room: usize) -> Self {
        Self {
            room: Mutex::new(room),
            told: Mutex::default(),
        }
    }

    fn kinds(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let kind =
            |change: &Change| serde_json::to_value(&change.event).unwrap()["type"].to_string();
        told.iter()
            .map(kind)
            .map(|kind| kind.replace('"', ""))
            .collect()
    }
}

#[async_trait::async_trait]
impl ChangeSink for Sink {
    async fn deliver(&self, change: &Change) -> Result<(), DeliverError> {
        let mut room = self.room.lock().unwrap();
        *room = room
            .checked_sub(1)
            .ok_or_else(|| DeliverError("no room".to_owned()))?;
        self.told.lock().unwrap().push(change.clone());
        Ok(())
    }
}

fn recording() -> Fixture {
    Fixture::with(Settings::default(), |builder| {
        builder.policy(AllowAll).record_changes(true)
    })
}

#[test]
fn everything_that_happened_is_told_in_its_order() {
    run(async {
        let fixture = recording();
        let pushed = fixture.image(NAME, "v1", b"layer").await;
        let blob = fixture.put_blob(NAME, b"loose").await.unwrap().digest;
        let push = fixture
            .registry
            .open(&fixture.caller, &repository("team/b"))
            .push()
            .await
            .unwrap();
        push.mount(&blob, Some(&repository(NAME)))
            .await
            .unwrap()
            .unwrap();
        fixture.delete_blob(NAME, &blob).await.unwrap();
        fixture.delete_tag(NAME, "v1").await.unwrap();
        fixture.delete_manifest(NAME, &pushed).await.unwrap();
        let opening = fixture.registry.open(&fixture.caller, &repository(NAME));
        opening
            .administer()
            .await
            .unwrap()
            .set_visibility(Some(Visibility::Public))
            .await
            .unwrap();
        let sink = Sink::of(100);
        fixture.registry.deliver_changes(&sink, 100).await.unwrap();
        assert_eq!(
            sink.kinds(),
            [
                "namespace_created",
                "repository_created",
                "blob_pushed",
                "blob_pushed",
                "manifest_pushed",
                "tagged",
                "blob_pushed",
                "repository_created",
                "blob_mounted",
                "blob_deleted",
                "untagged",
                "manifest_deleted",
                "repository_visibility_changed",
            ]
        );
        let told = sink.told.lock().unwrap();
        assert!(told.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(
            told.iter()
                .all(|change| change.actor.as_deref() == Some("ada"))
        );
    });
}

#[test]
fn a_change_that_was_refused_is_told_again_before_anything_later() {
    run(async {
        let fixture = recording();
        fixture.image(NAME, "v1", b"layer").await;
        let sink = Sink::of(2);
        let (told, refused) = fixture.registry.deliver_changes(&sink, 100).await.unwrap();
        assert_eq!((told, refused.is_some()), (2, true));
        *sink.room.lock().unwrap() = 100;
        fixture.registry.deliver_changes(&sink, 100).await.unwrap();
        let ids: Vec<_> = sink
            .told
            .lock()
            .unwrap()
            .iter()
            .map(|change| change.id)
            .collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        assert_eq!(ids.len(), 6);
        let (told, _) = fixture.registry.deliver_changes(&sink, 100).await.unwrap();
        assert_eq!(told, 0, "and none twice");
    });
}

#[test]
fn a_push_that_changes_nothing_tells_nothing() {
    run(async {
        let fixture = recording();
        fixture.image(NAME, "v1", b"layer").await;
        let sink = Sink::of(100);
        fixture.registry.deliver_changes(&sink, 100).await.unwrap();
        fixture.image(NAME, "v1", b"layer").await;
        assert_eq!(
            fixture
                .registry
                .deliver_changes(&sink, 100)
                .await
                .unwrap()
                .0,
            0
        );
        fixture.image(NAME, "v1", b"other").await;
        fixture.registry.deliver_changes(&sink, 100).await.unwrap();
        let last = sink.told.lock().unwrap().last().unwrap().event.clone();
        assert!(
            matches!(last, Event::Tagged { from: Some(_), .. }),
            "{last:?}"
        );
    });
}

#[test]
fn whoever_waits_for_changes_is_woken_by_a_commit() {
    run(async {
        let fixture = recording();
        let mut changed = Box::pin(fixture.registry.changed());
        assert!(changed.as_mut().now_or_never().is_none());
        fixture.put_blob(NAME, b"x").await.unwrap();
        changed.await;
    });
}

#[test]
fn pulls_are_counted_by_tag_and_in_all_and_heads_are_not() {
    run(async {
        let fixture = Fixture::new();
        let pushed = fixture.image(NAME, "v1", b"layer").await;
        for at in ["v1", "v1", pushed.as_str()] {
            fixture.manifest(NAME, at).await.unwrap();
        }
        let pull = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .pull()
            .await
            .unwrap();
        pull.stat_manifest(&registry_core::Reference::Tag(tag("v1")))
            .await
            .unwrap();
        for _ in 0..2 {
            assert_eq!(pull.pulls(Some(&tag("v1"))).await.unwrap(), 2);
            assert_eq!(pull.pulls(None).await.unwrap(), 3);
            fixture.registry.flush_pulls().await.unwrap();
        }
    });
}
