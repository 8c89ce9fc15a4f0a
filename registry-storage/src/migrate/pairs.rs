//! Rows of both sides, side by side.

use std::collections::VecDeque;

use registry_core::backend::{Carry, MetadataError, Row, RowKey, RowKind};

use super::{Migration, error::MigrateError};

/// Rows that are read at once; manifests are larger.
const PAGE: usize = 500;
const PAGE_OF_MANIFESTS: usize = 50;

/// What both sides have under one key.
pub(super) struct Pair {
    pub(super) from: Option<Row>,
    pub(super) to: Option<Row>,
}

/// A walk along the rows of a kind.
pub(super) struct Pairs<'a> {
    from: Walk<'a>,
    to: Walk<'a>,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(migration: &'a Migration, kind: RowKind) -> Self {
        Self {
            from: Walk::new(&*migration.from.rows, kind),
            to: Walk::new(&*migration.to.rows, kind),
        }
    }

    /// The rows of the next key that either side has.
    pub(super) async fn next(&mut self) -> Result<Option<Pair>, MigrateError> {
        let from = self.from.key().await.map_err(MigrateError::from)?;
        let to = self.to.key().await.map_err(MigrateError::to)?;
        let (takes_from, takes_to) = match (from, to) {
            (None, None) => return Ok(None),
            (Some(_), None) => (true, false),
            (None, Some(_)) => (false, true),
            (Some(from), Some(to)) => (from <= to, to <= from),
        };
        Ok(Some(Pair {
            from: self.from.take_if(takes_from),
            to: self.to.take_if(takes_to),
        }))
    }
}

/// A walk along one side.
struct Walk<'a> {
    rows: &'a dyn Carry,
    kind: RowKind,
    page: VecDeque<(RowKey, Row)>,
    /// Up to where it was read; none where nothing follows.
    after: Option<RowKey>,
}

impl<'a> Walk<'a> {
    fn new(rows: &'a dyn Carry, kind: RowKind) -> Self {
        Self {
            rows,
            kind,
            page: VecDeque::new(),
            after: Some(RowKey::default()),
        }
    }

    /// The key of the row that is next.
    async fn key(&mut self) -> Result<Option<&RowKey>, MetadataError> {
        if self.page.is_empty()
            && let Some(after) = self.after.take()
        {
            let limit = match self.kind {
                RowKind::Manifests => PAGE_OF_MANIFESTS,
                _ => PAGE,
            };
            let rows = self.rows.rows(self.kind, &after, limit).await?;
            self.page = rows.into_iter().map(|row| (row.key(), row)).collect();
            self.after = self.page.back().map(|(key, _)| key.clone());
        }
        Ok(self.page.front().map(|(key, _)| key))
    }

    fn take_if(&mut self, is_next: bool) -> Option<Row> {
        let taken = is_next.then(|| self.page.pop_front()).flatten();
        taken.map(|(_, row)| row)
    }
}
