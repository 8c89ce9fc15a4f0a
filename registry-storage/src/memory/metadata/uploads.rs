//! Upload sessions.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use async_trait::async_trait;
use registry_core::{
    Digest, RepositoryName, Timestamp, UploadId,
    backend::{
        ClaimOutcome, MetadataError, ObjectKey, PartialContent, SessionEnd, SessionKey,
        UploadState, Uploads, WriteCheckpoint, WriteOutcome,
    },
};

use super::{MemoryMetadata, state::State};

type SessionName = (RepositoryName, UploadId);

/// Sessions that something was written of.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    rows: HashMap<SessionName, Session>,
    /// All of them by the time of their last command.
    idle: BTreeSet<(Timestamp, SessionName)>,
    /// Writes of expired and cancelled sessions that the store has not given up yet.
    expired: BTreeSet<ObjectKey>,
}

#[derive(Debug)]
struct Session {
    epoch: u64,
    state: UploadState,
    touched: Timestamp,
}

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

impl Sessions {
    /// How many may go on.
    pub(super) fn open(&self) -> u64 {
        let open = |session: &&Session| matches!(session.state, UploadState::Open { .. });
        self.rows.values().filter(open).count() as u64
    }

    fn get(&self, key: SessionKey<'_>) -> Option<&Session> {
        self.rows.get(&name(key))
    }

    fn put(&mut self, name: SessionName, session: Session) {
        self.forget(&name);
        self.idle.insert((session.touched, name.clone()));
        self.rows.insert(name, session);
    }

    fn forget(&mut self, name: &SessionName) {
        if let Some(session) = self.rows.remove(name) {
            self.idle.remove(&(session.touched, name.clone()));
        }
    }

    /// Sessions whose last command is that long ago, the longest first.
    fn idle(&self, now: Timestamp, idle: Duration, limit: usize) -> Vec<SessionName> {
        let oldest = self
            .idle
            .iter()
            .take_while(|(touched, _)| now.since(*touched) >= idle);
        oldest.take(limit).map(|(_, name)| name.clone()).collect()
    }

    /// Whether this writer may end its session with this digest.
    pub(super) fn ending(&self, end: SessionEnd<'_>, digest: &Digest) -> Ending {
        match self.get(end.session) {
            None if end.epoch == 0 => Ending::Open,
            Some(row) => row.ending(end.epoch, digest),
            None => Ending::Lost,
        }
    }
}

impl Session {
    fn ending(&self, epoch: u64, digest: &Digest) -> Ending {
        match &self.state {
            UploadState::Open(_) if self.epoch == epoch => Ending::Open,
            UploadState::Finished(finished) if finished == digest => Ending::Repeated,
            _ => Ending::Lost,
        }
    }

    /// The unfinished write in the store, while the session is open.
    fn write(&self) -> Option<&ObjectKey> {
        self.state.write()
    }
}

impl State {
    /// Sets how a session stands, and keeps the index of the writes that open sessions name.
    fn set_session(&mut self, name: SessionName, epoch: u64, state: UploadState) {
        if let Some(write) = self.sessions.rows.get(&name).and_then(Session::write) {
            self.objects.end_write(write);
        }
        let touched = self.now;
        let session = Session {
            epoch,
            state,
            touched,
        };
        if let Some(write) = session.write() {
            self.objects.begin_write(write.clone());
        }
        self.sessions.put(name, session);
    }

    /// Ends a session that [`Sessions::ending`] found open.
    pub(super) fn finish_session(&mut self, end: SessionEnd<'_>, digest: &Digest) {
        let epoch = end.epoch.max(1);
        self.set_session(
            name(end.session),
            epoch,
            UploadState::Finished(digest.clone()),
        );
    }

