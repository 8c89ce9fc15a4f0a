//! What clients do next, after what they were told.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use super::{
    backend::Backend,
    client::Client,
    connection::{Connection, Request},
    mutation::Mutation,
    store::{Key, Row, Rows},
};

/// What a client does, from its first request to its last.
pub(crate) type Script = Rc<dyn Fn(Client) -> Pin<Box<dyn Future<Output = ()>>>>;

/// The tree of all that clients did so far: a place is a client and the replies it got.
pub(crate) struct Programs {
    scripts: Vec<Script>,
    mutations: Rc<[Mutation]>,
    places: Vec<Place>,
}

struct Place {
    script: usize,
    replies: Vec<Rows>,
    request: Option<Request>,
    next: HashMap<Vec<(Key, Row)>, usize>,
}

impl Programs {
    /// These scripts; the first places are their beginnings.
    pub(crate) fn new(scripts: Vec<Script>, mutations: &[Mutation]) -> Self {
        let count = scripts.len();
        let mut programs = Self {
            scripts,
            mutations: mutations.into(),
            places: Vec::new(),
        };
        for script in 0..count {
            programs.add(script, Vec::new());
        }
        programs
    }

    /// What is asked for at this place; none where the script has ended.
    pub(crate) fn request(&self, place: usize) -> Option<&Request> {
        self.places[place].request.as_ref()
    }

    /// The place after this reply.
    pub(crate) fn after(&mut self, place: usize, reply: &Rows) -> usize {
        if let Some(next) = self.places[place].next.get(&**reply) {
            return *next;
        }
        let mut replies = self.places[place].replies.clone();
        replies.push(Rc::clone(reply));
        let next = self.add(self.places[place].script, replies);
        self.places[place].next.insert(reply.to_vec(), next);
        next
    }

    fn add(&mut self, script: usize, replies: Vec<Rows>) -> usize {
        let request = self.replay(script, &replies);
        self.places.push(Place {
            script,
            replies,
            request,
            next: HashMap::new(),
        });
        self.places.len() - 1
    }

    /// Runs the script with these replies as far as it goes.
    fn replay(&self, script: usize, replies: &[Rows]) -> Option<Request> {
        let connection = Connection::after(replies);
        let backend = Backend::new(connection.clone(), Rc::clone(&self.mutations));
        let mut run = (self.scripts[script])(Client::new(backend));
        match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => None,
            Poll::Pending => connection.request(),
        }
    }
}
