//! Collection: what is dead, and what is done about it.
//!
//! `condemn` walks along the keys of links, manifests and contents, and keeps in the row of
//! `registry` how far it has come; so it goes on where it stopped, whatever came or went meanwhile,
//! and also after a restart. Marked rows stand in partial indexes by pass, and `remove` looks at
//! nothing else.

use std::{collections::HashSet, time::Duration};

use async_trait::async_trait;
use registry_core::{
    Digest, Event, RepositoryName,
    backend::{
        self, Collection, Condemned, Doomed, MetadataError, ObjectKey, ReferenceTarget, Removed,
        UnknownObject,
    },
};

use super::{
    SqliteMetadata,
    error::Failure,
    owned::Origin,
    transaction::Transaction,
    value::{Millis, Text, ago, limit},
    view::View,
};

/// Rows that one step looks at at most, so that none holds up what waits behind it.
const STEP: usize = 1000;

/// How far the current pass has come.
struct Walk {
    pass: i64,
    kind: i64,
    repository: i64,
    digest: String,
}

/// The kinds of row, in the order of the walk.
const LINKS: i64 = 0;
const MANIFESTS: i64 = 1;
const CONTENTS: i64 = 2;
const END: i64 = 3;

/// A row that the collector looks at; a content has no repository.
struct Row {
    repository: i64,
    digest: Digest,
}

impl Row {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            repository: row.get(0)?,
            digest: row.get::<_, Text<_>>(1)?.0,
        })
    }
}

/// A marked manifest.
struct MarkedManifest {
    id: i64,
    row: Row,
    name: RepositoryName,
}

impl View<'_> {
    fn walk(&self) -> Result<Walk, Failure> {
        let sql = "SELECT pass, walk_kind, walk_repository, walk_digest FROM registry";
        let walk = self.one(sql, (), |row| {
            Ok(Walk {
                pass: row.get(0)?,
                kind: row.get(1)?,
                repository: row.get(2)?,
                digest: row.get(3)?,
            })
        })?;
        walk.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
    }

    /// The next rows of a walk that are of its kind.
    fn ahead(&self, walk: &Walk, most: usize) -> Result<Vec<Row>, Failure> {
        let sql = match walk.kind {
            LINKS => NEXT_LINKS,
            MANIFESTS => NEXT_MANIFESTS,
            _ => NEXT_CONTENTS,
        };
        let params = (walk.repository, &walk.digest, limit(most));
        self.all(sql, params, Row::read)
    }

    fn is_dead(&self, kind: i64, row: &Row) -> Result<bool, Failure> {
        match kind {
            LINKS => {
                let blob = ReferenceTarget::Blob;
                Ok(!self.is_referred_to(row.repository, blob, &row.digest)?)
            }
            MANIFESTS => self.is_dead_manifest(row),
            _ => {
                let sql = "SELECT 1 FROM links WHERE digest = ?1";
                Ok(!self.any(sql, [row.digest.as_str()])?)
            }
        }
    }

    fn is_dead_manifest(&self, row: &Row) -> Result<bool, Failure> {
        let manifest = ReferenceTarget::Manifest;
        let sql = "SELECT 1 FROM manifests m
            JOIN repositories r ON r.id = m.repository
            JOIN namespaces n ON n.name = r.namespace AND n.collect_untagged = 1
            WHERE m.repository = ?1 AND m.digest = ?2
                AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest = m.id)
                AND NOT EXISTS (SELECT 1 FROM manifests s
                    WHERE s.repository = m.repository AND s.digest = m.subject)";
        Ok(self.any(sql, (row.repository, row.digest.as_str()))?
            && !self.is_referred_to(row.repository, manifest, &row.digest)?)
    }

    /// The latest pass that was sealed that long ago.
    fn ripe(&self, grace: Duration) -> Result<Option<i64>, Failure> {
        let Some(latest) = ago(self.now, grace) else {
            return Ok(None);
        };
        let sql = "SELECT max(pass) FROM passes WHERE sealed <= ?1";
        Ok(self.one(sql, [latest], |row| row.get(0))?.flatten())
    }

    fn marked_manifests(&self, ripe: i64, most: usize) -> Result<Vec<MarkedManifest>, Failure> {
        self.all(MARKED_MANIFESTS, (ripe, limit(most)), |row| {
            Ok(MarkedManifest {
                row: Row::read(row)?,
                id: row.get(2)?,
                name: row.get::<_, Text<_>>(3)?.0,
            })
        })
    }

    fn marked(&self, sql: &str, ripe: i64, most: usize) -> Result<Vec<Row>, Failure> {
        self.all(sql, (ripe, limit(most)), Row::read)
    }

    fn any_marked(&self, ripe: i64) -> Result<bool, Failure> {
        Ok(!self.marked(MARKED_LINKS, ripe, 1)?.is_empty()
            || !self.marked(MARKED_CONTENTS, ripe, 1)?.is_empty()
            || !self.marked_manifests(ripe, 1)?.is_empty())
    }
}

