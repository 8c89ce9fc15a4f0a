//! A run: steps done for real and in the model.

use std::collections::{BTreeMap, BTreeSet};

use registry_core::backend::MetadataErrorKind;

use super::{
    action::{Action, Given, Read, Step, Write},
    client::Client,
    stage::Index,
    world::{Answer, Call, Outcomes, World},
};
use crate::contract::metadata::MetadataHarness;

/// So many states may agree with what was answered. A run that leaves more open goes no further.
const MOST_WORLDS: usize = 2000;

/// A backend, its clients, and all that may be so.
pub(super) struct Run<'a> {
    harness: &'a dyn MetadataHarness,
    clients: [Client; 2],
    worlds: BTreeSet<World>,
    /// The object that was given for a blob the last time, and every key ever given.
    last: BTreeMap<Index, String>,
    keys: BTreeSet<String>,
}

impl<'a> Run<'a> {
    pub(super) fn new(harness: &'a dyn MetadataHarness) -> Self {
        Self {
            harness,
            clients: [harness.metadata(), harness.second()].map(Client::new),
            worlds: BTreeSet::from([World::default()]),
            last: BTreeMap::new(),
            keys: BTreeSet::new(),
        }
    }

    /// Does all the steps, and then reads everything by both clients.
    pub(super) async fn all(mut self, steps: &[Step]) -> Result<(), String> {
        for (number, step) in steps.iter().enumerate() {
            let done = self.step(step).await;
            done.map_err(|words| format!("at step {number}, {:?}: {words}", step.action))?;
            if self.worlds.len() > MOST_WORLDS {
                return Ok(());
            }
        }
        for (client, read) in [0, 1].into_iter().flat_map(|client| {
            let reads = Read::all().into_iter();
            reads.map(move |read| (client, read))
        }) {
            let done = self.read(client, true, &read).await;
            done.map_err(|words| format!("at the end, {read:?}: {words}"))?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match &step.action {
            Action::Advance(hours) => {
                let time = std::time::Duration::from_hours(u64::from(*hours));
                self.harness.advance(time).await;
                let worlds = std::mem::take(&mut self.worlds).into_iter();
                let later = worlds.map(|mut world| {
                    world.advance(*hours);
                    world
                });
                self.worlds = later.collect();
                Ok(())
            }
            Action::Read(read) => self.read(step.client, step.asks, read).await,
            Action::Write(write) => self.write(step, write).await,
        }
    }

    async fn read(&mut self, client: Index, asks: bool, read: &Read) -> Result<(), String> {
        if let (true, Some(at)) = (asks, read.scope()) {
            self.ask(client, at).await?;
        }
        let answer = self.clients[client].read(read).await;
        let answer = answer.map_err(|error| format!("failed: {error}"))?;
        self.narrow(Some(&answer), |world| world.after_read(client, read))
    }

    async fn ask(&mut self, client: Index, at: Index) -> Result<(), String> {
        let (shown, version) = self.clients[client].ask(at).await;
        let worlds = std::mem::take(&mut self.worlds).into_iter();
        let agreeing = worlds.filter_map(|mut world| {
            let agrees = world.learn(client, at, shown, version);
            agrees.then_some(world)
        });
        self.worlds = agreeing.collect();
        match self.worlds.is_empty() {
            true => Err(format!(
                "the facts {shown:?} of {version:?} contradict what was so"
            )),
            false => Ok(()),
        }
    }

    async fn write(&mut self, step: &Step, write: &Write) -> Result<(), String> {
        if step.asks {
            for at in write.scopes() {
                self.ask(step.client, at).await?;
            }
        }
        let call = self.prepared(step.client, write);
        let answered = self.clients[step.client].call(&call, step.trouble).await;
        match answered {
            Ok(answer) => self.narrow(Some(&answer), |world| world.after(&call)),
            Err(error) if error.kind == MetadataErrorKind::Unknown => {
                let before = self.worlds.clone();
                self.narrow(None, |world| world.after(&call))?;
                self.forget_epochs(write);
                self.worlds.extend(before);
                Ok(())
            }
            // Whatever else the error is, it says that nothing happened.
            Err(_) => Ok(()),
        }
    }

    /// The call of a write, with keys made up or remembered.
    fn prepared(&mut self, client: Index, write: &Write) -> Call {
        let fresh = format!("key/{:04}", self.keys.len());
        let key = match write {
            Write::PutBlob { given, blob, .. } => match given {
                Given::Inline => None,
                Given::Fresh => Some(fresh),
                Given::Again => Some(self.last.get(blob).cloned().unwrap_or(fresh)),
            },
            Write::Quarantine(blob) => self.last.get(blob).cloned(),
            Write::Checkpoint(..) => Some(fresh),
            _ => None,
        };
        if let (Write::PutBlob { blob, .. }, Some(key)) = (write, &key) {
            self.last.insert(*blob, key.clone());
        }
        self.keys.extend(key.clone());
        let keys = match write {
            Write::Unknown | Write::Doom => self.keys.iter().cloned().collect(),
            Write::ForgetDoomed => self.clients[client].doomed.iter().cloned().collect(),
            Write::ForgetExpired => self.clients[client].expired.iter().cloned().collect(),
            _ => Vec::new(),
        };
        let is_fresh = match write {
            Write::Checkpoint(at, id)
            | Write::PutBlob {
                repository: at,
                session: Some(id),
                ..
            } => self.clients[client].is_fresh(*at, *id),
            _ => false,
        };
        Call {
            client,
            write: write.clone(),
            key,
            is_fresh,
            keys,
        }
    }

    /// Goes from every state to those that may follow, of which the answer leaves those it fits.
    fn narrow(
        &mut self,
        answer: Option<&Answer>,
        after: impl Fn(&World) -> Outcomes,
    ) -> Result<(), String> {
        let mut foretold = Vec::new();
        let mut worlds = BTreeSet::new();
        for (expected, world) in self.worlds.iter().flat_map(after) {
            if answer.is_none_or(|answer| *answer == expected) {
                worlds.insert(world);
            } else if !foretold.contains(&expected) {
                foretold.push(expected);
            }
        }
        if worlds.is_empty() {
            return Err(format!(
                "answered {answer:?}, but may answer only {foretold:?}"
            ));
        }
        self.worlds = worlds;
        Ok(())
    }

    /// A writer whose answer was lost may hold an epoch that is no longer the newest.
    fn forget_epochs(&mut self, write: &Write) {
        let (at, id, may_hold) = match write {
            Write::Claim(at, id) => (*at, *id, false),
            Write::Checkpoint(at, id) => (*at, *id, true),
            _ => return,
        };
        let worlds = std::mem::take(&mut self.worlds);
        let without = worlds.iter().cloned().map(|mut world| {
            world.lose_epoch(at, id);
            world
        });
        self.worlds = without.collect();
        if may_hold {
            self.worlds.extend(worlds);
        }
    }
}
