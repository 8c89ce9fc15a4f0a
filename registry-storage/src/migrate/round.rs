//! A round: a walk that carries what is missing.

use std::sync::{Mutex, PoisonError};

use registry_core::backend::{KeptContent, Row, RowKey, RowKind};

use super::{
    Migration, Moment, Round, TellRound,
    content::Content,
    error::MigrateError,
    pairs::{Pair, Pairs},
    under_way::UnderWay,
};

/// Rows that are put or dropped at once, and no more bytes of them.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 8 << 20;

/// A round under way.
pub(super) struct Going<'a> {
    pub(super) migration: &'a Migration,
    pub(super) moment: Moment,
    tell: TellRound<'a>,
    round: Mutex<Round>,
}

impl Migration {
    /// Carries what the new side lacks, and drops there what the old one has no more. With
    /// [`Moment::Last`], both sides have the same afterwards.
    ///
    /// # Errors
    /// Where a side cannot be used, or content is not what it should be.
    pub async fn round(&self, moment: Moment, tell: TellRound<'_>) -> Result<Round, MigrateError> {
        let going = Going {
            migration: self,
            moment,
            tell,
            round: Mutex::default(),
        };
        let mut to_drop = Vec::new();
        for kind in RowKind::ALL {
            let more = match kind {
                RowKind::Contents => going.contents().await?,
                _ => going.rows(kind).await?,
            };
            if more {
                to_drop.push(kind);
            }
        }
        // What rests on others goes before them.
        for kind in to_drop.into_iter().rev() {
            going.drop_rows(kind).await?;
        }
        Ok(*going.round.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Going<'_> {
    /// Notes what was done, and tells it.
    pub(super) fn note(&self, done: impl FnOnce(&mut Round)) {
        let now = {
            let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
            done(&mut round);
            *round
        };
        (self.tell)(&now);
    }

    /// Puts rows of a kind, and answers whether the new side has some that the old one has not.
    async fn rows(&self, kind: RowKind) -> Result<bool, MigrateError> {
        let mut pairs = Pairs::new(self.migration, kind);
        let (mut batch, mut more) = (Batch::default(), false);
        while let Some(pair) = pairs.next().await? {
            more |= pair.from.is_none();
            if !pair.agrees()
                && let Some(row) = pair.from
                && batch.add(row)
            {
                self.put(&mut batch).await?;
            }
        }
        self.put(&mut batch).await?;
        Ok(more)
    }

    /// The same of contents, several at once, with what they consist of.
    async fn contents(&self) -> Result<bool, MigrateError> {
        let mut pairs = Pairs::new(self.migration, RowKind::Contents);
        let (mut batch, mut more) = (Batch::default(), false);
        let mut under_way = UnderWay::new();
        while let Some(pair) = under_way.beside(pairs.next()).await? {
            let Pair {
                from: Some(Row::Content(from)),
                to,
            } = pair
            else {
                more = true;
                continue;
            };
            under_way.begin(self.content(from, to));
            let most = self.migration.parallel.max(1);
            under_way.until_fewer_than(most).await;
            self.keep(&mut under_way, &mut batch).await?;
        }
        while let going @ 1.. = under_way.going() {
            under_way.until_fewer_than(going).await;
            self.keep(&mut under_way, &mut batch).await?;
        }
        self.put(&mut batch).await?;
        Ok(more)
    }

    /// Puts the rows of contents that have come.
    async fn keep(
        &self,
        under_way: &mut UnderWay<impl Future<Output = Result<Option<Row>, MigrateError>>>,
        batch: &mut Batch,
    ) -> Result<(), MigrateError> {
        for row in under_way.ended() {
            let row = row?;
            self.note(|round| round.contents += 1);
            if row.is_some_and(|row| batch.add(row)) {
                under_way.beside(self.put(batch)).await?;
            }
        }
        Ok(())
    }

    /// Brings an object where there is one, and answers the row that is still to be put.
    async fn content(
        &self,
        from: KeptContent,
        to: Option<Row>,
    ) -> Result<Option<Row>, MigrateError> {
        let there = match to {
            Some(Row::Content(to)) => Some(to),
            _ => None,
        };
        Content { going: self, from }.carry(there).await
    }

    pub(super) async fn put_now(&self, rows: &[Row]) -> Result<(), MigrateError> {
        let put = self.migration.to.rows.put_rows(rows).await;
        put.map_err(MigrateError::to)?;
        self.note(|round| round.put += rows.len() as u64);
        Ok(())
    }

    async fn put(&self, batch: &mut Batch) -> Result<(), MigrateError> {
        let rows = std::mem::take(batch).rows;
        match rows.is_empty() {
            true => Ok(()),
            false => self.put_now(&rows).await,
        }
    }

    /// Drops rows of a kind that the old side has no more.
    async fn drop_rows(&self, kind: RowKind) -> Result<(), MigrateError> {
        let mut pairs = Pairs::new(self.migration, kind);
        let mut keys: Vec<RowKey> = Vec::new();
        loop {
            let pair = pairs.next().await?;
            if keys.len() >= BATCH || (pair.is_none() && !keys.is_empty()) {
                let dropped = self.migration.to.rows.drop_rows(kind, &keys).await;
                dropped.map_err(MigrateError::to)?;
                self.note(|round| round.dropped += keys.len() as u64);
                keys.clear();
            }
            match pair {
                None => return Ok(()),
                Some(Pair {
                    from: None,
                    to: Some(row),
                }) => keys.push(row.key()),
                Some(_) => {}
            }
        }
    }
}

/// Rows to be put together.
#[derive(Default)]
struct Batch {
    rows: Vec<Row>,
    bytes: usize,
}

impl Batch {
    /// Adds a row, and answers whether these are enough.
    fn add(&mut self, row: Row) -> bool {
        self.bytes += match &row {
            Row::Manifest(manifest) => manifest.bytes.len(),
            _ => 0,
        };
        self.rows.push(row);
        self.rows.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}
