//! How a database stands to the content that it names.
//!
//! Whoever opens both compares them before anything else is done with either; so this is read and
//! written with the connection alone, before there is a writer.

use registry_core::backend::Identity;
use rusqlite::{Connection, OptionalExtension};

use super::{error::OpenError, value::Bits};

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lineage {
    /// The registry it belongs to; none yet where it is new.
    pub(crate) registry: Option<[u8; 16]>,
    /// Grows whenever the database is replaced by another one: an older one, or one made again.
    pub(crate) generation: u64,
    /// How often it was opened beside its content.
    pub(crate) opened: u64,
    /// Whether objects that nothing names are kept until somebody decides.
    pub(crate) orphans_held: bool,
}

impl Lineage {
    pub(super) fn load(connection: &Connection) -> Result<Self, OpenError> {
        let sql = "SELECT identity, generation, opened, orphans_held FROM registry";
        let lineage = connection.query_row(sql, [], |row| {
            Ok(Self {
                registry: row.get(0)?,
                generation: row.get::<_, Bits>(1)?.0,
                opened: row.get::<_, Bits>(2)?.0,
                orphans_held: row.get(3)?,
            })
        });
        Ok(lineage?)
    }

    /// Keeps it, and a secret where there is none yet.
    pub(super) fn save(&self, connection: &Connection, fresh: &Identity) -> Result<(), OpenError> {
        let sql = "UPDATE registry SET generation = ?1, opened = ?2, orphans_held = ?3,
            identity = ?4, secret = ifnull(secret, ?5)";
        let (generation, opened) = (Bits(self.generation), Bits(self.opened));
        let secret = fresh.secret.expose();
        let params = (generation, opened, self.orphans_held, self.registry, secret);
        connection.execute(sql, params)?;
        Ok(())
    }
}

/// Whether the database says of any object that it is there.
pub(super) fn names_objects(connection: &Connection) -> Result<bool, OpenError> {
    let sql = "SELECT 1 FROM contents WHERE object IS NOT NULL LIMIT 1";
    let found = connection.query_row(sql, [], |_| Ok(())).optional()?;
    Ok(found.is_some())
}
