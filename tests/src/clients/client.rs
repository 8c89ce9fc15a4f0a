//! A client of the registry: every request it makes leaves its mark in a ledger.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    content::{Blob, Manifest, sha256},
    http::{Answer, Connection, Request},
    ledger::{Ledger, Pending, Session},
    moment::Moment,
    random::Random,
};

/// Why a client does not go on.
#[derive(Debug)]
pub enum Stop {
    /// A request was not answered, or answered that it is not known.
    Unanswered(String),
    /// The registry did what it must not do.
    Violation(String),
}

/// How a step of a client ended.
pub type Result<T> = std::result::Result<T, Stop>;

/// A client and its ledger.
#[derive(Debug)]
pub struct Client {
    /// What it was told.
    pub ledger: Ledger,
    /// The grace period that the server was started with.
    pub grace: Duration,
    /// How many requests were answered.
    pub answered: u64,
    /// How many were answered that they cannot be now: 503 with a time to come back.
    pub refused: u64,
    /// How long a request was under way at most.
    pub slowest: Duration,
    /// A server that says nothing for so long hangs.
    pub patience: Duration,
    /// Set when the power is about to be cut. An answer that arrives later is none: where the power is
    /// gone nobody answers, while a file system that is told to stop may let a sync that is under way
    /// succeed (XFS does, now and then).
    pub cut: Arc<AtomicBool>,
    /// To each of the servers, any of which takes any request.
    connections: Vec<Connection>,
    random: Random,
    /// What was asked last, and answered.
    history: VecDeque<(Moment, String)>,
}

/// So much of what was asked is told when something is wrong.
const HISTORY: usize = 2000;

/// For a server that has what it needs.
const PATIENCE: Duration = Duration::from_secs(60);

impl Client {
    /// A client that is connected to nothing yet.
    #[must_use]
    pub fn new(ledger: Ledger, grace: Duration) -> Self {
        Self {
            ledger,
            grace,
            answered: 0,
            refused: 0,
            slowest: Duration::ZERO,
            patience: PATIENCE,
            cut: Arc::default(),
            connections: Vec::new(),
            random: Random::new(0),
            history: VecDeque::new(),
        }
    }

    /// From now on it speaks to any of these servers, HOST:PORT each, a request here and the next one there.
    pub fn connect(&mut self, hosts: &[String], random: Random) {
        let connections = hosts
            .iter()
            .map(|host| Connection::new(host, self.patience));
        self.connections = connections.collect();
        self.random = random;
    }

    /// Closes its connections.
    pub fn disconnect(&mut self) {
        self.connections.clear();
    }