pub(super) const NEXT_LINKS: &str = "SELECT repository, digest FROM links
    WHERE (repository, digest) > (?1, ?2) ORDER BY repository, digest LIMIT ?3";

pub(super) const NEXT_MANIFESTS: &str = "SELECT repository, digest FROM manifests
    WHERE (repository, digest) > (?1, ?2) ORDER BY repository, digest LIMIT ?3";

pub(super) const NEXT_CONTENTS: &str = "SELECT ?1, digest FROM contents
    WHERE digest > ?2 ORDER BY digest LIMIT ?3";

pub(super) const MARKED_LINKS: &str = "SELECT repository, digest FROM links
    WHERE pass <= ?1 ORDER BY pass, repository, digest LIMIT ?2";

pub(super) const MARKED_MANIFESTS: &str = "SELECT m.repository, m.digest, m.id, r.name
    FROM manifests m JOIN repositories r ON r.id = m.repository
    WHERE m.pass <= ?1 ORDER BY m.pass, m.repository, m.digest LIMIT ?2";

pub(super) const MARKED_CONTENTS: &str = "SELECT 0, digest FROM contents
    WHERE pass <= ?1 ORDER BY pass, digest LIMIT ?2";

impl Transaction<'_> {
    fn condemn(&self, most: usize) -> Result<Condemned, Failure> {
        let mut walk = self.walk()?;
        let mut condemned = Condemned::default();
        let mut left = most.min(STEP);
        while walk.kind != END {
            let mut rows = self.ahead(&walk, left + 1)?;
            condemned.more = rows.len() > left;
            rows.truncate(left);
            left -= rows.len();
            self.condemn_dead(&walk, &rows, &mut condemned)?;
            if condemned.more {
                walk.pass_by(rows.last());
                break;
            }
            walk.go_on();
        }
        self.keep_walk(&walk)?;
        Ok(condemned)
    }

    fn condemn_dead(
        &self,
        walk: &Walk,
        rows: &[Row],
        condemned: &mut Condemned,
    ) -> Result<(), Failure> {
        let (sql, count) = match walk.kind {
            LINKS => (CONDEMN_LINK, &mut condemned.blobs),
            MANIFESTS => (CONDEMN_MANIFEST, &mut condemned.manifests),
            _ => (CONDEMN_CONTENT, &mut condemned.contents),
        };
        for row in rows {
            if self.is_dead(walk.kind, row)? {
                let params = (row.repository, row.digest.as_str(), walk.pass);
                *count += self.run(sql, params)? as u64;
            }
        }
        Ok(())
    }

    /// Remembers how far the pass has come; at its end it begins again.
    fn keep_walk(&self, walk: &Walk) -> Result<(), Failure> {
        let sql = "UPDATE registry SET walk_kind = ?1, walk_repository = ?2, walk_digest = ?3";
        self.run(sql, (walk.kind % END, walk.repository, &walk.digest))?;
        Ok(())
    }

    fn seal(&self) -> Result<(), Failure> {
        let sql = "INSERT INTO passes (pass, sealed) SELECT pass, ?1 FROM registry";
        self.run(sql, [Millis(self.now)])?;
        let sql = "UPDATE registry
            SET pass = pass + 1, walk_kind = 0, walk_repository = 0, walk_digest = ''";
        self.run(sql, ())?;
        // A pass that marks no row any more is over.
        let sql = "DELETE FROM passes WHERE pass < ifnull((SELECT min(pass) FROM (
                SELECT min(pass) AS pass FROM links WHERE pass IS NOT NULL
                UNION ALL SELECT min(pass) FROM manifests WHERE pass IS NOT NULL
                UNION ALL SELECT min(pass) FROM contents WHERE pass IS NOT NULL)),
            (SELECT pass FROM registry))";
        self.run(sql, ())?;
        Ok(())
    }

    fn remove(
        &mut self,
        grace: Duration,
        most: usize,
        origin: &Origin,
    ) -> Result<Removed, Failure> {
        let mut removed = Removed::default();
        let Some(ripe) = self.ripe(grace)? else {
            return Ok(removed);
        };
        let mut left = most.min(STEP);
        left -= self.remove_manifests(ripe, left, &mut removed, origin)?;
        left -= self.remove_links(ripe, left, &mut removed)?;
        self.remove_contents(ripe, left, &mut removed)?;
        removed.more = self.any_marked(ripe)?;
        Ok(removed)
    }

    /// Looks at so many, and answers how many those were.
    fn remove_manifests(
        &mut self,
        ripe: i64,
        most: usize,
        removed: &mut Removed,
        origin: &Origin,
    ) -> Result<usize, Failure> {
        let marked = self.marked_manifests(ripe, most)?;
        let looked_at = marked.len();
        for MarkedManifest { id, row, name } in marked {
            if !self.is_dead(MANIFESTS, &row)? {
                self.revive_row(MANIFESTS, &row)?;
                continue;
            }
            self.drop_manifest(id)?;
            self.record(origin, || Event::ManifestDeleted {
                repository: name,
                digest: row.digest,
            })?;
            removed.manifests += 1;
        }
        Ok(looked_at)
    }

    fn remove_links(
        &self,
        ripe: i64,
        most: usize,
        removed: &mut Removed,
    ) -> Result<usize, Failure> {
        let marked = self.marked(MARKED_LINKS, ripe, most)?;
        for row in &marked {
            if self.is_dead(LINKS, row)? {
                self.drop_link(row.repository, &row.digest)?;
                removed.blobs += 1;
            } else {
                self.revive_row(LINKS, row)?;
            }
        }
        Ok(marked.len())
    }

    fn remove_contents(
        &self,
        ripe: i64,
        most: usize,
        removed: &mut Removed,
    ) -> Result<(), Failure> {
        for row in &self.marked(MARKED_CONTENTS, ripe, most)? {
            if self.is_dead(CONTENTS, row)? {
                removed.bytes += self.drop_content(&row.digest)?;
                removed.contents += 1;
            } else {
                self.revive_row(CONTENTS, row)?;
            }
        }
        Ok(())
    }

    /// Clears the mark of a row that something keeps after all.
    fn revive_row(&self, kind: i64, row: &Row) -> Result<(), Failure> {
        let sql = match kind {
            LINKS => "UPDATE links SET pass = NULL WHERE repository = ?1 AND digest = ?2",
            MANIFESTS => "UPDATE manifests SET pass = NULL WHERE repository = ?1 AND digest = ?2",
            _ => "UPDATE contents SET pass = NULL WHERE ?1 = 0 AND digest = ?2",
        };
        self.run(sql, (row.repository, row.digest.as_str()))?;
        Ok(())
    }
}

