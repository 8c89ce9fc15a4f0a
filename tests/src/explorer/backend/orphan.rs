//! `unknown` and `doom`.

use registry_core::backend::ObjectKey;

use super::Backend;
use crate::explorer::{
    connection::row_of,
    id::Id,
    mutation::Mutation,
    store::{Assignment, Columns, Condition, Grace, Insert, Key, ObjectState, OnConflict, Scan},
};

impl Backend {
    /// Which of these nothing names; remembers since when.
    pub(crate) async fn unknown(&self, keys: &[ObjectKey]) -> Vec<ObjectKey> {
        let mut unknown = Vec::new();
        for key in keys {
            self.note_unknown(key.into()).await;
            let rows = self.sql.read([Key::Object(key.into())]).await;
            let state = row_of(&rows, Key::Object(key.into())).map(|row| &row.columns);
            if matches!(state, Some(Columns::Object(ObjectState::Unknown(_)))) {
                unknown.push(key.clone());
            }
        }
        self.sql.commit().await;
        unknown
    }

    async fn note_unknown(&self, object: Id) {
        let insert = Insert {
            key: Key::Object(object),
            columns: Columns::Object(ObjectState::Unknown(Grace::Running)),
            conflict: OnConflict::Nothing,
            in_time: false,
        };
        self.sql.insert(insert).await;
    }

    /// Gives a key up at once, unless something names it or it was given up before.
    pub(crate) async fn doom_now(&self, key: &ObjectKey) -> bool {
        let insert = Insert {
            key: Key::Object(key.into()),
            columns: Columns::Object(ObjectState::Doomed),
            conflict: OnConflict::Set(Assignment::Doom, Condition::Unknown),
            in_time: false,
        };
        let doomed = self.sql.insert(insert).await;
        self.sql.commit().await;
        doomed
    }

    /// Gives up those of these that have been unknown for the grace period.
    pub(crate) async fn doom(&self, keys: &[ObjectKey]) -> u64 {
        let objects: Vec<Id> = keys.iter().map(Id::from).collect();
        let scan = match self.has(Mutation::SeparateKeyTables) {
            true => Scan::Unnamed(objects),
            false => Scan::Keys(objects.into_iter().map(Key::Object).collect()),
        };
        let ripe = Condition::UnknownForGrace;
        let rows = self.sql.update(scan, ripe, Assignment::Doom).await;
        self.sql.commit().await;
        rows.len() as u64
    }
}
