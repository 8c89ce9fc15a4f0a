//! What is there, and who does what at the same time.

use registry_tests::explorer::{Manifest, Scenario};

/// An image of one layer.
pub(super) const IMAGE: Manifest<'static> = Manifest {
    blobs: &["L"],
    manifests: &[],
    foreign: &[],
    subject: None,
    tag: None,
};

/// A push relies on a layer that is dead, while a user deletes the layer.
pub(super) fn push_and_delete() -> Scenario {
    Scenario::default()
        .content("L", "1")
        .link("a", "L")
        .client("push", |client| async move {
            client.head_blob("a", "L").await;
            client.push_manifest("a", "M", IMAGE).await;
        })
        .client("delete", |client| async move {
            client.delete_blob("a", "L").await;
        })
        .collector(1)
        .ticks(2)
}

/// Content that no repository links is pushed again, to two repositories at once.
pub(super) fn two_pushes_of_dead_content() -> Scenario {
    Scenario::default()
        .content("L", "1")
        .client("push a", |client| async move {
            client.push_blob("a", "L", "2").await;
        })
        .client("push b", |client| async move {
            client.push_blob("b", "L", "3").await;
        })
        .collector(1)
        .ticks(2)
}

/// A mount from a repository in which the blob is being deleted.
pub(super) fn mount_and_delete() -> Scenario {
    Scenario::default()
        .content("L", "1")
        .link("a", "L")
        .client("mount", |client| async move {
            client.mount("a", "b", "L").await;
        })
        .client("delete", |client| async move {
            client.delete_blob("a", "L").await;
        })
        .collector(2)
        .ticks(3)
}

/// A manifest that lost its tag is tagged again, while another client asks for it.
pub(super) fn untag_and_tag() -> Scenario {
    Scenario::default()
        .collects_untagged()
        .content("L", "1")
        .link("a", "L")
        .manifest(
            "a",
            "M",
            Manifest {
                tag: Some("t"),
                ..IMAGE
            },
        )
        .client("move", |client| async move {
            client.delete_tag("a", "t").await;
            client
                .push_manifest(
                    "a",
                    "M",
                    Manifest {
                        tag: Some("u"),
                        ..IMAGE
                    },
                )
                .await;
        })
        .client("head", |client| async move {
            client.head_manifest("a", "M").await;
        })
        .collector(1)
        .ticks(2)
}

/// An index is pushed over a child that was pushed before it, while the child is deleted.
pub(super) fn index_over_child() -> Scenario {
    let index = Manifest {
        manifests: &["M"],
        tag: Some("t"),
        ..Manifest::default()
    };
    Scenario::default()
        .collects_untagged()
        .manifest("a", "M", Manifest::default())
        .client("push", move |client| async move {
            client.head_manifest("a", "M").await;
            client.push_manifest("a", "I", index).await;
        })
        .client("delete", |client| async move {
            client.delete_manifest("a", "M").await;
        })
        .collector(1)
        .ticks(2)
}

/// A signature whose subject is pushed, and deleted, while the collector is at it.
pub(super) fn signature_and_subject() -> Scenario {
    let signature = Manifest {
        subject: Some("M"),
        ..Manifest::default()
    };
    let image = Manifest {
        tag: Some("t"),
        ..Manifest::default()
    };
    Scenario::default()
        .collects_untagged()
        .manifest("a", "S", signature)
        .client("push", move |client| async move {
            client.push_manifest("a", "M", image).await;
            client.head_manifest("a", "S").await;
        })
        .client("delete", |client| async move {
            client.delete_manifest("a", "M").await;
        })
        .collector(1)
        .ticks(2)
}

/// An orphan is named by a late commit while the collector gives it up.
pub(super) fn late_commit() -> Scenario {
    commit_of_an_orphan(1).ticks(2)
}

/// An orphan is named by a commit so late that the collector has forgotten that it gave it up.
pub(super) fn very_late_commit() -> Scenario {
    commit_of_an_orphan(2).ticks(4)
}

/// The collector deletes what it has given up, and does so again.
fn commit_of_an_orphan(deletions: usize) -> Scenario {
    Scenario::default()
        .object("1")
        .client("commit", |client| async move {
            client.commit_blob("a", "L", "1").await;
        })
        .client("collector", move |client| async move {
            for _ in 0..2 {
                client.sweep().await;
            }
            for _ in 0..deletions {
                client.delete_doomed().await;
            }
        })
}

/// An upload is finished by a second request while the first one's transaction is still under way.
pub(super) fn upload_taken_over() -> Scenario {
    Scenario::default()
        .object("1")
        .upload("s", 1)
        .client("first", |client| async move {
            let claimed = ("s", 1);
            client.finish_claimed("a", "L", "1", claimed).await;
        })
        .client("second", |client| async move {
            client.finish_upload("a", "L", "1", "s").await;
        })
        .client("delete", |client| async move {
            client.delete_blob("a", "L").await;
        })
        .ticks(1)
}

