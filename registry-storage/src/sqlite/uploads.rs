//! Upload sessions.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Digest, HashState,
    backend::{
        ClaimOutcome, MetadataError, ObjectKey, PartialContent, SessionKey, StoreCheckpoint, Tail,
        TailChange, UploadCheckpoint, UploadState, Uploads, WriteCheckpoint, WriteOutcome,
    },
};
use rusqlite::Row;

use super::{
    SqliteMetadata,
    error::Failure,
    owned::{Session, SessionEnd},
    transaction::Transaction,
    value::{Bits, Millis, Text, ago, limit},
    view::View,
};

/// Sessions that one call expires at most.
const EXPIRED_AT_ONCE: usize = 10_000;

/// Whether a transaction may end a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It may.
    Open,
    /// It has ended with this very digest.
    Repeated,
    /// The session is another writer's, or has ended in another way.
    Lost,
}

struct SessionRow {
    id: i64,
    epoch: u64,
    state: UploadState,
}

/// A session that ends keeps nothing of its checkpoint.
macro_rules! emptied {
    () => {
        "kept = NULL, hash_format = NULL, hash_state = NULL,
        object = NULL, object_offset = NULL, object_state = NULL, inline = NULL"
    };
}

const OPEN: i64 = 0;
const FINISHED: i64 = 1;
const CANCELLED: i64 = 2;

impl SessionRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let state = match row.get(1)? {
            OPEN => UploadState::Open(checkpoint(row)?),
            FINISHED => UploadState::Finished(row.get::<_, Text<_>>(2)?.0),
            _ => UploadState::Cancelled,
        };
        Ok(Self {
            id: row.get(10)?,
            epoch: row.get::<_, Bits>(0)?.0,
            state,
        })
    }

    fn is_open_to(&self, epoch: u64) -> bool {
        matches!(self.state, UploadState::Open(_)) && self.epoch == epoch
    }
}

fn checkpoint(row: &Row<'_>) -> rusqlite::Result<UploadCheckpoint> {
    let content = match row.get_ref(6)?.as_str_or_null()? {
        Some(key) => PartialContent::Store(StoreCheckpoint {
            key: ObjectKey::new(key),
            offset: row.get::<_, Bits>(7)?.0,
            state: Bytes::copy_from_slice(row.get_ref(8)?.as_blob()?),
            tail: Tail::default(),
        }),
        None => PartialContent::Inline(Bytes::copy_from_slice(row.get_ref(9)?.as_blob()?)),
    };
    Ok(UploadCheckpoint {
        offset: row.get::<_, Bits>(3)?.0,
        hash: HashState {
            format: row.get(4)?,
            bytes: row.get(5)?,
        },
        content,
    })
}

impl View<'_> {
    fn session(&self, session: SessionKey<'_>) -> Result<Option<SessionRow>, Failure> {
        let sql = "SELECT epoch, state, digest, kept, hash_format, hash_state,
                object, object_offset, object_state, inline, id
            FROM uploads WHERE repository = ?1 AND session = ?2";
        let params = (session.repository.as_str(), session.id.as_str());
        self.one(sql, params, SessionRow::read)
    }

    /// Whether this writer may end its session with this digest.
    pub(super) fn ending(&self, end: &SessionEnd, digest: &Digest) -> Result<Ending, Failure> {
        let ending = match self.session(end.session.key())? {
            None if end.epoch == 0 => Ending::Open,
            Some(row) if row.is_open_to(end.epoch) => Ending::Open,
            Some(row) if row.state == UploadState::Finished(digest.clone()) => Ending::Repeated,
            _ => Ending::Lost,
        };
        Ok(ending)
    }
}

impl Session {
    fn key(&self) -> SessionKey<'_> {
        SessionKey {
            repository: &self.repository,
            id: &self.id,
        }
    }
}

