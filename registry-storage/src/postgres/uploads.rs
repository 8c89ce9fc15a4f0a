//! Upload sessions.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Digest, HashState,
    backend::{
        ClaimOutcome, MetadataError, ObjectKey, PartialContent, SessionEnd, SessionKey,
        StoreCheckpoint, Tail, UploadCheckpoint, UploadState, Uploads, WriteCheckpoint,
        WriteOutcome,
    },
};
use tokio_postgres::Row;

use super::{
    PostgresMetadata,
    error::Failure,
    objects::{key, texts},
    param::Param,
    session::Session,
    tails::{Tails, forgetting},
    transaction::{End, Transaction},
    value::{bits, limit, millis, text},
};

/// Sessions that one call expires at most.
const EXPIRED_AT_ONCE: usize = 10_000;

const OPEN: i16 = 0;
const FINISHED: i16 = 1;

/// What [`read`] reads.
macro_rules! columns {
    () => {
        "state, digest, kept, hash_format, hash_state, object, object_offset, object_state, inline,
        epoch"
    };
}

/// A session that ends keeps nothing of its checkpoint.
macro_rules! emptied {
    () => {
        "touched = registry_now(), kept = NULL, hash_format = NULL, hash_state = NULL,
        object = NULL, object_offset = NULL, object_state = NULL, inline = NULL"
    };
}

const SESSION: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM uploads WHERE repository = $1 AND session = $2"
);

const LOCKED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM uploads WHERE repository = $1 AND session = $2 FOR UPDATE"
);

const CLAIM: &str = concat!(
    "UPDATE uploads SET epoch = epoch + 1, touched = registry_now()
    WHERE repository = $1 AND session = $2 AND state = 0 RETURNING ",
    columns!()
);

const FIRST_CHECKPOINT: &str = "INSERT INTO uploads (repository, session, epoch, touched, state,
        kept, hash_format, hash_state, object, object_offset, object_state, inline)
    VALUES ($1, $2, $3 + 1, registry_now(), 0, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT DO NOTHING";

const NEXT_CHECKPOINT: &str = "UPDATE uploads SET touched = registry_now(), kept = $4,
        hash_format = $5, hash_state = $6,
        object = $7, object_offset = $8, object_state = $9, inline = $10
    WHERE repository = $1 AND session = $2 AND epoch = $3 AND state = 0";

const FINISH_FRESH: &str =
    "INSERT INTO uploads (repository, session, epoch, touched, state, digest)
    VALUES ($1, $2, $3 + 1, registry_now(), 1, $4) ON CONFLICT DO NOTHING";

const FINISH: &str = concat!(
    "WITH ended AS (UPDATE uploads SET state = 1, digest = $4, ",
    emptied!(),
    " WHERE repository = $1 AND session = $2 AND epoch = $3 AND state = 0 RETURNING id), ",
    forgetting!(),
    " SELECT id FROM ended"
);

const CANCEL_FRESH: &str = "INSERT INTO uploads (repository, session, epoch, touched, state)
    VALUES ($1, $2, 1, registry_now(), 2) ON CONFLICT DO NOTHING";

const CANCEL: &str = concat!(
    "WITH ended AS (UPDATE uploads SET state = 2, epoch = epoch + 1, ",
    emptied!(),
    " WHERE repository = $1 AND session = $2 RETURNING id), ",
    forgetting!(),
    " SELECT id FROM ended"
);

/// It waits for whoever writes to a session, in the order of the index, rather than skip it: nobody pushes
/// through one that is idle, and what is idle is to be given back.
const IDLE: &str = "SELECT id, state, object FROM uploads
    WHERE touched <= (SELECT registry_now()) - $1 ORDER BY touched, id LIMIT $2 FOR UPDATE";

const EXPIRE: &str = concat!(
    "WITH ended AS (UPDATE uploads SET state = 2, epoch = epoch + 1, ",
    emptied!(),
    " WHERE id = ANY ($1) RETURNING id), ",
    forgetting!(),
    " SELECT id FROM ended"
);

const EXPIRED: &str = "SELECT object FROM expired ORDER BY object LIMIT $1";

fn read(row: &Row) -> Result<UploadState, Failure> {
    Ok(match row.try_get(0)? {
        OPEN => UploadState::Open(checkpoint(row)?),
        FINISHED => UploadState::Finished(text(row, 1)?),
        _ => UploadState::Cancelled,
    })
}

fn checkpoint(row: &Row) -> Result<UploadCheckpoint, Failure> {
    let content = match row.try_get::<_, Option<&str>>(5)? {
        Some(key) => PartialContent::Store(StoreCheckpoint {
            key: ObjectKey::new(key),
            offset: bits(row, 6)?,
            state: Bytes::copy_from_slice(row.try_get(7)?),
            tail: Tail::default(),
        }),
        None => PartialContent::Inline(Bytes::copy_from_slice(row.try_get(8)?)),
    };
    Ok(UploadCheckpoint {
        offset: bits(row, 2)?,
        hash: HashState {
            format: row.try_get(3)?,
            bytes: row.try_get(4)?,
        },
        content,
    })
}

pub(super) fn place<'a>(session: SessionKey<'a>) -> [Param<'a>; 2] {
    [
        session.repository.as_str().into(),
        session.id.as_str().into(),
    ]
}

