//! A state of the model, and its steps.

use std::collections::BTreeSet;

use super::{
    connection::Request,
    id::Id,
    program::Programs,
    promise::Promises,
    store::{
        Columns, Database, Key, ObjectState, Progress, Returning, Row, Rows, Running, Statement,
    },
    violation::{self, Violation},
};

/// Everything there is at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) objects: BTreeSet<Id>,
    pub(crate) promises: Promises,
    clients: Vec<ClientState>,
    ticks_left: u8,
    breaks_left: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ClientState {
    place: usize,
    running: Option<Running>,
    ended: bool,
}

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The grace period passes.
    Tick,
    /// A client's next step.
    Step(usize),
    /// A client's process or its connection dies.
    Break(usize),
}

/// What came of an event.
pub(crate) enum Outcome {
    /// It cannot happen now.
    Blocked,
    /// The state after it, and the rows of a statement that ended.
    Done(Box<World>, Option<Rows>),
    /// It broke what must hold.
    Broken(Violation),
}

impl World {
    /// A state before any client's first step. Clients are at the first places of their programs.
    pub(crate) fn new(database: Database, objects: BTreeSet<Id>, ticks: u8, breaks: u8) -> Self {
        Self {
            database,
            objects,
            promises: Promises::default(),
            clients: Vec::new(),
            ticks_left: ticks,
            breaks_left: breaks,
        }
    }

    /// The same store with other clients, none of which has begun.
    pub(crate) fn with_clients(&self, clients: usize) -> Self {
        let mut world = self.clone();
        world.promises = Promises::default();
        world.database.restart(clients);
        world.clients = (0..clients).map(ClientState::at).collect();
        world
    }

    /// Whether all clients have ended.
    pub(crate) fn is_over(&self, programs: &Programs) -> bool {
        (0..self.clients.len()).all(|client| self.has_ended(client, programs))
    }

    /// What might happen next.
    pub(crate) fn events(&self, programs: &Programs) -> Vec<Event> {
        let unfinished =
            (0..self.clients.len()).filter(|client| !self.has_ended(*client, programs));
        let mut events: Vec<Event> = unfinished.clone().map(Event::Step).collect();
        if self.breaks_left > 0 {
            events.extend(unfinished.map(Event::Break));
        }
        if self.ticks_left > 0 {
            events.push(Event::Tick);
        }
        events
    }

    /// What a client asks for next, and whether it has begun to wait for it.
    pub(crate) fn request<'a>(
        &self,
        client: usize,
        programs: &'a Programs,
    ) -> (Option<&'a Request>, bool) {
        let state = &self.clients[client];
        match state.ended {
            true => (None, false),
            false => (programs.request(state.place), state.running.is_some()),
        }
    }

    fn has_ended(&self, client: usize, programs: &Programs) -> bool {
        let state = &self.clients[client];
        state.ended || programs.request(state.place).is_none()
    }

    /// The state after an event.
    pub(crate) fn after(&self, event: Event, programs: &mut Programs) -> Outcome {
        let mut world = Box::new(self.clone());
        match event {
            Event::Tick => {
                world.ticks_left = world.ticks_left.saturating_sub(1);
                world.tick();
                Outcome::Done(world, None)
            }
            Event::Break(client) => {
                world.database.roll_back(client);
                world.clients[client] = ClientState::ended();
                world.breaks_left -= 1;
                Outcome::Done(world, None)
            }
            Event::Step(client) => match world.step(client, programs) {
                Ok(Step::Blocked) => Outcome::Blocked,
                Ok(Step::Begun) => Outcome::Done(world, None),
                Ok(Step::Ended(rows)) => Outcome::Done(world, Some(rows)),
                Err(violation) => Outcome::Broken(violation),
            },
        }
    }

    /// The grace period passes.
    pub(crate) fn tick(&mut self) {
        self.database.tick();
        self.promises.expire();
    }

    fn step(&mut self, client: usize, programs: &mut Programs) -> Result<Step, Violation> {
        let place = self.clients[client].place;
        let request = programs
            .request(place)
            .expect("only unfinished clients step");
        let request = request.clone();
        let rows = match self.carry_out(client, &request)? {
            Progress::Blocked => return Ok(Step::Blocked),
            Progress::More(running) => {
                self.clients[client].running = Some(running);
                return Ok(Step::Begun);
            }
            Progress::Done(rows) => rows,
        };
        let mut next = programs.after(place, &told(&request, &rows));
        while let Some(Request::Note(note)) = programs.request(next) {
            if !self.promises.note(client, *note) {
                return Err(Violation::Contradicted);
            }
            next = programs.after(next, &Rows::default());
        }
        self.clients[client] = match programs.request(next) {
            Some(_) => ClientState::at(next),
            None => ClientState::ended(),
        };
        self.canonicalise();
        Ok(Step::Ended(rows))
    }

    fn canonicalise(&mut self) {
        let still = self.clients.iter().all(|client| client.running.is_none());
        self.database.canonicalise(still);
    }

    fn carry_out(&mut self, client: usize, request: &Request) -> Result<Progress, Violation> {
        match request {
            Request::Run(statement) => return self.run(client, statement),
            Request::Insert(insert) => return Ok(self.database.insert(client, insert)),
            Request::ListObjects => return Ok(Progress::Done(self.list_objects())),
            Request::Xid => {
                self.database.xid(client);
            }
            Request::Commit => self.database.commit(client),
            Request::CommitRemoval => {
                violation::check_removal(&self.database, client)?;
                self.database.commit(client);
            }
            Request::RollBack => self.database.roll_back(client),
            Request::PutObject(object) => {
                self.database.begin_work(client);
                self.objects.insert(*object);
            }
            Request::DeleteObject(object) => {
                self.objects.remove(object);
            }
            Request::Note(note) => panic!("{note} is no step"),
        }
        Ok(Progress::Done(Rows::default()))
    }

    fn run(&mut self, client: usize, statement: &Statement) -> Result<Progress, Violation> {
        if let Some(running) = self.clients[client].running.take() {
            return Ok(self.database.advance(client, statement, running));
        }
        if statement.is_removal() {
            let chosen = self.database.visited(client, statement);
            violation::check_choice(&self.database, chosen.iter().map(|(key, _)| *key))?;
        }
        Ok(self.database.begin(client, statement))
    }

    fn list_objects(&self) -> Rows {
        let row = || Row::new(Columns::Object(ObjectState::Named));
        let objects = self.objects.iter();
        objects
            .map(|object| (Key::Object(*object), row()))
            .collect()
    }
}

enum Step {
    Blocked,
    Begun,
    Ended(Rows),
}

impl ClientState {
    fn at(place: usize) -> Self {
        Self {
            place,
            running: None,
            ended: false,
        }
    }

    /// All clients that ended are alike.
    fn ended() -> Self {
        Self {
            place: 0,
            running: None,
            ended: true,
        }
    }
}

/// What a client is told of a statement's rows.
fn told(request: &Request, rows: &Rows) -> Rows {
    let returning = match request {
        Request::Run(statement) => statement.returning,
        _ => Returning::Rows,
    };
    let returned = rows.iter().filter(|(key, _)| match returning {
        Returning::Rows => true,
        Returning::Contents => matches!(key, Key::Content(_)),
        Returning::Nothing => false,
    });
    returned.map(|(key, row)| (*key, row.told())).collect()
}
