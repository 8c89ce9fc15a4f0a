//! `put_blob`.

use registry_core::backend::{BlobContent, PutBlob, PutBlobOutcome, SessionEnd};

use super::{Backend, upsert};
use crate::explorer::{
    connection::row_of,
    id::Id,
    mutation::Mutation,
    store::{Assignment, Columns, Condition, Insert, Key, ObjectState, OnConflict, Scan},
};

impl Backend {
    /// Stores a blob and links it to a repository.
    pub(crate) async fn put_blob(&self, command: PutBlob<'_>) -> PutBlobOutcome {
        let BlobContent::Object(object) = &command.content else {
            panic!("inline content has no object to lose: it is not modelled");
        };
        let (digest, object) = (Id::from(command.digest), Id::from(object));
        self.begin().await;
        if let Some(end) = command.session
            && !self.end_session(end).await
        {
            self.sql.roll_back().await;
            return PutBlobOutcome::SessionLost;
        }
        let outcome = self.put_content(digest, object).await;
        if outcome == PutBlobOutcome::ObjectGone {
            self.sql.roll_back().await;
            return outcome;
        }
        let link = Key::Link(command.scope.repository.into(), digest);
        self.link(link).await;
        self.sql.commit().await;
        outcome
    }

    /// Links the content to a repository; a link that is there is locked, and revived.
    pub(super) async fn link(&self, link: Key) {
        if self.has(Mutation::LeaveOwnLink) {
            return self.link_if_absent(link).await;
        }
        self.sql.insert(upsert(link, Columns::Link)).await;
    }

    async fn link_if_absent(&self, link: Key) {
        loop {
            let insert = Insert {
                key: link,
                columns: Columns::Link,
                conflict: OnConflict::Nothing,
                in_time: false,
            };
            if self.sql.insert(insert).await {
                return;
            }
            let rows = self.sql.read([link]).await;
            match row_of(&rows, link) {
                Some(row) if row.mark.is_none() => return,
                Some(_) if self.clear_mark(link).await => return,
                _ => {}
            }
        }
    }

    /// Claims a session for a new writer. None where it has ended.
    pub(crate) async fn claim(&self, session: Id) -> Option<u64> {
        let keys = Scan::Keys(vec![Key::Upload(session)]);
        let set = Assignment::Claim;
        let rows = self.sql.update(keys, Condition::Open, set).await;
        self.sql.commit().await;
        match row_of(&rows, Key::Upload(session))?.columns {
            Columns::Upload { epoch, .. } => Some(epoch.into()),
            _ => None,
        }
    }

    async fn end_session(&self, end: SessionEnd<'_>) -> bool {
        let epoch = u8::try_from(end.epoch).expect("epochs of a model are few");
        let keys = Scan::Keys(vec![Key::Upload(end.session.id.into())]);
        let open = Condition::OpenAt(epoch);
        let rows = self.sql.update(keys, open, Assignment::Finish).await;
        !rows.is_empty()
    }

    /// The content that serves the digest: what was there, revived where it was condemned, or what was
    /// given. No row is locked or written where there is one that is not condemned.
    async fn put_content(&self, digest: Id, object: Id) -> PutBlobOutcome {
        let content = Key::Content(digest);
        loop {
            let rows = self.sql.read([content]).await;
            match row_of(&rows, content) {
                Some(row) if row.mark.is_none() => return PutBlobOutcome::Deduplicated,
                Some(_) if self.revive(content).await => return PutBlobOutcome::Deduplicated,
                Some(_) => {}
                None if self.insert_content(digest, object).await => {
                    return self.name_object(object).await;
                }
                None => {}
            }
        }
    }

    async fn insert_content(&self, digest: Id, object: Id) -> bool {
        let insert = Insert {
            key: Key::Content(digest),
            columns: Columns::Content(object),
            conflict: OnConflict::Nothing,
            in_time: false,
        };
        self.sql.insert(insert).await
    }

    /// Takes the key of the store, unless the collector did.
    async fn name_object(&self, object: Id) -> PutBlobOutcome {
        let key = Key::Object(object);
        let named = if self.has(Mutation::SeparateKeyTables) {
            let rows = self.sql.read([key]).await;
            !rows.iter().any(|(_, row)| row.is_given_up())
        } else {
            let insert = Insert {
                key,
                columns: Columns::Object(ObjectState::Named),
                conflict: OnConflict::Set(Assignment::Name, Condition::Unknown),
                in_time: !self.has(Mutation::NameHoweverLate),
            };
            self.sql.insert(insert).await
        };
        match named {
            true => PutBlobOutcome::Stored,
            false => PutBlobOutcome::ObjectGone,
        }
    }
}
