//! Clauses of guarantees 1 to 4: condemning, sealing, removing, and what was revived.

use std::time::Duration;

use registry_core::{
    Event,
    backend::{Condemned, ReferenceTarget, Removed},
};

use crate::contract::metadata::{
    MetadataHarness,
    fixture::{
        COLLECTING, GRACE, MINUTES, Repo, SampleBlob, SampleManifest, Watch, condemn_all, doomed,
        events, forget_events, remove, repo_in, seal_a_pass,
    },
};

/// Condemning marks exactly what is dead, says how much, and changes nothing else that a reader sees.
pub async fn collection_01_condemning_marks_the_dead_alone(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let repo = &stage.repo;
    let watch = Watch {
        blobs: vec![stage.kept_blob.digest.clone()],
        manifests: vec![stage.kept.digest.clone()],
        subject: Some(stage.kept.digest.clone()),
        ..Watch::new(repo)
    };
    let before = (watch.look().await, watch.told().await);
    let condemned = condemn_all(&*harness.second()).await;
    assert_eq!((condemned.blobs, condemned.manifests), (2, 1));
    assert_eq!((watch.look().await, watch.told().await), before);
    for blob in &stage.dead_blobs {
        let record = repo.blob(&blob.digest).await.expect("a condemned blob");
        assert!(record.condemned, "a dead blob is not condemned");
        assert_eq!(
            (record.size, record.content),
            (blob.size, blob.content.clone())
        );
    }
    let record = repo.manifest(&stage.dead.digest).await;
    let record = record.expect("a condemned manifest");
    assert!(record.condemned, "a dead manifest is not condemned");
    assert_eq!(record.bytes, stage.dead.bytes);

    let again = condemn_all(&*repo.metadata).await;
    let none = Condemned::default();
    assert_eq!(again, none, "what was marked was marked again");
}

/// Condemning goes in steps of at most so many rows, comes to an end, and misses none.
pub async fn collection_01_condemning_goes_in_steps(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
    for number in 0..9 {
        repo.put_blob(&SampleBlob::inline(&format!("blob {number}")))
            .await;
        let manifest = SampleManifest::new(&format!("manifest {number}"));
        let kept = ["kept"];
        repo.push(&manifest, &kept[..number % 2]).await;
    }
    let mut sum = (0, 0);
    let mut more = true;
    for step in 0.. {
        if !more {
            break;
        }
        assert!(step < 200, "condemning 18 rows came to no end");
        let condemned = metadata.condemn(2).await.expect("condemn");
        let marked = condemned.blobs + condemned.manifests + condemned.contents;
        assert!(marked <= 2, "{marked} rows, at most 2");
        sum = (sum.0 + condemned.blobs, sum.1 + condemned.manifests);
        more = condemned.more;
    }
    assert_eq!(sum, (9, 8), "blobs and manifests");
}

/// Nothing is removed of a pass that was not sealed, however long ago it began.
pub async fn collection_02_an_open_pass_removes_nothing(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    condemn_all(&*stage.repo.metadata).await;
    harness.advance(GRACE * 3).await;
    assert_eq!(remove(&*harness.second(), GRACE).await, Removed::default());
    harness.second().seal().await.expect("seal");
    assert_eq!(remove(&*harness.second(), GRACE).await, Removed::default());
    stage.assert_there("just after the pass was sealed").await;
    harness.advance(GRACE + MINUTES).await;
    remove(&*harness.second(), GRACE).await;
    stage.assert_gone().await;
}

/// A pass with nothing in it, and removing without a pass, do no harm.
pub async fn collection_02_an_empty_pass_does_no_harm(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    assert_eq!(remove(&*metadata, Duration::ZERO).await, Removed::default());
    metadata.seal().await.expect("seal");
    metadata.seal().await.expect("seal");
    let stage = Stage::new(harness).await;
    harness.advance(GRACE * 2).await;
    assert_eq!(remove(&*metadata, GRACE).await, Removed::default());
    stage.assert_there("though no pass has seen it").await;
}

