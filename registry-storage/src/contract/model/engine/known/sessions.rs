//! Upload sessions.

use registry_core::UploadId;

use super::{Known, Outcome, Verdict};
use crate::contract::model::engine::{
    action::Request,
    stage::{BLOBS, Index},
};

/// Sessions that nobody writes to for longer than this end, in hours.
pub(in super::super) const EXPIRY: u32 = 8;

/// A session, as far as its client knows.
#[derive(Clone, Debug)]
pub(in super::super) struct Session {
    pub(in super::super) at: Index,
    pub(in super::super) blob: Index,
    pub(in super::super) id: UploadId,
    /// So many bytes were acknowledged, and so many were sent.
    low: u64,
    high: u64,
    may_be_open: bool,
    may_be_finished: bool,
    may_be_gone: bool,
    touched: u32,
}

impl Session {
    /// One of which nothing was sent yet.
    pub(in super::super) fn new(at: Index, blob: Index, id: UploadId, now: u32) -> Self {
        Self {
            at,
            blob,
            id,
            low: 0,
            high: 0,
            may_be_open: true,
            may_be_finished: false,
            may_be_gone: false,
            touched: now,
        }
    }

    /// A session that nobody wrote to for long may have ended; one that has ended may be forgotten.
    pub(super) fn expire(&mut self, now: u32) {
        if now - self.touched > EXPIRY {
            self.may_be_gone = true;
        }
    }

    fn is(&mut self, open: bool, finished: bool, gone: bool) {
        self.may_be_open = open;
        self.may_be_finished = finished;
        self.may_be_gone = gone;
    }

    fn stands(&mut self, offset: u64) -> Verdict {
        if !self.may_be_open || !(self.low..=self.high).contains(&offset) {
            return Err(format!("it stands at {offset}, but is {self:?}"));
        }
        self.is(true, false, false);
        (self.low, self.high) = (offset, offset);
        Ok(())
    }

    fn has_ended(&mut self) -> Verdict {
        if !self.may_be_finished && !self.may_be_gone {
            return Err(format!("it has ended, but is {self:?}"));
        }
        self.may_be_open = false;
        Ok(())
    }
}

impl Known {
    /// Learns how a session stands.
    pub(in super::super) fn learn_status(&mut self, slot: Index, outcome: &Outcome) -> Verdict {
        let Some(session) = &mut self.sessions[slot] else {
            return Ok(());
        };
        match outcome {
            Outcome::Stands(offset) => session.stands(*offset),
            Outcome::Gone => session.has_ended(),
            _ => Err(format!("the status of a session was answered {outcome:?}")),
        }
    }

    /// Learns from a request made where the session was known to stand, or known to have ended.
    pub(super) fn learn_of_session(
        &mut self,
        slot: Index,
        request: &Request,
        outcome: &Outcome,
    ) -> Verdict {
        let Some(mut session) = self.sessions[slot].take() else {
            return Ok(());
        };
        let verdict = match (session.may_be_open, request) {
            (true, Request::Append { .. }) => session.learn_of_append(outcome, self.now),
            (true, Request::Finish { wrong, .. }) => {
                self.learn_of_finish(&mut session, *wrong, outcome)
            }
            (true, _) => session.learn_of_cancel(outcome),
            (false, Request::Finish { wrong: false, .. }) => {
                self.learn_of_repeated_finish(&mut session, outcome)
            }
            (false, _) => match outcome {
                Outcome::Gone | Outcome::Unsure => Ok(()),
                _ => Err(format!("an ended session was answered {outcome:?}")),
            },
        };
        self.sessions[slot] = Some(session);
        verdict
    }

    /// Learns from two ends of one session at once, each with a blob.
    pub(in super::super) fn learn_of_rivals(
        &mut self,
        at: Index,
        ends: [(Index, Outcome); 2],
    ) -> Verdict {
        if ends.iter().all(|end| end.1 == Outcome::Done) {
            return Err(format!("one session ended twice: {ends:?}"));
        }
        for (blob, outcome) in ends {
            match outcome {
                Outcome::Done => self.put_blob(at, blob)?,
                Outcome::Unsure => self.may_have_blob(at, blob),
                Outcome::Gone | Outcome::Elsewhere => {}
                _ => return Err(format!("one of two ends at once was answered {outcome:?}")),
            }
        }
        Ok(())
    }

    fn learn_of_finish(
        &mut self,
        session: &mut Session,
        wrong: bool,
        outcome: &Outcome,
    ) -> Verdict {
        let (at, blob) = (session.at, session.blob);
        session.touched = self.now;
        match (outcome, wrong) {
            (Outcome::Done, false) => {
                session.is(false, true, false);
                self.put_blob(at, blob)
            }
            (Outcome::Unsure, false) => {
                session.is(true, true, false);
                session.high = u64::MAX;
                self.may_have_blob(at, blob);
                Ok(())
            }
            (Outcome::Mismatch, true) => {
                session.is(false, false, true);
                Ok(())
            }
            (Outcome::Unsure, true) => {
                session.is(true, false, true);
                session.high = u64::MAX;
                Ok(())
            }
            _ => Err(format!(
                "finishing {session:?}, wrong {wrong}, was answered {outcome:?}"
            )),
        }
    }

    fn learn_of_repeated_finish(&mut self, session: &mut Session, outcome: &Outcome) -> Verdict {
        let (at, blob) = (session.at, session.blob);
        match outcome {
            Outcome::Done if session.may_be_finished => {
                session.is(false, true, false);
                self.blob_is_told(at, blob)
            }
            Outcome::Absent if session.may_be_finished => {
                session.is(false, true, false);
                self.blob_is_absent(at, blob)
            }
            Outcome::Gone if session.may_be_gone => {
                session.is(false, false, true);
                Ok(())
            }
            Outcome::Unsure => Ok(()),
            _ => Err(format!(
                "finishing {session:?} again was answered {outcome:?}"
            )),
        }
    }
}

impl Session {
    fn learn_of_append(&mut self, outcome: &Outcome, now: u32) -> Verdict {
        self.touched = now;
        match outcome {
            Outcome::Stands(offset) => {
                self.high = *offset;
                self.stands(*offset)
            }
            Outcome::Broken | Outcome::Unsure => {
                self.high = u64::MAX;
                Ok(())
            }
            _ => Err(format!("appending to {self:?} was answered {outcome:?}")),
        }
    }

    fn learn_of_cancel(&mut self, outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::Done => {
                self.is(false, false, true);
                Ok(())
            }
            Outcome::Unsure => {
                self.is(true, false, true);
                Ok(())
            }
            _ => Err(format!("cancelling {self:?} was answered {outcome:?}")),
        }
    }
}

/// The blob whose digest a wrong end claims.
pub(in super::super) fn another(blob: Index) -> Index {
    (blob + 1) % BLOBS
}
