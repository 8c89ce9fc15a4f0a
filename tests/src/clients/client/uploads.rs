//! Uploads in parts.

use super::{
    Client, Result, Stop,
    answers::{expect, is_further, wrong},
    place,
};
use crate::clients::{
    content::Blob,
    http::{Answer, Request},
    ledger::{Pending, Session},
    moment::Moment,
};

impl Client {
    /// Begins a session.
    ///
    /// # Errors
    /// Where none is begun.
    pub fn begin(&mut self, number: u64) -> Result<()> {
        let path = self.path("blobs/uploads/");
        let answer = self.ask(Request::new("POST", &path))?;
        expect(&answer, &[202], &path)?;
        self.begun(number, &answer, &path)
    }

    pub(super) fn begun(&mut self, number: u64, answer: &Answer, path: &str) -> Result<()> {
        let location = answer.location().map(str::to_owned);
        let location = location.ok_or_else(|| wrong(format!("{path}: no Location")))?;
        self.ledger.sessions.push(Session {
            path: location,
            number,
            acknowledged: 0,
            sent: 0,
            disturbed: false,
        });
        Ok(())
    }

    /// Sends more of a session's blob, unless the session turns out to be further.
    ///
    /// # Errors
    /// Where it is not taken.
    pub fn patch(&mut self, session: usize, blob: &Blob, end: u64) -> Result<()> {
        let disturbed = self.ledger.sessions[session].disturbed;
        let (path, start) = self.extend(session, end);
        let mut request = Request::with("PATCH", &path, &blob.bytes[place(start)..place(end)]);
        request.from = Some(start);
        let answer = self.ask(request)?;
        if disturbed && is_further(&answer) {
            return self.find(session).map(drop);
        }
        expect(&answer, &[202], &path)?;
        if disturbed && start == end {
            // Nothing cannot say where it begins, and takes no turn.
            return self.find(session).map(drop);
        }
        let offset = answer.offset().unwrap_or_default();
        if offset != end {
            return Err(wrong(format!(
                "{path}: {offset} bytes acknowledged, {end} sent"
            )));
        }
        let session = &mut self.ledger.sessions[session];
        (session.acknowledged, session.sent, session.disturbed) = (end, end, false);
        Ok(())
    }

    /// Sends less than it said of a session's blob, and goes away.
    ///
    /// # Errors
    /// Where not even that could be sent.
    pub fn break_off(&mut self, session: usize, blob: &Blob, end: u64) -> Result<()> {
        let (path, start) = self.extend(session, end);
        let body = &blob.bytes[place(start)..];
        let mut request = Request::with("PATCH", &path, body);
        request.from = Some(start);
        let turn = self.turn();
        let sent = self.connections[turn].break_off(request, place(end - start));
        sent.map_err(|error| Stop::Unanswered(format!("PATCH {path}: {error}")))
    }

    fn extend(&mut self, session: usize, end: u64) -> (String, u64) {
        let several = self.connections.len() > 1;
        let session = &mut self.ledger.sessions[session];
        session.sent = session.sent.max(end);
        session.disturbed = several;
        (session.path.clone(), session.acknowledged)
    }

    /// Asks how far a session is, which must be somewhere between what was acknowledged and sent. None
    /// where it has ended.
    ///
    /// # Errors
    /// Where it is elsewhere.
    pub fn status(&mut self, session: &Session) -> Result<Option<u64>> {
        let Session {
            path,
            acknowledged,
            sent,
            ..
        } = session;
        let answer = self.ask(Request::new("GET", path))?;
        expect(&answer, &[204, 404], path)?;
        if answer.status == 404 {
            return Ok(None);
        }
        let offset = answer.offset().unwrap_or_default();
        if (*acknowledged..=*sent).contains(&offset) {
            return Ok(Some(offset));
        }
        Err(wrong(format!(
            "{path}: {acknowledged} bytes were acknowledged, {sent} sent, and it says {offset}"
        )))
    }

    /// Asks how far a session that must be there is, and goes on from there.
    ///
    /// # Errors
    /// Where it is not there.
    pub fn find(&mut self, session: usize) -> Result<u64> {
        let found = self.ledger.sessions[session].clone();
        let offset = self.status(&found)?;
        let offset = offset.ok_or_else(|| wrong(format!("{}: the session is gone", found.path)))?;
        let session = &mut self.ledger.sessions[session];
        session.acknowledged = offset;
        if !session.disturbed {
            session.sent = offset;
        }
        Ok(offset)
    }

    /// Sends the last of a session's blob, unless the session turns out to be further.
    ///
    /// # Errors
    /// Where it is not taken.
    pub fn finish(&mut self, session: usize, blob: &Blob) -> Result<()> {
        let mut session = self.ledger.sessions.remove(session);
        let path = format!("{}?digest={}", session.path, blob.digest);
        let body = &blob.bytes[place(session.acknowledged)..];
        let mut request = Request::with("PUT", &path, body);
        request.from = Some(session.acknowledged);
        let asked = Moment::now();
        let answer = self.change(Pending::Finish(session.clone()), request)?;
        if session.disturbed && is_further(&answer) {
            session.sent = blob.bytes.len() as u64;
            self.ledger.sessions.push(session);
            return self.find(self.ledger.sessions.len() - 1).map(drop);
        }
        expect(&answer, &[201], &path)?;
        self.ledger.blob_stored(blob.number, asked);
        Ok(())
    }

    /// Says that a session's bytes are another blob's, which ends it.
    ///
    /// # Errors
    /// Where they are taken.
    pub fn finish_wrong(&mut self, session: usize, other: &Blob) -> Result<()> {
        let session = self.ledger.sessions.remove(session);
        let path = format!("{}?digest={}", session.path, other.digest);
        let answer = self.change(Pending::Cancel(session), Request::new("PUT", &path))?;
        expect(&answer, &[400], &path)
    }

    /// Ends a session without a blob.
    ///
    /// # Errors
    /// Where it does not end.
    pub fn cancel(&mut self, session: usize) -> Result<()> {
        let session = self.ledger.sessions.remove(session);
        let path = session.path.clone();
        let answer = self.change(Pending::Cancel(session), Request::new("DELETE", &path))?;
        expect(&answer, &[204], &path)
    }
}