    fn claim(&mut self, key: SessionKey<'_>) -> ClaimOutcome {
        let Some(session) = self.sessions.get(key) else {
            return ClaimOutcome::Fresh;
        };
        let from = match &session.state {
            UploadState::Open(checkpoint) => checkpoint.clone(),
            UploadState::Finished(digest) => return ClaimOutcome::Finished(digest.clone()),
            UploadState::Cancelled => return ClaimOutcome::Cancelled,
        };
        let epoch = session.epoch + 1;
        self.set_session(name(key), epoch, UploadState::Open(from.clone()));
        ClaimOutcome::Claimed { epoch, from }
    }

    fn write_checkpoint(&mut self, command: WriteCheckpoint<'_>) -> WriteOutcome {
        let is_writer = match self.sessions.get(command.session) {
            None => command.epoch == 0,
            Some(session) => {
                matches!(session.state, UploadState::Open(_)) && session.epoch == command.epoch
            }
        };
        if !is_writer || self.names_gone(&command.checkpoint.content) {
            return WriteOutcome::Superseded;
        }
        let epoch = command.epoch.max(1);
        let state = UploadState::Open(command.checkpoint);
        self.set_session(name(command.session), epoch, state);
        WriteOutcome::Written { epoch }
    }

    /// Whether the collector has given these bytes up.
    fn names_gone(&self, content: &PartialContent) -> bool {
        match content {
            PartialContent::Store(store) => self.objects.is_gone(&store.key),
            PartialContent::Inline(_) => false,
        }
    }

    fn cancel(&mut self, key: SessionKey<'_>) -> Option<UploadState> {
        let session = self.sessions.get(key);
        let before = session.map(|session| session.state.clone());
        if matches!(before, None | Some(UploadState::Open(_))) {
            let epoch = session.map_or(0, |session| session.epoch) + 1;
            let write = session.and_then(Session::write).cloned();
            self.sessions.expired.extend(write);
            self.set_session(name(key), epoch, UploadState::Cancelled);
        }
        before
    }

    fn expire(&mut self, idle: Duration, limit: usize) -> Vec<ObjectKey> {
        for name in self.sessions.idle(self.now, idle, limit) {
            self.expire_session(name);
        }
        self.sessions.expired.iter().take(limit).cloned().collect()
    }

    /// Cancels an open session, and forgets any other.
    fn expire_session(&mut self, name: SessionName) {
        let Some(session) = self.sessions.rows.get(&name) else {
            return;
        };
        if !matches!(session.state, UploadState::Open(_)) {
            return self.sessions.forget(&name);
        }
        let epoch = session.epoch + 1;
        self.sessions.expired.extend(session.write().cloned());
        self.set_session(name, epoch, UploadState::Cancelled);
    }

    fn forget_expired(&mut self, writes: &[ObjectKey]) {
        for write in writes {
            self.sessions.expired.remove(write);
        }
    }
}

fn name(key: SessionKey<'_>) -> SessionName {
    (key.repository.clone(), key.id.clone())
}

#[async_trait]
impl Uploads for MemoryMetadata {
    async fn upload(&self, session: SessionKey<'_>) -> Result<Option<UploadState>, MetadataError> {
        self.run(|state| {
            let row = state.sessions.get(session);
            row.map(|row| row.state.clone().without_tail())
        })
    }

    async fn claim(&self, session: SessionKey<'_>) -> Result<ClaimOutcome, MetadataError> {
        self.run(|state| state.claim(session))
    }

    async fn write_checkpoint(
        &self,
        command: WriteCheckpoint<'_>,
    ) -> Result<WriteOutcome, MetadataError> {
        self.run(|state| state.write_checkpoint(command))
    }

    async fn cancel(&self, session: SessionKey<'_>) -> Result<Option<UploadState>, MetadataError> {
        self.run(|state| state.cancel(session).map(UploadState::without_tail))
    }

    async fn expire(&self, idle: Duration, limit: usize) -> Result<Vec<ObjectKey>, MetadataError> {
        self.run(|state| state.expire(idle, limit))
    }

    async fn forget_expired(&self, writes: &[ObjectKey]) -> Result<(), MetadataError> {
        self.run(|state| state.forget_expired(writes))
    }
}
