//! What the engine makes of the backend's methods, for one request or one step of the collector.

mod collect;
mod delete;
mod head;
mod name;
mod push_blob;
mod push_manifest;

use super::{
    backend::Backend,
    connection::Request,
    id::Id,
    promise::{Note, Thing},
};

pub use push_manifest::Manifest;

/// One client of the registry, or one collector.
#[derive(Clone, Debug)]
pub struct Client {
    metadata: Backend,
}

impl Client {
    pub(crate) fn new(metadata: Backend) -> Self {
        Self { metadata }
    }

    /// Answers that something exists, or does not.
    async fn answer(&self, thing: Thing, exists: bool) -> bool {
        let note = match exists {
            true => Note::Exists(thing),
            false => Note::Missing(thing),
        };
        self.note(note).await;
        exists
    }

    /// Answers that something exists; what else the answer may be says nothing about that.
    async fn note_if(&self, exists: bool, thing: Thing) -> bool {
        if exists {
            self.note(Note::Exists(thing)).await;
        }
        exists
    }

    async fn note_deleted(&self, deleted: bool, thing: Thing) {
        if deleted {
            self.note(Note::Deleted(thing)).await;
        }
    }

    async fn note(&self, note: Note) {
        self.metadata.sql.perform(Request::Note(note)).await;
    }

    /// Deletes an object from the store.
    async fn discard(&self, object: &str) {
        let object = Id::of(object);
        let sql = &self.metadata.sql;
        sql.perform(Request::DeleteObject(object)).await;
    }
}
