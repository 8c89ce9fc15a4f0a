//! `mount_blob`.

use registry_core::backend::{MountBlob, MountBlobOutcome};

use super::Backend;
use crate::explorer::{connection::row_of, id::Id, store::Key};

impl Backend {
    /// Links a blob of one repository to another. The answer is about the new link, so the old one's
    /// condemnation does not matter; that of the content does.
    pub(crate) async fn mount_blob(&self, command: MountBlob<'_>) -> MountBlobOutcome {
        let digest = Id::from(command.digest);
        let source = Key::Link(command.from.repository.into(), digest);
        self.begin().await;
        if !self.find_content(source, digest).await {
            self.sql.roll_back().await;
            return MountBlobOutcome::SourceAbsent;
        }
        let link = Key::Link(command.to.repository.into(), digest);
        self.link(link).await;
        self.sql.commit().await;
        MountBlobOutcome::Mounted { size: 1 }
    }

    async fn find_content(&self, source: Key, digest: Id) -> bool {
        let content = Key::Content(digest);
        loop {
            let rows = self.sql.read([source, content]).await;
            match (row_of(&rows, source), row_of(&rows, content)) {
                (Some(_), Some(row)) if row.mark.is_none() => return true,
                (Some(_), Some(_)) if self.revive(content).await => return true,
                (Some(_), Some(_)) => {}
                _ => return false,
            }
        }
    }
}
