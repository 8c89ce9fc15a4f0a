//! `delete_blob`, `delete_manifest`, `delete_tag`.

use registry_core::backend::{
    DeleteBlob, DeleteBlobOutcome, DeleteManifest, DeleteManifestOutcome, DeleteTag,
    DeleteTagOutcome,
};

use super::Backend;
use crate::explorer::{
    connection::{Request, row_of},
    id::Id,
    mutation::Mutation,
    store::{Assignment, Columns, Condition, Key, LockMode, Rows, Scan, Target},
};

impl Backend {
    /// Deletes a blob from a repository. The lock comes first, the question who requires it in a
    /// second statement: that sees every push the lock waited for.
    pub(crate) async fn delete_blob(&self, command: DeleteBlob<'_>) -> DeleteBlobOutcome {
        let repository = Id::from(command.scope.repository);
        let target = Target::Blob(command.digest.into());
        if !self.seize(target.key(repository)).await {
            self.sql.roll_back().await;
            return DeleteBlobOutcome::Absent;
        }
        if let Some(by) = self.requiring(repository, target).await {
            self.sql.roll_back().await;
            return DeleteBlobOutcome::Required { by: by.digest() };
        }
        let keys = Scan::Keys(vec![target.key(repository)]);
        let rows = self.sql.delete(keys, Condition::Always).await;
        if self.has(Mutation::DeleteWithLastLink) {
            self.delete_unlinked(target.digest()).await;
        } else {
            self.sql.commit().await;
        }
        match rows.is_empty() {
            true => DeleteBlobOutcome::Absent,
            false => DeleteBlobOutcome::Deleted,
        }
    }

    /// Deletes a manifest and the tags that point at it, locked in the order in which a push locks them.
    pub(crate) async fn delete_manifest(
        &self,
        command: DeleteManifest<'_>,
    ) -> DeleteManifestOutcome {
        let repository = Id::from(command.scope.repository);
        let digest = Id::from(command.digest);
        let target = Target::Manifest(digest);
        if !self.seize(target.key(repository)).await {
            self.sql.roll_back().await;
            return DeleteManifestOutcome::Absent;
        }
        if let Some(by) = self.requiring(repository, target).await {
            self.sql.roll_back().await;
            return DeleteManifestOutcome::Required { by: by.digest() };
        }
        let tags = Scan::TagsOf(repository, digest);
        let points = Condition::PointsAt(digest);
        self.sql.delete(tags, points).await;
        let keys = Scan::Keys(vec![target.key(repository)]);
        self.sql.delete(keys, Condition::Always).await;
        self.sql.commit().await;
        DeleteManifestOutcome::Deleted {
            untagged: Vec::new(),
        }
    }

    /// Removes a tag.
    pub(crate) async fn delete_tag(&self, command: DeleteTag<'_>) -> DeleteTagOutcome {
        let key = Key::Tag(command.scope.repository.into(), command.tag.into());
        let keys = Scan::Keys(vec![key]);
        let rows = self.sql.delete(keys, Condition::Always).await;
        self.sql.commit().await;
        match row_of(&rows, key).map(|row| &row.columns) {
            Some(Columns::Tag(manifest)) => DeleteTagOutcome::Deleted {
                digest: manifest.digest(),
            },
            _ => DeleteTagOutcome::Absent,
        }
    }

    async fn seize(&self, key: Key) -> bool {
        let rows = if self.has(Mutation::DeleteWithoutLock) {
            self.sql.read([key]).await
        } else {
            self.sql.lock(vec![key], LockMode::Update).await
        };
        !rows.is_empty()
    }

    /// A manifest that requires this.
    async fn requiring(&self, repository: Id, target: Target) -> Option<Id> {
        let rows = self.sql.select(Scan::Requiring(repository, target)).await;
        rows.iter().find_map(|(key, _)| match key {
            Key::Manifest(_, digest) => Some(*digest),
            _ => None,
        })
    }

    /// A mutation: no repository links it, so it may go at once.
    async fn delete_unlinked(&self, digest: Id) {
        let unlinked = Scan::Unlinked(digest);
        let rows = self.sql.delete(unlinked, Condition::Always).await;
        self.doom_objects(&rows).await;
        self.sql.commit().await;
        for object in rows.iter().filter_map(|(_, row)| row.object()) {
            self.sql.perform(Request::DeleteObject(object)).await;
        }
    }

    /// Hands the objects of deleted contents over, in the transaction that deletes them.
    pub(super) async fn doom_objects(&self, contents: &Rows) {
        let objects = contents.iter().filter_map(|(_, row)| row.object());
        let keys: Vec<Key> = objects.map(Key::Object).collect();
        if !keys.is_empty() {
            let scan = Scan::Keys(keys);
            let always = Condition::Always;
            self.sql.update(scan, always, Assignment::Doom).await;
        }
    }
}