/// Nothing is removed before the grace is over, on any process; then what is dead goes, and says how
/// much it was.
pub async fn collection_03_nothing_goes_before_its_grace(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    seal_a_pass(&*stage.repo.metadata).await;
    harness.advance(GRACE - MINUTES).await;
    for view in [harness.metadata(), harness.second()] {
        assert_eq!(remove(&*view, GRACE).await, Removed::default());
        stage.assert_there("before its grace is over").await;
    }
    harness.advance(MINUTES * 2).await;
    let removed = remove(&*harness.second(), GRACE).await;
    assert_eq!((removed.blobs, removed.manifests), (2, 1));
    assert_eq!(
        (removed.contents, removed.bytes),
        (0, 0),
        "links alone went"
    );
    stage.assert_gone().await;
}

/// A clock that is set back makes no grace shorter: it is the backend's time that counts.
pub async fn collection_03_a_clock_set_back_shortens_no_grace(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    harness.advance(GRACE * 2).await;
    seal_a_pass(&*stage.repo.metadata).await;
    let sealed = stage.repo.facts().await.now;
    harness.set_back(GRACE * 2).await;
    for _ in 0..8 {
        harness.advance(GRACE / 2).await;
        remove(&*harness.second(), GRACE).await;
        if stage.repo.facts().await.now.since(sealed) < GRACE {
            stage
                .assert_there("for the backend its grace is not over")
                .await;
        }
    }
    stage.assert_gone().await;
}

/// A later pass leaves the marks of an earlier one: what it finds marked goes when its own grace is
/// over.
pub async fn collection_03_a_later_pass_does_not_begin_the_grace_anew(
    harness: &dyn MetadataHarness,
) {
    let stage = Stage::new(harness).await;
    for _ in 0..4 {
        seal_a_pass(&*stage.repo.metadata).await;
        harness.advance(GRACE / 3).await;
    }
    remove(&*harness.second(), GRACE).await;
    stage.assert_gone().await;
}

/// Content outlives its last link by a pass of its own; then its object is given up.
pub async fn collection_03_content_goes_after_its_links(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blobs = [
        SampleBlob::object("layer", "objects/1"),
        SampleBlob::inline("config"),
    ];
    for blob in &blobs {
        repo.put_blob(blob).await;
    }
    seal_a_pass(&*metadata).await;
    harness.advance(GRACE + MINUTES).await;
    let removed = remove(&*metadata, GRACE).await;
    assert_eq!((removed.blobs, removed.contents), (2, 0));
    assert_eq!(doomed(&*metadata).await, []);

    let condemned = seal_a_pass(&*metadata).await;
    assert_eq!(condemned.contents, 2);
    harness.advance(GRACE - MINUTES).await;
    assert_eq!(remove(&*metadata, GRACE).await, Removed::default());
    harness.advance(MINUTES * 2).await;
    let removed = remove(&*metadata, GRACE).await;
    let bytes = blobs.iter().map(|blob| blob.size).sum();
    assert_eq!((removed.contents, removed.bytes), (2, bytes));
    assert_eq!(
        doomed(&*metadata).await.len(),
        1,
        "one content was an object"
    );
}

/// A row that was revived stays, also when a later pass condemned it anew, until that one's grace is
/// over.
pub async fn collection_04_a_revived_row_has_its_grace_again(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let repo = &stage.repo;
    seal_a_pass(&*repo.metadata).await;
    harness.advance(GRACE - MINUTES).await;
    stage.renew().await;
    seal_a_pass(&*repo.metadata).await;
    for time in [MINUTES * 2, GRACE - MINUTES * 4] {
        harness.advance(time).await;
        remove(&*harness.second(), GRACE).await;
        stage
            .assert_there("it was renewed, and its new grace is not over")
            .await;
    }
    harness.advance(MINUTES * 4).await;
    remove(&*harness.second(), GRACE).await;
    stage.assert_gone().await;
}