/// Two collectors at once, and a client who asks.
pub(super) fn two_collectors() -> Scenario {
    Scenario::default()
        .content("L", "1")
        .link("a", "L")
        .client("head", |client| async move {
            client.head_blob("a", "L").await;
        })
        .client("first", |client| async move { client.collect().await })
        .client("second", |client| async move {
            client.condemn().await;
            client.seal().await;
            client.remove().await;
        })
        .ticks(1)
}

/// Two pushes refer to the same two dead layers.
pub(super) fn two_layers() -> Scenario {
    let image = |blobs| Manifest {
        blobs,
        ..Manifest::default()
    };
    Scenario::default()
        .content("L", "1")
        .content("N", "2")
        .link("a", "L")
        .link("a", "N")
        .client("one", move |client| async move {
            client.push_manifest("a", "M", image(&["L", "N"])).await;
        })
        .client("other", move |client| async move {
            client.push_manifest("a", "O", image(&["N", "L"])).await;
        })
        .collector(1)
        .ticks(1)
}

/// Content that a repository links and no manifest refers to is pushed again.
pub(super) fn push_of_linked() -> Scenario {
    Scenario::default()
        .content("L", "1")
        .link("a", "L")
        .client("push", |client| async move {
            client.push_blob("a", "L", "2").await;
        })
        .client("head", |client| async move {
            client.head_blob("a", "L").await;
        })
        .collector(1)
        .ticks(2)
}

/// A signature of an image that stays.
pub(super) fn signature() -> Scenario {
    let signature = Manifest {
        subject: Some("M"),
        ..Manifest::default()
    };
    let image = Manifest {
        tag: Some("t"),
        ..Manifest::default()
    };
    Scenario::default()
        .collects_untagged()
        .manifest("a", "M", image)
        .manifest("a", "S", signature)
        .client("head", |client| async move {
            client.head_manifest("a", "S").await;
        })
        .collector(1)
        .ticks(2)
}

/// One collector seals while another condemns, and a push relies on what is condemned.
pub(super) fn sealed_while_condemning() -> Scenario {
    Scenario::default()
        .content("L", "1")
        .client("push", |client| async move {
            client.push_blob("a", "L", "2").await;
        })
        .client("condemn", |client| async move { client.condemn().await })
        .client("seal", |client| async move {
            client.seal().await;
            client.remove().await;
            client.remove().await;
        })
        .ticks(1)
}

/// A tag moves from one image to another that shares a layer; the old image goes, the layer stays.
pub(super) fn moved_tag() -> Scenario {
    let tagged = Manifest {
        tag: Some("t"),
        ..IMAGE
    };
    Scenario::default()
        .collects_untagged()
        .content("L", "1")
        .link("a", "L")
        .manifest("a", "M", tagged)
        .client("push", move |client| async move {
            client.push_manifest("a", "N", tagged).await;
        })
        .client("head", |client| async move {
            client.head_blob("a", "L").await;
        })
        .collector(2)
        .ticks(3)
}

/// A layer that may be absent is kept as long as a manifest refers to it.
pub(super) fn foreign_layer() -> Scenario {
    let image = Manifest {
        foreign: &["L"],
        tag: Some("t"),
        ..Manifest::default()
    };
    Scenario::default()
        .content("L", "1")
        .link("a", "L")
        .client("push", move |client| async move {
            client.push_manifest("a", "M", image).await;
        })
        .client("delete", |client| async move {
            client.delete_manifest("a", "M").await;
        })
        .collector(1)
        .ticks(2)
}

/// An image is deleted while another of the same layer is pushed.
pub(super) fn deleted_image() -> Scenario {
    let tagged = Manifest {
        tag: Some("t"),
        ..IMAGE
    };
    Scenario::default()
        .content("L", "1")
        .link("a", "L")
        .manifest("a", "M", tagged)
        .client("delete", |client| async move {
            client.delete_manifest("a", "M").await;
            client.delete_blob("a", "L").await;
        })
        .client("push", move |client| async move {
            client.head_blob("a", "L").await;
            client.push_manifest("a", "N", tagged).await;
        })
        .collector(1)
        .ticks(1)
}

/// Clients and collectors die at any moment.
pub(super) fn lost_connections() -> Scenario {
    Scenario::default()
        .content("L", "1")
        .link("a", "L")
        .client("push", |client| async move {
            client.push_blob("b", "L", "2").await;
            client.push_manifest("b", "M", IMAGE).await;
        })
        .client("delete", |client| async move {
            client.delete_blob("a", "L").await;
        })
        .collector(1)
        .ticks(1)
        .breaks(1)
}

/// A layer is pushed to one repository, mounted to another, and deleted where it was.
pub(super) fn three_clients() -> Scenario {
    Scenario::default()
        .content("L", "1")
        .link("a", "L")
        .object("2")
        .client("push", |client| async move {
            client.commit_blob("b", "L", "2").await;
        })
        .client("mount", |client| async move {
            client.mount("a", "c", "L").await;
        })
        .client("delete", |client| async move {
            client.delete_blob("a", "L").await;
        })
        .collector(1)
        .ticks(1)
}