impl Transaction<'_> {
    /// Keeps a checkpoint, but for its tail, and answers the id of its row.
    fn open_session(
        &self,
        session: &Session,
        epoch: u64,
        checkpoint: &UploadCheckpoint,
    ) -> Result<i64, Failure> {
        let (store, inline) = match &checkpoint.content {
            PartialContent::Store(store) => (Some(store), None),
            PartialContent::Inline(bytes) => (None, Some(&**bytes)),
        };
        if let Some(store) = store {
            self.make_known(&store.key)?;
        }
        let sql = "INSERT INTO uploads (repository, session, epoch, touched, state, kept,
                hash_format, hash_state, object, object_offset, object_state, inline)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            ON CONFLICT (repository, session) DO UPDATE SET epoch = ?3, touched = ?4, state = ?5, kept = ?6,
                hash_format = ?7, hash_state = ?8,
                object = ?9, object_offset = ?10, object_state = ?11, inline = ?12
            RETURNING id";
        let params = (
            session.repository.as_str(),
            session.id.as_str(),
            Bits(epoch),
            Millis(self.now),
            OPEN,
            Bits(checkpoint.offset),
            &checkpoint.hash.format,
            &checkpoint.hash.bytes,
            store.map(|store| store.key.as_str()),
            store.map(|store| Bits(store.offset)),
            store.map(|store| &*store.state),
            inline,
        );
        self.returned(sql, params)
    }

    /// Ends a session, but for its tail.
    fn end_session(
        &self,
        session: &Session,
        epoch: u64,
        state: i64,
        digest: Option<&str>,
    ) -> Result<(), Failure> {
        let sql = concat!(
            "INSERT INTO uploads (repository, session, epoch, touched, state, digest)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (repository, session) DO UPDATE SET epoch = ?3, touched = ?4, state = ?5, digest = ?6, ",
            emptied!()
        );
        let params = (
            session.repository.as_str(),
            session.id.as_str(),
            Bits(epoch),
            Millis(self.now),
            state,
            digest,
        );
        self.run(sql, params).map(drop)
    }

    /// Ends a session that [`View::ending`] did not find lost.
    pub(super) fn finish_session(&self, end: &SessionEnd, digest: &Digest) -> Result<(), Failure> {
        let (session, epoch) = (&end.session, end.epoch.max(1));
        self.end_session(session, epoch, FINISHED, Some(digest.as_str()))?;
        match end.epoch {
            0 => Ok(()),
            _ => self.forget_tail_of(session),
        }
    }

    fn claim(&self, session: &Session) -> Result<ClaimOutcome, Failure> {
        let Some(row) = self.session(session.key())? else {
            return Ok(ClaimOutcome::Fresh);
        };
        let epoch = row.epoch + 1;
        Ok(match row.state {
            UploadState::Open(mut from) => {
                if let PartialContent::Store(store) = &mut from.content {
                    store.tail = self.tail(row.id)?;
                }
                let sql = "UPDATE uploads SET epoch = ?3, touched = ?4
                    WHERE repository = ?1 AND session = ?2";
                let (repository, id) = (session.repository.as_str(), session.id.as_str());
                self.run(sql, (repository, id, Bits(epoch), Millis(self.now)))?;
                ClaimOutcome::Claimed { epoch, from }
            }
            UploadState::Finished(digest) => ClaimOutcome::Finished(digest),
            UploadState::Cancelled => ClaimOutcome::Cancelled,
        })
    }

    fn write_checkpoint(
        &self,
        session: &Session,
        epoch: u64,
        (checkpoint, tail): (&UploadCheckpoint, TailChange),
    ) -> Result<WriteOutcome, Failure> {
        let is_writer = match self.session(session.key())? {
            None => epoch == 0,
            Some(row) => row.is_open_to(epoch),
        };
        if !is_writer || self.partial_is_gone(&checkpoint.content)? {
            return Ok(WriteOutcome::Superseded);
        }
        let epoch = epoch.max(1);
        let id = self.open_session(session, epoch, checkpoint)?;
        if let PartialContent::Store(store) = &checkpoint.content {
            self.change_tail(id, &store.tail, tail)?;
        }
        Ok(WriteOutcome::Written { epoch })
    }

    /// Whether the collector has given these bytes up.
    fn partial_is_gone(&self, content: &PartialContent) -> Result<bool, Failure> {
        match content {
            PartialContent::Store(store) => self.is_gone(&store.key),
            PartialContent::Inline(_) => Ok(false),
        }
    }

    fn cancel(&self, session: &Session) -> Result<Option<UploadState>, Failure> {
        let row = self.session(session.key())?;
        let epoch = row.as_ref().map_or(0, |row| row.epoch) + 1;
        let before = row.map(|row| row.state);
        if matches!(before, None | Some(UploadState::Open(_))) {
            if let Some(write) = before.as_ref().and_then(UploadState::write) {
                self.give_back(write.as_str())?;
            }
            self.end_session(session, epoch, CANCELLED, None)?;
            self.forget_tail_of(session)?;
        }
        Ok(before)
    }

    /// Cancels open sessions that are idle, and forgets any others.
    fn expire(&self, idle: Duration, most: usize) -> Result<Vec<ObjectKey>, Failure> {
        if let Some(latest) = ago(self.now, idle) {
            let rows = self.all(IDLE, (latest, limit(most.min(EXPIRED_AT_ONCE))), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            for (id, state, object) in rows {
                self.expire_session(id, state, object)?;
            }
        }
        self.all(EXPIRED, [limit(most)], |row| {
            Ok(ObjectKey::new(row.get_ref(0)?.as_str()?))
        })
    }

    fn expire_session(&self, id: i64, state: i64, object: Option<String>) -> Result<(), Failure> {
        if state != OPEN {
            self.run("DELETE FROM uploads WHERE id = ?1", [id])?;
            return Ok(());
        }
        if let Some(object) = object {
            self.give_back(&object)?;
        }
        let sql = concat!(
            "UPDATE uploads SET state = ?2, epoch = epoch + 1, touched = ?3, ",
            emptied!(),
            " WHERE id = ?1"
        );
        self.run(sql, (id, CANCELLED, Millis(self.now)))?;
        self.forget_tail(id)
    }

    /// Lists an unfinished write for the store to give up.
    fn give_back(&self, object: &str) -> Result<(), Failure> {
        let sql = "INSERT OR IGNORE INTO expired (object) VALUES (?1)";
        self.run(sql, [object]).map(drop)
    }
}

