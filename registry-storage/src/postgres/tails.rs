//! The tails of open uploads: what their store has not taken, for it is no whole part.
//!
//! A tail grows with each chunk, so it has rows of its own, which are added and never written again. Code
//! before the third version does not know them and looks for the tail at the end of the store's notes. While
//! the database says that such code may be at work, that is where it is put; either is read.

use bytes::{Bytes, BytesMut};
use registry_core::backend::{MetadataError, SessionKey, StoreCheckpoint, Tail, TailChange};

use super::{PostgresMetadata, error::Failure, transaction::Transaction, uploads::place};

/// Where tails are put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tails {
    /// In rows of their own.
    Apart,
    /// At the end of the store's notes.
    InNotes,
}

/// The first version whose code reads tails that have rows of their own.
const APART: i64 = 3;

/// It follows the claim. Asked for within that statement, which may have waited for whoever wrote before, it would be
/// the tail of the time when the statement began, and the checkpoint that of the time when it ended.
const TAIL: &str = "SELECT (SELECT string_agg(bytes, ''::bytea ORDER BY position) FROM upload_tails
        WHERE upload = uploads.id)
    FROM uploads WHERE repository = $1 AND session = $2 AND epoch = $3 AND state = 0";

/// What else a statement does, of the sessions that `ended` lists.
macro_rules! forgetting {
    () => {
        "forgotten AS (DELETE FROM upload_tails WHERE upload IN (SELECT id FROM ended))"
    };
}

pub(super) use forgetting;

impl PostgresMetadata {
    /// The tail of a session that was claimed with this epoch; none where somebody has claimed it since.
    pub(super) async fn tail(
        &self,
        session: SessionKey<'_>,
        epoch: u64,
    ) -> Result<Option<Tail>, MetadataError> {
        let [repository, id] = place(session);
        let params = [repository, id, epoch.cast_signed().into()];
        let Some(row) = self.one(TAIL, &params).await? else {
            return Ok(None);
        };
        let bytes: Option<&[u8]> = row.try_get(0).map_err(Failure::from)?;
        let tail = bytes.map(Bytes::copy_from_slice);
        Ok(Some(tail.into_iter().collect()))
    }
}

impl Tails {
    /// So that the oldest code that may be at work finds them.
    pub(super) fn beside(oldest: i64) -> Self {
        match oldest {
            APART.. => Self::Apart,
            _ => Self::InNotes,
        }
    }

    /// What stands in the row as the store's notes.
    pub(super) fn notes(self, store: &StoreCheckpoint) -> Bytes {
        if self == Self::Apart || store.tail.is_empty() {
            return store.state.clone();
        }
        let mut notes = BytesMut::from(&*store.state);
        notes.extend_from_slice(&store.tail.after(0));
        notes.freeze()
    }

    /// Has the rows say what the checkpoint does, where it is not all in the notes.
    pub(super) async fn change(
        self,
        transaction: &Transaction<'_>,
        session: SessionKey<'_>,
        (tail, change): (&Tail, TailChange),
    ) -> Result<(), Failure> {
        match (self, change) {
            (Self::InNotes, TailChange::Append(0)) => Ok(()),
            (Self::InNotes, _) => transaction.forget_tail(session).await,
            (Self::Apart, TailChange::Append(kept)) => {
                transaction.append_tail(session, kept, tail).await
            }
            (Self::Apart, TailChange::Replace) => {
                transaction.forget_tail(session).await?;
                transaction.append_tail(session, 0, tail).await
            }
        }
    }
}

impl Transaction<'_> {
    /// Adds what is after the first so many bytes.
    async fn append_tail(
        &self,
        session: SessionKey<'_>,
        kept: u64,
        tail: &Tail,
    ) -> Result<(), Failure> {
        let more = tail.after(kept);
        if more.is_empty() {
            return Ok(());
        }
        // A piece whose commit was not answered is there already.
        let sql = "INSERT INTO upload_tails (upload, position, bytes)
            SELECT id, $3, $4 FROM uploads WHERE repository = $1 AND session = $2
            ON CONFLICT (upload, position) DO UPDATE SET bytes = excluded.bytes";
        let [repository, id] = place(session);
        let params = [repository, id, kept.cast_signed().into(), (&*more).into()];
        self.run(sql, &params).await.map(drop)
    }

    async fn forget_tail(&self, session: SessionKey<'_>) -> Result<(), Failure> {
        let sql = "DELETE FROM upload_tails WHERE upload IN
            (SELECT id FROM uploads WHERE repository = $1 AND session = $2)";
        self.run(sql, &place(session)).await.map(drop)
    }
}