/// The statement that keeps a checkpoint.
fn keep(command: &WriteCheckpoint<'_>) -> &'static str {
    match command.epoch {
        0 => FIRST_CHECKPOINT,
        _ => NEXT_CHECKPOINT,
    }
}

/// What is answered where it changed a row.
fn written(command: &WriteCheckpoint<'_>) -> WriteOutcome {
    let epoch = command.epoch.max(1);
    WriteOutcome::Written { epoch }
}

/// The parameters of [`FIRST_CHECKPOINT`] and [`NEXT_CHECKPOINT`].
fn kept<'a>(command: &'a WriteCheckpoint<'_>, notes: &'a [u8]) -> [Param<'a>; 10] {
    let UploadCheckpoint {
        offset,
        hash,
        content,
    } = &command.checkpoint;
    let [repository, id] = place(command.session);
    let (store, inline) = match content {
        PartialContent::Store(store) => (Some(store), None),
        PartialContent::Inline(bytes) => (None, Some(&**bytes)),
    };
    [
        repository,
        id,
        command.epoch.cast_signed().into(),
        offset.cast_signed().into(),
        hash.format.as_str().into(),
        hash.bytes.as_slice().into(),
        store.map(|store| store.key.as_str()).into(),
        store.map(|store| store.offset.cast_signed()).into(),
        store.map(|_| notes).into(),
        inline.into(),
    ]
}

impl Session {
    /// How a session stands, in what this statement sees.
    async fn upload(&self, session: SessionKey<'_>) -> Result<Option<UploadState>, Failure> {
        let row = self.one(SESSION, &place(session)).await?;
        row.as_ref().map(read).transpose()
    }
}

impl Transaction<'_> {
    /// Ends a session with a blob; also where it has ended with this one before. False where it is another
    /// writer's, or has ended in another way. It is the first row that a push locks.
    pub(super) async fn end_session(
        &self,
        end: &SessionEnd<'_>,
        digest: &Digest,
    ) -> Result<bool, Failure> {
        let sql = match end.epoch {
            0 => FINISH_FRESH,
            _ => FINISH,
        };
        let [repository, id] = place(end.session);
        let epoch = end.epoch.cast_signed().into();
        let params = [repository, id, epoch, digest.as_str().into()];
        if self.run(sql, &params).await? > 0 {
            return Ok(true);
        }
        let state = self.upload(end.session).await?;
        Ok(state == Some(UploadState::Finished(digest.clone())))
    }

    async fn write_checkpoint(
        &self,
        command: &WriteCheckpoint<'_>,
        store: &StoreCheckpoint,
        tails: Tails,
    ) -> Result<End<WriteOutcome>, Failure> {
        let notes = tails.notes(store);
        if self.run(keep(command), &kept(command, &notes)).await? == 0 {
            return Ok(End::RollBack(WriteOutcome::Superseded));
        }
        // Who gives it up for its age deletes the same row; whoever comes second sees the first.
        self.make_known(&[store.key.as_str()]).await?;
        if self.is_given_up(&store.key).await? {
            return Ok(End::RollBack(WriteOutcome::Superseded));
        }
        let tail = (&store.tail, command.tail);
        tails.change(self, command.session, tail).await?;
        Ok(End::Commit(written(command)))
    }

    async fn cancel(&self, session: SessionKey<'_>) -> Result<End<Option<UploadState>>, Failure> {
        loop {
            let row = self.one(LOCKED, &place(session)).await?;
            let before = row.as_ref().map(read).transpose()?;
            let sql = match before {
                None => CANCEL_FRESH,
                Some(UploadState::Open(_)) => CANCEL,
                Some(_) => return Ok(End::RollBack(before)),
            };
            // Nothing changes where another has just made the row.
            if self.run(sql, &place(session)).await? > 0 {
                if let Some(write) = before.as_ref().and_then(UploadState::write) {
                    self.give_back(vec![write.as_str()]).await?;
                }
                return Ok(End::Commit(before));
            }
        }
    }

    /// Cancels open sessions that are idle, and forgets any others.
    async fn expire(&self, idle: Duration, most: usize) -> Result<End<Vec<ObjectKey>>, Failure> {
        let at_once = limit(most.min(EXPIRED_AT_ONCE));
        let rows = self
            .rows(IDLE, &[millis(idle).into(), at_once.into()])
            .await?;
        let (mut open, mut ended) = (Vec::<i64>::new(), Vec::<i64>::new());
        let mut objects = Vec::new();
        for row in &rows {
            match row.try_get(1)? {
                OPEN => open.push(row.try_get(0)?),
                _ => ended.push(row.try_get(0)?),
            }
            objects.extend(row.try_get::<_, Option<&str>>(2)?);
        }
        if !ended.is_empty() {
            let sql = "DELETE FROM uploads WHERE id = ANY ($1)";
            self.run(sql, &[ended.into()]).await?;
        }
        if !open.is_empty() {
            self.give_back(objects).await?;
            self.run(EXPIRE, &[open.into()]).await?;
        }
        let expired = self.rows(EXPIRED, &[limit(most).into()]).await?;
        let expired: Result<_, Failure> = expired.iter().map(|row| key(row, 0)).collect();
        Ok(End::Commit(expired?))
    }

    /// Lists unfinished writes for the store to give up.
    async fn give_back(&self, objects: Vec<&str>) -> Result<(), Failure> {
        let sql = "INSERT INTO expired (object) SELECT key FROM unnest($1) AS given (key)
            ORDER BY key ON CONFLICT DO NOTHING";
        self.run(sql, &[objects.into()]).await?;
        Ok(())
    }
}