/// A row that was revived stays as long as no later pass condemns it.
pub async fn collection_04_a_revived_row_stays(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    seal_a_pass(&*stage.repo.metadata).await;
    stage.renew().await;
    harness.advance(GRACE * 3).await;
    remove(&*harness.second(), GRACE).await;
    stage.assert_there("it was renewed").await;
}

/// Unlinked content that is put again is revived with its object.
pub async fn collection_04_content_that_is_put_again_stays(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::object("layer", "objects/1");
    repo.put_blob(&blob).await;
    repo.delete_blob(&blob.digest).await;
    let condemned = seal_a_pass(&*metadata).await;
    assert_eq!(condemned.contents, 1);
    let other = Repo::create(harness.second(), "other/app").await;
    other
        .put_blob(&SampleBlob::object("layer", "objects/2"))
        .await;
    harness.advance(GRACE + MINUTES).await;
    remove(&*metadata, GRACE).await;
    let record = other.blob(&blob.digest).await.expect("a blob put again");
    assert_eq!(record.content, blob.content);
    assert_eq!(
        doomed(&*metadata).await,
        [],
        "an object in use was given up"
    );

    other.delete_blob(&blob.digest).await;
    seal_a_pass(&*metadata).await;
    remove(&*metadata, GRACE).await;
    assert_eq!(doomed(&*metadata).await, [], "its new grace has only begun");
}

/// Collecting a manifest is told as its deletion; collecting a blob is told to nobody.
pub async fn collection_03_a_collected_manifest_is_told(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    seal_a_pass(&*stage.repo.metadata).await;
    harness.advance(GRACE + MINUTES).await;
    forget_events(&*stage.repo.metadata).await;
    remove(&*stage.repo.metadata, GRACE).await;
    let deleted = Event::ManifestDeleted {
        repository: stage.repo.name.clone(),
        digest: stage.dead.digest.clone(),
    };
    assert_eq!(events(&*harness.second()).await, [deleted]);
}

/// A repository with something dead and something that a tag keeps.
struct Stage {
    repo: Repo,
    kept_blob: SampleBlob,
    kept: SampleManifest,
    dead_blobs: [SampleBlob; 2],
    dead: SampleManifest,
}

impl Stage {
    async fn new(harness: &dyn MetadataHarness) -> Self {
        let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
        let kept_blob = SampleBlob::inline("kept config");
        let kept = SampleManifest::new("kept").with_blob(&kept_blob.digest);
        let dead_blobs = [
            SampleBlob::object("dead layer", "objects/1"),
            SampleBlob::inline("dead config").sha512("dead config"),
        ];
        let dead = SampleManifest::new("dead");
        for blob in dead_blobs.iter().chain([&kept_blob]) {
            repo.put_blob(blob).await;
        }
        repo.push(&dead, &[]).await;
        repo.push(&kept, &["v1"]).await;
        Self {
            repo,
            kept_blob,
            kept,
            dead_blobs,
            dead,
        }
    }

    async fn renew(&self) {
        for blob in &self.dead_blobs {
            assert!(self.repo.renew(ReferenceTarget::Blob, &blob.digest).await);
        }
        let manifest = ReferenceTarget::Manifest;
        assert!(self.repo.renew(manifest, &self.dead.digest).await);
    }

    async fn assert_there(&self, why: &str) {
        for blob in &self.dead_blobs {
            assert!(self.repo.has_blob(&blob.digest).await, "gone, {why}");
        }
        let there = self.repo.has_manifest(&self.dead.digest).await;
        assert!(there, "gone, {why}");
        self.assert_kept().await;
    }

    async fn assert_gone(&self) {
        for blob in &self.dead_blobs {
            assert!(!self.repo.has_blob(&blob.digest).await, "its grace is over");
        }
        let there = self.repo.has_manifest(&self.dead.digest).await;
        assert!(!there, "its grace is over");
        self.assert_kept().await;
    }

    async fn assert_kept(&self) {
        let tagged = self.repo.tagged("v1").await;
        assert_eq!(tagged, Some(self.kept.digest.clone()), "what a tag keeps");
        assert!(self.repo.has_blob(&self.kept_blob.digest).await);
    }
}