const CONDEMN_LINK: &str = "UPDATE links SET pass = ?3
    WHERE repository = ?1 AND digest = ?2 AND pass IS NULL";

const CONDEMN_MANIFEST: &str = "UPDATE manifests SET pass = ?3
    WHERE repository = ?1 AND digest = ?2 AND pass IS NULL";

const CONDEMN_CONTENT: &str = "UPDATE contents SET pass = ?3
    WHERE ?1 = 0 AND digest = ?2 AND pass IS NULL";

impl Walk {
    /// Stops behind the last row that was looked at.
    fn pass_by(&mut self, last: Option<&Row>) {
        if let Some(row) = last {
            self.repository = row.repository;
            row.digest.as_str().clone_into(&mut self.digest);
        }
    }

    /// Goes on to the next kind of row.
    fn go_on(&mut self) {
        self.kind += 1;
        self.repository = 0;
        self.digest.clear();
    }
}

#[async_trait]
impl Collection for SqliteMetadata {
    async fn condemn(&self, limit: usize) -> Result<Condemned, MetadataError> {
        self.write(move |transaction| transaction.condemn(limit))
            .await
    }

    async fn seal(&self) -> Result<(), MetadataError> {
        self.write(|transaction| transaction.seal()).await
    }

    async fn remove(
        &self,
        grace: Duration,
        limit: usize,
        origin: backend::Origin<'_>,
    ) -> Result<Removed, MetadataError> {
        let origin = Origin::from(origin);
        self.write(move |transaction| transaction.remove(grace, limit, &origin))
            .await
    }

    async fn doomed(&self, limit: usize) -> Result<Vec<Doomed>, MetadataError> {
        if self.holds.any() {
            return Ok(Vec::new());
        }
        self.read(|view| view.doomed(limit))
    }

    async fn forget_doomed(&self, keys: &[ObjectKey]) -> Result<(), MetadataError> {
        let keys = keys.to_vec();
        self.write(move |transaction| {
            keys.iter()
                .try_for_each(|key| transaction.forget_doomed(key))
        })
        .await
    }

    async fn unknown(&self, keys: &[ObjectKey]) -> Result<Vec<UnknownObject>, MetadataError> {
        let keys = keys.to_vec();
        self.write(move |transaction| {
            let found = keys.iter().map(|key| transaction.look_up(key));
            found.filter_map(Result::transpose).collect()
        })
        .await
    }

    async fn doom(&self, keys: &[ObjectKey], grace: Duration) -> Result<u64, MetadataError> {
        let keys = keys.to_vec();
        self.write(move |transaction| {
            let mut doomed = 0;
            for key in &keys {
                doomed += u64::from(transaction.doom_unknown(key, grace)?);
            }
            Ok(doomed)
        })
        .await
    }

    async fn forget_unknown(&self, but: &[ObjectKey]) -> Result<(), MetadataError> {
        let but: HashSet<_> = but.iter().cloned().collect();
        self.write(move |transaction| transaction.forget_unknown(&but))
            .await
    }

    async fn hold_orphans(&self, held: bool) -> Result<(), MetadataError> {
        self.write(move |transaction| transaction.hold_orphans(held))
            .await
    }

    async fn orphans_held(&self) -> Result<bool, MetadataError> {
        self.read(|view| view.orphans_held())
    }
}