/// What is answered to who would claim a session that is not open.
fn unclaimed(state: Option<UploadState>) -> Option<ClaimOutcome> {
    match state {
        None => Some(ClaimOutcome::Fresh),
        Some(UploadState::Open(_)) => None,
        Some(UploadState::Finished(digest)) => Some(ClaimOutcome::Finished(digest)),
        Some(UploadState::Cancelled) => Some(ClaimOutcome::Cancelled),
    }
}

#[async_trait]
impl Uploads for PostgresMetadata {
    async fn upload(&self, session: SessionKey<'_>) -> Result<Option<UploadState>, MetadataError> {
        let row = self.one(SESSION, &place(session)).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    async fn claim(&self, session: SessionKey<'_>) -> Result<ClaimOutcome, MetadataError> {
        loop {
            // A session without a row is claimed by nobody: whoever writes the first one is its writer. So
            // most pushes read here and write nothing.
            let state = Uploads::upload(self, session).await?;
            if let Some(outcome) = unclaimed(state) {
                return Ok(outcome);
            }
            let Some(row) = self.write_one(CLAIM, &place(session)).await? else {
                continue;
            };
            let (epoch, mut from) = (bits(&row, 9)?, checkpoint(&row)?);
            if let PartialContent::Store(store) = &mut from.content {
                match self.tail(session, epoch).await? {
                    Some(tail) => store.tail = tail,
                    // It is another's already.
                    None => continue,
                }
            }
            return Ok(ClaimOutcome::Claimed { epoch, from });
        }
    }

    async fn write_checkpoint(
        &self,
        command: WriteCheckpoint<'_>,
    ) -> Result<WriteOutcome, MetadataError> {
        let (command, tails) = (&command, self.tails);
        let PartialContent::Store(store) = &command.checkpoint.content else {
            // It names nothing that somebody could give up meanwhile.
            return Ok(
                match self.write(keep(command), &kept(command, &[])).await? {
                    0 => WriteOutcome::Superseded,
                    _ => written(command),
                },
            );
        };
        self.transact(|transaction| Box::pin(transaction.write_checkpoint(command, store, tails)))
            .await
    }

    async fn cancel(&self, session: SessionKey<'_>) -> Result<Option<UploadState>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.cancel(session)))
            .await
    }

    async fn expire(&self, idle: Duration, limit: usize) -> Result<Vec<ObjectKey>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.expire(idle, limit)))
            .await
    }

    async fn forget_expired(&self, writes: &[ObjectKey]) -> Result<(), MetadataError> {
        let sql = "DELETE FROM expired WHERE object = ANY ($1)";
        self.write(sql, &[texts(writes).into()]).await.map(drop)
    }
}
