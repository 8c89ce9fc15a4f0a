//! Listings, by a standby where there is one.
//!
//! A standby is asked for tags and for names under prefixes: nobody loses anything who hears of a tag some seconds later. What
//! a right rests on is read from the primary: a page of tags counts only where the standby has the repository's facts in the
//! versions that the primary gave for this request, and names that are listed because they are public come from
//! the primary, for the standby may not know yet that they are not. Where it does not answer, does so late, or shows what
//! is too old, the primary answers, as where there is none.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout};
use tokio_postgres::{
    Config, NoTls, Row, Socket,
    tls::{MakeTlsConnect, TlsConnect},
};

use super::{
    PostgresMetadata, PostgresOpenError,
    error::Failure,
    param::Param,
    parse_plain, pool,
    session::cancel_by,
    standby::{Mark, Standby},
};
#[cfg(feature = "postgres-tls")]
use super::{parse_encrypted, tls::MakeTls};

/// How long a listing waits for a standby.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far the primary has come. What has committed is written to its log by then.
const MARK: &str =
    "SELECT pg_current_wal_flush_lsn()::text, identity FROM registry WHERE identity IS NOT NULL";

/// A listing: a statement with four parameters, and the column that its rows are in the order of.
#[derive(Clone, Copy)]
pub(super) struct Listing {
    pub(super) sql: &'static str,
    pub(super) key: &'static str,
}

impl Listing {
    /// The same for a standby. Where that has come as far as a mark there is a row at least, whose columns are null
    /// where nothing is listed; elsewhere there is none.
    fn of_standby(self) -> String {
        let Self { sql, key } = self;
        format!(
            "SELECT listed.* FROM (SELECT 1 FROM registry WHERE identity = $6 AND pg_is_in_recovery()
                AND pg_last_wal_replay_lsn() >= $5::text::pg_lsn) arrived
            LEFT JOIN ({sql}) listed ON true ORDER BY listed.{key}"
        )
    }
}

impl PostgresMetadata {
    /// Has listings that may be older than a moment come from a standby, which streams from the database and is told of as
    /// in [`connect`](Self::connect). Those are lists of tags, and the catalogue but for what is in it for being
    /// public: what a command did is seen there a while later, and everywhere else at once. Where the standby cannot be
    /// reached, or is behind by more than [`listings_lag`](super::PostgresSettings::listings_lag), the database itself
    /// answers. A server that is no standby, or one of another registry, lists nothing.
    ///
    /// # Errors
    /// Where the settings make no sense.
    pub fn with_listings(self, standby: &str) -> Result<Self, PostgresOpenError> {
        let config = parse_plain(standby)?;
        self.listing_from(config, NoTls)
    }

    /// The same by TLS, as in [`connect_tls`](Self::connect_tls).
    ///
    /// # Errors
    /// Where the settings make no sense.
    #[cfg(feature = "postgres-tls")]
    pub fn with_listings_tls(
        self,
        standby: &str,
        tls: Arc<rustls::ClientConfig>,
    ) -> Result<Self, PostgresOpenError> {
        let config = parse_encrypted(standby)?;
        self.listing_from(config, MakeTls(tls))
    }

    fn listing_from<T>(self, config: Config, tls: T) -> Result<Self, PostgresOpenError>
    where
        T: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
        T::Stream: Sync + Send,
        T::TlsConnect: Sync + Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let pool = pool(config, self.settings, tls.clone())?;
        let standby = Standby::new(pool, cancel_by(tls), self.settings.listings_lag);
        Ok(Self {
            standby: Some(Arc::new(standby)),
            ..self
        })
    }

    /// A listing as a standby has it, if it may be answered like that: one row at least. None where the primary is to
    /// be asked.
    pub(super) async fn listed(
        &self,
        listing: Listing,
        params: &[Param<'_>],
        may_be_answered: impl Fn(&[Row]) -> bool,
    ) -> Option<Vec<Row>> {
        let standby = self.standby.as_deref()?;
        let rows = self.listed_by(standby, listing, params).await;
        let rows = rows.filter(|rows| may_be_answered(rows));
        self.noted.listed(rows.is_some());
        rows
    }

    async fn listed_by(
        &self,
        standby: &Standby,
        listing: Listing,
        params: &[Param<'_>],
    ) -> Option<Vec<Row>> {
        if !standby.is_due() {
            return None;
        }
        if standby.wants_mark() {
            self.take_mark(standby).await;
        }
        let mark = standby.mark()?;
        let mut params = params.to_vec();
        params.extend([mark.place.as_str().into(), mark.registry.as_slice().into()]);
        match self.ask(standby, &listing.of_standby(), &params).await {
            Ok(rows) if rows.is_empty() => standby.lags(),
            Ok(rows) => {
                standby.served();
                return Some(rows);
            }
            Err(_) => standby.failed(),
        }
        None
    }

    async fn ask(
        &self,
        standby: &Standby,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let read = async {
            let session = self.session_of(&standby.pool, &standby.cancel).await?;
            let rows = session.rows(sql, params).await;
            session.leave(rows)
        };
        let patience = PATIENCE.min(self.settings.deadline);
        timeout(patience, read)
            .await
            .unwrap_or(Err(Failure::TooSlow))
    }

    /// Where the primary does not say, older marks are left, and then none: it is to answer everything itself.
    async fn take_mark(&self, standby: &Standby) {
        let asked = Instant::now();
        let Ok(Some(row)) = self.one(MARK, &[]).await else {
            return;
        };
        if let (Ok(place), Ok(registry)) = (row.try_get(0), row.try_get(1)) {
            standby.marked(asked, Mark { place, registry });
        }
    }
}