    /// A path in the client's repository.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", self.ledger.name)
    }

    /// Sends something that changes nothing.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn ask(&mut self, request: Request<'_>) -> Result<Answer> {
        let (asked, answer) = (Moment::now(), self.send(request));
        self.slowest = self.slowest.max(asked.age());
        let what = || format!("{} {}", request.method, request.path);
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        self.history
            .push_back((asked, format!("{} {status}", what())));
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        let answer = answer.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                wrong(format!("{}: it hangs ({:?})", what(), asked.age()))
            }
            _ => Stop::Unanswered(format!("{}: {error}", what())),
        })?;
        match answer.status {
            _ if self.cut.load(Ordering::SeqCst) => Err(Stop::Unanswered(what())),
            // Whatever fails the server, it is to say that it is not for ever.
            503 if answer.header("retry-after").is_some() => {
                self.refused += 1;
                Err(Stop::Unanswered(format!("{}: {}", what(), told(&answer))))
            }
            500.. => Err(wrong(format!("{}: {}", what(), told(&answer)))),
            _ => {
                self.answered += 1;
                Ok(answer)
            }
        }
    }

    /// Sends a request to one of the servers; where it does not even listen, to the next one.
    fn send(&mut self, request: Request<'_>) -> io::Result<Answer> {
        let first = self.turn();
        let servers = self.connections.len();
        let mut sent = Err(io::ErrorKind::NotConnected.into());
        for turn in first..first + servers {
            sent = self.connections[turn % servers].send(request);
            match &sent {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                _ => break,
            }
        }
        sent
    }

    fn turn(&mut self) -> usize {
        let servers = self.connections.len() as u64;
        place(self.random.below(servers))
    }

    /// What was asked last that has to do with what went wrong.
    pub fn history_of(&self, wrong: &str) -> String {
        let words = wrong.split(|c: char| !c.is_ascii_alphanumeric());
        let ids: Vec<_> = words.filter(|word| word.len() >= 12).collect();
        let last = self.history.len().saturating_sub(12);
        let about = |line: &str| ids.iter().any(|id| line.contains(id));
        let told = self.history.iter().enumerate();
        let told = told.filter(|(place, (_, line))| *place >= last || about(line));
        let told = told.map(|(_, told)| told);
        let told =
            told.map(|(asked, line)| format!("\n  {} ms ago: {line}", asked.age().as_millis()));
        told.collect()
    }

    /// Sends something that changes something, which stays pending where no answer comes.
    fn change(&mut self, pending: Pending, request: Request<'_>) -> Result<Answer> {
        self.ledger.pending = Some((pending, Moment::now()));
        let answer = self.ask(request)?;
        self.ledger.pending = None;
        Ok(answer)
    }

    /// Pushes a blob with one request.
    ///
    /// # Errors
    /// Where it is not taken.
    pub fn push_blob(&mut self, blob: &Blob) -> Result<()> {
        let path = self.path(&format!("blobs/uploads/?digest={}", blob.digest));
        let asked = Moment::now();
        let request = Request::with("POST", &path, &blob.bytes);
        let answer = self.change(Pending::Blob(blob.number), request)?;
        expect(&answer, &[201], &path)?;
        self.ledger.blob_stored(blob.number, asked);
        Ok(())
    }

    /// Pushes other bytes than the digest's.
    ///
    /// # Errors
    /// Where they are taken.
    pub fn push_wrong(&mut self, blob: &Blob, other: &Blob) -> Result<()> {
        let path = self.path(&format!("blobs/uploads/?digest={}", blob.digest));
        let answer = self.ask(Request::with("POST", &path, &other.bytes))?;
        expect(&answer, &[400], &path)
    }

    /// Mounts a blob from another repository. Answers whether that could be done; where not, it has
    /// begun a session.
    ///
    /// # Errors
    /// Where the answer is something else.
    pub fn mount(&mut self, blob: &Blob, from: &str) -> Result<bool> {
        let path = format!("blobs/uploads/?mount={}&from={from}", blob.digest);
        let path = self.path(&path);
        let asked = Moment::now();
        let answer = self.change(Pending::Blob(blob.number), Request::new("POST", &path))?;
        expect(&answer, &[201, 202], &path)?;
        if answer.status == 201 {
            self.ledger.blob_stored(blob.number, asked);
            return Ok(true);
        }
        self.begun(blob.number, &answer, &path)?;
        Ok(false)
    }

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

    fn begun(&mut self, number: u64, answer: &Answer, path: &str) -> Result<()> {
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

    /// Pushes a manifest. Answers whether it was taken; where a blob of it may have been collected it
    /// need not be.
    ///
    /// # Errors
    /// Where it is refused for another reason.
    pub fn push_manifest(&mut self, manifest: Manifest, tag: Option<&str>) -> Result<bool> {
        let path = self.path(&format!("manifests/{}", tag.unwrap_or(&manifest.digest)));
        let mut request = Request::with("PUT", &path, &manifest.bytes);
        request.content_type = Some(manifest.media_type);
        let asked = Moment::now();
        let tag = tag.map(str::to_owned);
        let pending = Pending::Manifest(Box::new(manifest.clone()), tag.clone());
        let answer = self.change(pending, request)?;
        if answer.status == 404 {
            let mut blobs = manifest.blobs.iter();
            let excused = blobs.any(|number| self.ledger.may_be_collected(*number, self.grace));
            return excused.then_some(false).ok_or_else(|| {
                wrong(format!(
                    "{path}: {}, and all it refers to is there",
                    told(&answer)
                ))
            });
        }
        expect(&answer, &[201], &path)?;
        self.ledger.manifest_stored(manifest, tag, asked);
        Ok(true)
    }

    /// Deletes a tag that is there.
    ///
    /// # Errors
    /// Where it is not deleted.
    pub fn delete_tag(&mut self, tag: &str) -> Result<()> {
        let path = self.path(&format!("manifests/{tag}"));
        let pending = Pending::DeleteTag(tag.to_owned());
        let answer = self.change(pending, Request::new("DELETE", &path))?;
        expect(&answer, &[202], &path)?;
        self.ledger.tags.remove(tag);
        Ok(())
    }

    /// Deletes a manifest that is there.
    ///
    /// # Errors
    /// Where it is not deleted.
    pub fn delete_manifest(&mut self, digest: &str) -> Result<()> {
        let path = self.path(&format!("manifests/{digest}"));
        let pending = Pending::DeleteManifest(digest.to_owned());
        let asked = Moment::now();
        let answer = self.change(pending, Request::new("DELETE", &path))?;
        if answer.status == 405 && self.ledger.is_child(digest) {
            return Ok(());
        }
        expect(&answer, &[202], &path)?;
        self.ledger.manifest_deleted(digest, asked);
        Ok(())
    }

    /// Deletes a blob, unless a manifest requires it.
    ///
    /// # Errors
    /// Where it is not deleted.
    pub fn delete_blob(&mut self, blob: &Blob) -> Result<()> {
        let path = self.path(&format!("blobs/{}", blob.digest));
        let pending = Pending::DeleteBlob(blob.number);
        let answer = self.change(pending, Request::new("DELETE", &path))?;
        if self.ledger.is_referenced(blob.number) {
            return expect(&answer, &[405], &path);
        }
        match answer.status {
            404 if self.ledger.may_be_collected(blob.number, self.grace) => {}
            _ => expect(&answer, &[202], &path)?,
        }
        self.ledger.blob_deleted(blob.number);
        Ok(())
    }

    /// Asks whether a blob is there, which makes it stay.
    ///
    /// # Errors
    /// Where it is not, and has to be.
    pub fn head_blob(&mut self, blob: &Blob) -> Result<()> {
        let path = self.path(&format!("blobs/{}", blob.digest));
        let asked = Moment::now();
        let answer = self.ask(Request::new("HEAD", &path))?;
        self.blob_seen(blob, &answer, asked, &path).map(drop)
    }

    /// Reads a blob. Answers whether it is there.
    ///
    /// # Errors
    /// Where it is not and has to be, or is something else.
    pub fn read_blob(&mut self, blob: &Blob) -> Result<bool> {
        let path = self.path(&format!("blobs/{}", blob.digest));
        let asked = Moment::now();
        let answer = self.ask(Request::new("GET", &path))?;
        let there = self.blob_seen(blob, &answer, asked, &path)?;
        if there && sha256(&answer.body) != blob.digest {
            let (is, should) = (answer.body.len(), blob.bytes.len());
            return Err(wrong(format!("{path}: other bytes ({is}, of {should})")));
        }
        Ok(there)
    }

    fn blob_seen(
        &mut self,
        blob: &Blob,
        answer: &Answer,
        asked: Moment,
        path: &str,
    ) -> Result<bool> {
        let known = self.ledger.blobs.contains_key(&blob.number);
        match answer.status {
            200 if known => {
                self.ledger.blob_stored(blob.number, asked);
                Ok(true)
            }
            404 if !known => Ok(false),
            404 if self.ledger.may_be_collected(blob.number, self.grace) => {
                self.ledger.blobs.remove(&blob.number);
                Ok(false)
            }
            _ if known => Err(wrong(format!(
                "{path}: {}, and it was acknowledged",
                told(answer)
            ))),
            _ => Err(wrong(format!(
                "{path}: {}, and it was never acknowledged",
                told(answer)
            ))),
        }
    }

    /// Reads a manifest by tag or digest. Answers its digest, or None where there is none.
    ///
    /// # Errors
    /// Where its bytes are not those of its digest.
    pub fn read_manifest(&mut self, reference: &str) -> Result<Option<String>> {
        let path = self.path(&format!("manifests/{reference}"));
        let answer = self.ask(Request::new("GET", &path))?;
        expect(&answer, &[200, 404], &path)?;
        if answer.status == 404 {
            return Ok(None);
        }
        let digest = sha256(&answer.body);
        if answer.header("docker-content-digest") != Some(&digest) {
            return Err(wrong(format!("{path}: other bytes than its digest's")));
        }
        Ok(Some(digest))
    }

    /// The tags that the registry lists.
    ///
    /// # Errors
    /// Where it lists none.
    pub fn list_tags(&mut self) -> Result<Vec<String>> {
        let path = self.path("tags/list");
        let answer = self.ask(Request::new("GET", &path))?;
        // A repository is made with the first content.
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        expect(&answer, &[200], &path)?;
        let listed: serde_json::Value = serde_json::from_slice(&answer.body)
            .map_err(|error| wrong(format!("{path}: {error}")))?;
        let tags = listed["tags"].as_array().into_iter().flatten();
        Ok(tags
            .filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect())
    }
}

/// A violation.
#[must_use]
pub fn wrong(what: String) -> Stop {
    Stop::Violation(what)
}

fn expect(answer: &Answer, statuses: &[u16], what: &str) -> Result<()> {
    match statuses.contains(&answer.status) {
        true => Ok(()),
        false => Err(wrong(format!("{what}: {}, not {statuses:?}", told(answer)))),
    }
}

/// Whether an upload is not where it was when it was looked at: another server has kept more of it since, or
/// did so meanwhile.
#[must_use]
pub fn is_further(answer: &Answer) -> bool {
    matches!(answer.status, 409 | 416)
}

fn told(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    format!("{} {:.200}", answer.status, body.trim())
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
