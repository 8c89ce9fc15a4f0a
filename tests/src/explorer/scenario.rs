//! Scenarios: what is there, who does what, and what all interleavings of it come to.

use std::{collections::BTreeSet, fmt, future::Future, pin::Pin, rc::Rc};

use super::{
    client::{Client, Manifest},
    id::Id,
    mutation::Mutation,
    program::{Programs, Script},
    quiesce::Quiescence,
    search::{Found, Search},
    store::{Columns, Database, Key, ObjectState, Refers, Row, Target},
    trace,
    violation::Violation,
    world::World,
};

/// A store as it is at first, and clients that do something at the same time.
pub struct Scenario {
    database: Database,
    objects: BTreeSet<Id>,
    names: Vec<&'static str>,
    scripts: Vec<Script>,
    ticks: u8,
    breaks: u8,
}

/// What all interleavings came to.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// How many states there are.
    pub states: usize,
    /// How many steps lead from one to another.
    pub steps: usize,
    /// A shortest way to break what must hold, where there is one.
    pub counterexample: Option<Counterexample>,
}

/// A way to break what must hold.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// What is broken.
    pub violation: Violation,
    /// How, step by step.
    pub trace: String,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            database: Database::new(0),
            objects: BTreeSet::new(),
            names: Vec::new(),
            scripts: Vec::new(),
            ticks: 2,
            breaks: 0,
        }
    }
}

impl Scenario {
    /// There is a content in an object.
    #[must_use]
    pub fn content(mut self, digest: &str, object: &str) -> Self {
        let id = Id::of(object);
        self.put(Key::Content(Id::of(digest)), Columns::Content(id));
        self.put(Key::Object(id), Columns::Object(ObjectState::Named));
        self.objects.insert(id);
        self
    }

    /// There is an object that nothing names.
    #[must_use]
    pub fn object(mut self, object: &str) -> Self {
        self.objects.insert(Id::of(object));
        self
    }

    /// A repository has a blob.
    #[must_use]
    pub fn link(mut self, repository: &str, digest: &str) -> Self {
        let key = Key::Link(Id::of(repository), Id::of(digest));
        self.put(key, Columns::Link);
        self
    }

    /// A repository has a manifest.
    #[must_use]
    pub fn manifest(mut self, repository: &str, digest: &str, manifest: Manifest<'_>) -> Self {
        let (repository, digest) = (Id::of(repository), Id::of(digest));
        let columns = Columns::Manifest {
            subject: manifest.subject.map(Id::of),
            references: references(&manifest).into(),
        };
        self.put(Key::Manifest(repository, digest), columns);
        if let Some(tag) = manifest.tag {
            self.put(Key::Tag(repository, Id::of(tag)), Columns::Tag(digest));
        }
        self
    }

    /// There is an upload session with this many writers so far.
    #[must_use]
    pub fn upload(mut self, session: &str, epoch: u8) -> Self {
        let finished = false;
        let columns = Columns::Upload { epoch, finished };
        self.put(Key::Upload(Id::of(session)), columns);
        self
    }

    /// Manifests that nothing keeps are collected.
    #[must_use]
    pub fn collects_untagged(mut self) -> Self {
        self.database.collect_untagged = true;
        self
    }

    /// So many grace periods may pass, at any time.
    #[must_use]
    pub fn ticks(mut self, ticks: u8) -> Self {
        self.ticks = ticks;
        self
    }

    /// So many clients may die, at any time.
    #[must_use]
    pub fn breaks(mut self, breaks: u8) -> Self {
        self.breaks = breaks;
        self
    }

    /// A client does this.
    #[must_use]
    pub fn client<F, R>(mut self, name: &'static str, script: F) -> Self
    where
        F: Fn(Client) -> R + 'static,
        R: Future<Output = ()> + 'static,
    {
        let boxed = move |client| -> Pin<Box<dyn Future<Output = ()>>> { Box::pin(script(client)) };
        self.names.push(name);
        self.scripts.push(Rc::new(boxed));
        self
    }

    /// A collector runs so many rounds.
    #[must_use]
    pub fn collector(self, rounds: usize) -> Self {
        self.client("collector", move |client| async move {
            for _ in 0..rounds {
                client.collect().await;
            }
        })
    }

    /// Explores all interleavings, of the protocol with these mutations.
    #[must_use]
    pub fn explore(&self, mutations: &[Mutation]) -> Exploration {
        let mut programs = Programs::new(self.scripts.clone(), mutations);
        let mut quiescence = Quiescence::new(mutations);
        let Found {
            states,
            steps,
            broken,
        } = Search::new(&mut programs, &mut quiescence).run(self.start());
        let counterexample = broken.map(|(violation, events)| Counterexample {
            violation,
            trace: trace::tell(&self.names, &mut programs, self.start(), &events, violation),
        });
        Exploration {
            states,
            steps,
            counterexample,
        }
    }

    fn start(&self) -> World {
        let objects = self.objects.clone();
        World::new(self.database.clone(), objects, self.ticks, self.breaks)
            .with_clients(self.scripts.len())
    }

    fn put(&mut self, key: Key, columns: Columns) {
        self.database.put(key, Row::new(columns));
    }
}

impl fmt::Display for Exploration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} states, {} steps", self.states, self.steps)?;
        match &self.counterexample {
            Some(found) => write!(f, "\n{}", found.trace),
            None => Ok(()),
        }
    }
}

fn references(manifest: &Manifest<'_>) -> Vec<Refers> {
    let blob = |name: &&str| Target::Blob(Id::of(name));
    let child = |name: &&str| Target::Manifest(Id::of(name));
    let required = manifest.blobs.iter().map(blob);
    let required = required.chain(manifest.manifests.iter().map(child));
    let required = required.map(|to| Refers { to, required: true });
    let foreign = manifest.foreign.iter().map(blob);
    let foreign = foreign.map(|to| Refers {
        to,
        required: false,
    });
    required.chain(foreign).collect()
}
