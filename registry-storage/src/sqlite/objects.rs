//! Which objects of the store something names, and which nothing may name again.

use std::{collections::HashSet, time::Duration};

use registry_core::{
    Digest,
    backend::{Doomed, ObjectKey, UnknownObject},
};
use rusqlite::Row;

use super::{
    error::Failure,
    transaction::Transaction,
    value::{Millis, Text, ago, limit},
    view::View,
};

impl View<'_> {
    /// Whether no command may name it.
    pub(super) fn is_gone(&self, key: &ObjectKey) -> Result<bool, Failure> {
        self.any(GONE, [key.as_str()])
    }

    /// The digest that an object serves, and whether it is in quarantine.
    pub(super) fn served(&self, key: &ObjectKey) -> Result<Option<(Digest, bool)>, Failure> {
        let sql = "SELECT digest, quarantined FROM contents WHERE object = ?1";
        self.one(sql, [key.as_str()], |row| {
            Ok((row.get::<_, Text<Digest>>(0)?.0, row.get(1)?))
        })
    }

    pub(super) fn doomed(&self, most: usize) -> Result<Vec<Doomed>, Failure> {
        self.all(DOOMED, [limit(most)], |row| Ok(Doomed { key: key(row)? }))
    }

    pub(super) fn orphans_held(&self) -> Result<bool, Failure> {
        self.any("SELECT 1 FROM registry WHERE orphans_held = 1", ())
    }

    fn is_named(&self, key: &ObjectKey) -> Result<bool, Failure> {
        self.any(NAMED, [key.as_str()])
    }

    fn unknown_since(&self, key: &ObjectKey) -> Result<Option<Millis>, Failure> {
        let sql = "SELECT since FROM unknown WHERE object = ?1";
        self.one(sql, [key.as_str()], |row| row.get(0))
    }
}

const GONE: &str = "SELECT 1 FROM gone WHERE object = ?1
    UNION ALL SELECT 1 FROM quarantine WHERE object = ?1";

pub(super) const NAMED: &str = "SELECT 1 FROM contents WHERE object = ?1
    UNION ALL SELECT 1 FROM uploads WHERE object = ?1
    UNION ALL SELECT 1 FROM gone WHERE object = ?1 AND doomed = 1
    UNION ALL SELECT 1 FROM quarantine WHERE object = ?1";

pub(super) const DOOMED: &str = "SELECT object FROM gone WHERE doomed = 1 ORDER BY object LIMIT ?1";

/// When a database is opened nothing is on its way that could name what was given up and deleted.
pub(super) const FORGET_GONE: &str = "DELETE FROM gone WHERE doomed = 0";

impl Transaction<'_> {
    /// Something names it now.
    pub(super) fn make_known(&self, key: &ObjectKey) -> Result<(), Failure> {
        self.run("DELETE FROM unknown WHERE object = ?1", [key.as_str()])?;
        Ok(())
    }

    /// Gives an object up for ever.
    pub(super) fn give_up(&self, key: &ObjectKey) -> Result<(), Failure> {
        self.make_known(key)?;
        let sql = "INSERT INTO gone (object, doomed) VALUES (?1, 1)
            ON CONFLICT (object) DO UPDATE SET doomed = 1";
        self.run(sql, [key.as_str()])?;
        Ok(())
    }

    pub(super) fn hold_orphans(&self, held: bool) -> Result<(), Failure> {
        self.run("UPDATE registry SET orphans_held = ?1", [held])?;
        Ok(())
    }

    pub(super) fn forget_doomed(&self, key: &ObjectKey) -> Result<(), Failure> {
        let sql = "UPDATE gone SET doomed = 0 WHERE object = ?1";
        self.run(sql, [key.as_str()])?;
        Ok(())
    }

    /// What is known of a key that nothing names; `None` for any other.
    pub(super) fn look_up(&self, key: &ObjectKey) -> Result<Option<UnknownObject>, Failure> {
        if self.is_named(key)? {
            return Ok(None);
        }
        let since = self.unknown_since(key)?;
        if since.is_none() {
            let sql = "INSERT INTO unknown (object, since) VALUES (?1, ?2)";
            self.run(sql, (key.as_str(), Millis(self.now)))?;
        }
        let age = since.map_or(Duration::ZERO, |Millis(since)| self.now.since(since));
        Ok(Some(UnknownObject {
            key: key.clone(),
            age,
        }))
    }

    /// Forgets since when keys were unknown, but for these.
    pub(super) fn forget_unknown(&self, but: &HashSet<ObjectKey>) -> Result<(), Failure> {
        let mut known = self.all("SELECT object FROM unknown", (), key)?;
        known.retain(|key| !but.contains(key));
        known.iter().try_for_each(|key| self.make_known(key))
    }

    /// Gives a key up if nothing names it, and nothing has for that long.
    pub(super) fn doom_unknown(&self, key: &ObjectKey, grace: Duration) -> Result<bool, Failure> {
        if !grace.is_zero() && self.orphans_held()? {
            return Ok(false);
        }
        let ripe = match self.unknown_since(key)? {
            Some(Millis(since)) => {
                ago(self.now, grace).is_some_and(|Millis(latest)| since <= latest)
            }
            None => grace.is_zero() && !self.is_named(key)?,
        };
        if ripe {
            self.give_up(key)?;
        }
        Ok(ripe)
    }
}

fn key(row: &Row<'_>) -> rusqlite::Result<ObjectKey> {
    Ok(ObjectKey::new(row.get_ref(0)?.as_str()?))
}
