//! After everything: does the collector find all that is dead?

use std::{collections::HashSet, rc::Rc};

use super::{
    client::Client,
    mutation::Mutation,
    program::{Programs, Script},
    search::fingerprint,
    violation::{self, Violation},
    world::{Event, Outcome, World},
};

/// Rounds of the collector: an index, its child, the child's blob and the blob's content go one after
/// another, and one is to spare.
const ROUNDS: usize = 5;

/// Runs the collector alone, in states where all clients have ended.
pub(crate) struct Quiescence {
    programs: Programs,
    seen: HashSet<u64>,
}

impl Quiescence {
    pub(crate) fn new(mutations: &[Mutation]) -> Self {
        Self {
            programs: Programs::new(Self::scripts(), mutations),
            seen: HashSet::new(),
        }
    }

    /// A grace period passes between these.
    fn scripts() -> Vec<Script> {
        let first: Script = Rc::new(|client: Client| {
            Box::pin(async move {
                client.condemn().await;
                client.seal().await;
                client.remove().await;
                client.sweep().await;
            })
        });
        let second: Script = Rc::new(|client: Client| {
            Box::pin(async move {
                client.remove().await;
                client.sweep().await;
                client.delete_doomed().await;
            })
        });
        vec![first, second]
    }

    /// Whether nothing dead is left.
    pub(crate) fn check(&mut self, world: &World) -> Result<(), Violation> {
        let mut world = world.with_clients(2);
        if !self.seen.insert(fingerprint(&world)) {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            world = self.round(world.with_clients(2))?;
        }
        violation::check_rest(&world)
    }

    fn round(&mut self, mut world: World) -> Result<World, Violation> {
        for client in 0..2 {
            while world.request(client, &self.programs).0.is_some() {
                world = match world.after(Event::Step(client), &mut self.programs) {
                    Outcome::Done(next, _) => *next,
                    Outcome::Broken(violation) => return Err(violation),
                    Outcome::Blocked => return Err(Violation::Deadlock),
                };
                violation::check(&world)?;
            }
            world.tick();
        }
        Ok(world)
    }
}
