//! Upload sessions.

use super::{Answer, Call, Claim, Outcomes, Stand, World};
use crate::contract::model::metadata::{
    action::Write,
    stage::{Index, REPOSITORIES, SESSIONS},
};

/// Sessions idle for longer than this are expired, in hours.
pub(in super::super) const IDLE: u32 = 4;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Session {
    stand: Stand,
    /// The client whose epoch is the newest; none where its answer was lost.
    writer: Option<Index>,
    /// When it was written, and when it was last touched in any way. Which of both counts is not said.
    written: u32,
    touched: u32,
}

/// Whether a client may end a session with a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Possible,
    Lost,
}

impl World {
    pub(super) fn after_upload(&self, call: &Call) -> Outcomes {
        let client = call.client;
        match call.write {
            Write::Claim(at, id) => self.after_claim(client, at, id),
            Write::Checkpoint(at, id) => self.after_write(call, at, id),
            Write::Cancel(at, id) => self.after_cancel(at, id),
            Write::Expire => self.after_expire(),
            Write::ForgetExpired => vec![self.then(Answer::Done, |world| {
                call.keys.iter().for_each(|key| {
                    world.expired.remove(key);
                });
            })],
            _ => Vec::new(),
        }
    }

    pub(super) fn upload(&self, at: Index, id: Index) -> Option<&Stand> {
        self.sessions.get(&(at, id)).map(|session| &session.stand)
    }

    /// The keys of the unfinished writes of open sessions.
    pub(super) fn names_write(&self, key: &str) -> bool {
        let mut sessions = self.sessions.values();
        sessions.any(|session| session.stand == Stand::Open(key.to_owned()))
    }

    /// A client whose command met a lost answer before does not hold the epoch that it thinks it holds.
    pub(in super::super) fn lose_epoch(&mut self, at: Index, id: Index) {
        if let Some(session) = self.sessions.get_mut(&(at, id)) {
            session.writer = None;
        }
    }

    fn may_write(&self, call: &Call, at: Index, id: Index) -> bool {
        match self.sessions.get(&(at, id)) {
            None => call.is_fresh,
            Some(session) => {
                matches!(session.stand, Stand::Open(_)) && session.writer == Some(call.client)
            }
        }
    }

    fn after_claim(&self, client: Index, at: Index, id: Index) -> Outcomes {
        let claim = match self.upload(at, id) {
            None => return vec![self.stays(Answer::Claim(Claim::Fresh))],
            Some(Stand::Open(key)) => Claim::Claimed(key.clone()),
            Some(ended) => return vec![self.stays(Answer::Claim(Claim::Ended(ended.clone())))],
        };
        vec![self.then(Answer::Claim(claim), |world| {
            if let Some(session) = world.sessions.get_mut(&(at, id)) {
                session.writer = Some(client);
                session.touched = world.now;
            }
        })]
    }

    fn after_write(&self, call: &Call, at: Index, id: Index) -> Outcomes {
        if !self.may_write(call, at, id) {
            return vec![self.stays(Answer::Is(false))];
        }
        let key = call.key.clone().unwrap_or_default();
        vec![self.then(Answer::Is(true), |world| {
            world.name_key(&key);
            world.put_session(at, id, Stand::Open(key), Some(call.client));
        })]
    }

    fn put_session(&mut self, at: Index, id: Index, stand: Stand, writer: Option<Index>) {
        let session = Session {
            stand,
            writer,
            written: self.now,
            touched: self.now,
        };
        self.sessions.insert((at, id), session);
    }

    fn after_cancel(&self, at: Index, id: Index) -> Outcomes {
        let stood = self.upload(at, id).cloned();
        let answer = Answer::Upload(stood.clone());
        match stood {
            None | Some(Stand::Open(_)) => vec![self.then(answer, |world| {
                world.give_back(at, id);
                world.put_session(at, id, Stand::Cancelled, None);
            })],
            Some(_) => vec![self.stays(answer)],
        }
    }

    /// The unfinished write of an open session is to be given up.
    fn give_back(&mut self, at: Index, id: Index) {
        if let Some(Stand::Open(key)) = self.upload(at, id).cloned() {
            self.expired.insert(key);
        }
    }

    pub(super) fn ending(&self, call: &Call, at: Index, id: Index, blob: Index) -> Ending {
        let repeated = self.upload(at, id) == Some(&Stand::Finished(blob));
        match repeated || self.may_write(call, at, id) {
            true => Ending::Possible,
            false => Ending::Lost,
        }
    }

    /// A blob ends a session. A repeated end may or may not count as a touch.
    pub(super) fn finish(&mut self, at: Index, id: Index, blob: Index) {
        let finished = Stand::Finished(blob);
        match self.sessions.get_mut(&(at, id)) {
            Some(session) if session.stand == finished => session.touched = self.now,
            _ => self.put_session(at, id, finished, None),
        }
    }

    fn after_expire(&self) -> Outcomes {
        let mut worlds = vec![self.clone()];
        for session in (0..REPOSITORIES.len()).flat_map(|at| SESSIONS_OF.map(|id| (at, id))) {
            let after = worlds
                .iter()
                .flat_map(|world| world.after_expiry_of(session));
            worlds = after.collect();
        }
        let answer = |world: World| {
            let keys = world.expired.iter().cloned().collect();
            (Answer::Keys(keys), world)
        };
        worlds.into_iter().map(answer).collect()
    }

    /// One session is left, or ends or is forgotten.
    fn after_expiry_of(&self, name: (Index, Index)) -> Vec<Self> {
        let Some(session) = self.sessions.get(&name) else {
            return vec![self.clone()];
        };
        let must = self.now - session.touched > IDLE;
        let may = self.now - session.written > IDLE;
        let mut worlds = Vec::new();
        if may {
            worlds.push(self.without_idle(name));
        }
        if !must {
            worlds.push(self.clone());
        }
        worlds
    }

    fn without_idle(&self, name: (Index, Index)) -> Self {
        let mut world = self.clone();
        match self.upload(name.0, name.1) {
            Some(Stand::Open(_)) => {
                world.give_back(name.0, name.1);
                world.put_session(name.0, name.1, Stand::Cancelled, None);
            }
            _ => {
                world.sessions.remove(&name);
            }
        }
        world
    }
}

const SESSIONS_OF: [Index; SESSIONS.len()] = [0, 1];
