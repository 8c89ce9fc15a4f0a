//! `put_manifest`.

use registry_core::backend::{PutManifest, PutManifestOutcome, ReferenceRow, ReferenceTarget};

use super::{Backend, upsert};
use crate::explorer::{
    connection::row_of,
    id::Id,
    mutation::Mutation,
    store::{
        Assignment, Columns, Condition, Insert, Key, LockMode, OnConflict, Refers, Rows, Scan,
        Target,
    },
};

impl Backend {
    /// Stores a manifest, its references and its tags. Its own row comes first: with that the transaction
    /// has its id, before the snapshot of the statement that looks at what it refers to. Rows are
    /// locked in one order: the manifest, what it refers to, its tags.
    pub(crate) async fn put_manifest(&self, command: PutManifest<'_>) -> PutManifestOutcome {
        let repository = Id::from(command.scope.repository);
        let references: Vec<Refers> = command.references.iter().map(refers).collect();
        let manifest = Key::Manifest(repository, command.digest.into());
        let columns = Columns::Manifest {
            subject: command.subject.map(Id::from),
            references: references.clone().into(),
        };
        self.sql.insert(upsert(manifest, columns)).await;
        let missing = self.rely_on(repository, &references).await;
        if !missing.is_empty() {
            self.sql.roll_back().await;
            return PutManifestOutcome::Missing(missing.into_iter().map(Id::digest).collect());
        }
        for tag in command.tags {
            let tag = Key::Tag(repository, (&tag.tag).into());
            self.point(tag, command.digest.into()).await;
        }
        self.sql.commit().await;
        PutManifestOutcome::Stored
    }

    /// Holds what is referred to, and revives it. Answers what is required and not there.
    async fn rely_on(&self, repository: Id, references: &[Refers]) -> Vec<Id> {
        let key = |reference: &Refers| reference.to.key(repository);
        let keys: Vec<Key> = references.iter().map(key).collect();
        if keys.is_empty() {
            return Vec::new();
        }
        let rows = self.hold(keys).await;
        self.revive_held(&rows).await;
        let absent =
            |reference: &&Refers| reference.required && row_of(&rows, key(reference)).is_none();
        let missing = references.iter().filter(absent);
        missing.map(|reference| reference.to.digest()).collect()
    }

    async fn hold(&self, keys: Vec<Key>) -> Rows {
        if self.has(Mutation::ReferWithoutLock) {
            return self.sql.select(Scan::Keys(keys)).await;
        }
        self.sql.lock(keys, LockMode::KeyShare).await
    }

    /// The rows are held: an update that changes none finds their marks cleared by another.
    async fn revive_held(&self, rows: &Rows) {
        let marked = rows.iter().filter(|(_, row)| row.mark.is_some());
        let keys: Vec<Key> = marked.map(|(key, _)| *key).collect();
        if keys.is_empty() || self.has(Mutation::RelyOnMarked) {
            return;
        }
        let scan = Scan::Keys(keys);
        let marked = Condition::Marked;
        self.sql.update(scan, marked, Assignment::Unmark).await;
    }

    async fn point(&self, tag: Key, to: Id) {
        let insert = Insert {
            key: tag,
            columns: Columns::Tag(to),
            conflict: OnConflict::Set(Assignment::Point(to), Condition::Always),
            in_time: false,
        };
        self.sql.insert(insert).await;
    }
}

fn refers(row: &ReferenceRow) -> Refers {
    let digest = Id::from(&row.digest);
    let to = match row.target {
        ReferenceTarget::Blob => Target::Blob(digest),
        ReferenceTarget::Manifest => Target::Manifest(digest),
    };
    Refers {
        to,
        required: row.required,
    }
}