pub(super) const IDLE: &str = "SELECT id, state, object FROM uploads
    WHERE touched <= ?1 ORDER BY touched, id LIMIT ?2";

pub(super) const EXPIRED: &str = "SELECT object FROM expired ORDER BY object LIMIT ?1";

#[async_trait]
impl Uploads for SqliteMetadata {
    async fn upload(&self, session: SessionKey<'_>) -> Result<Option<UploadState>, MetadataError> {
        self.read(|view| Ok(view.session(session)?.map(|row| row.state)))
    }

    async fn claim(&self, session: SessionKey<'_>) -> Result<ClaimOutcome, MetadataError> {
        // A session without a row is claimed by nobody: whoever writes the first one is its writer. So most
        // pushes need not wait for a commit here.
        if self.read(|view| view.session(session))?.is_none() {
            return Ok(ClaimOutcome::Fresh);
        }
        let session = Session::from(session);
        self.write(move |transaction| transaction.claim(&session))
            .await
    }

    async fn write_checkpoint(
        &self,
        command: WriteCheckpoint<'_>,
    ) -> Result<WriteOutcome, MetadataError> {
        let session = Session::from(command.session);
        let (epoch, checkpoint, tail) = (command.epoch, command.checkpoint, command.tail);
        self.write(move |transaction| {
            transaction.write_checkpoint(&session, epoch, (&checkpoint, tail))
        })
        .await
    }

    async fn cancel(&self, session: SessionKey<'_>) -> Result<Option<UploadState>, MetadataError> {
        let session = Session::from(session);
        self.write(move |transaction| transaction.cancel(&session))
            .await
    }

    async fn expire(&self, idle: Duration, limit: usize) -> Result<Vec<ObjectKey>, MetadataError> {
        self.write(move |transaction| transaction.expire(idle, limit))
            .await
    }

    async fn forget_expired(&self, writes: &[ObjectKey]) -> Result<(), MetadataError> {
        let writes = writes.to_vec();
        self.write(move |transaction| {
            for write in &writes {
                transaction.run("DELETE FROM expired WHERE object = ?1", [write.as_str()])?;
            }
            Ok(())
        })
        .await
    }
}
