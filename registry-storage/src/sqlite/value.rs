//! Values as columns.

use std::{error::Error, str::FromStr, time::Duration};

use registry_core::{Timestamp, Visibility};
use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};

/// A parsed text, kept as that text.
pub(super) struct Text<T>(pub(super) T);

impl<T: FromStr<Err: Error + Send + Sync + 'static>> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let parsed = value.as_str()?.parse();
        parsed.map(Self).map_err(FromSqlError::other)
    }
}

/// A number whose 64 bits are kept; SQLite has only signed ones. Their order is kept up to
/// `i64::MAX`, and nothing here is ordered by more.
pub(super) struct Bits(pub(super) u64);

impl FromSql for Bits {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|number| Self(number.cast_unsigned()))
    }
}

impl ToSql for Bits {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.cast_signed().into())
    }
}

/// A moment, in milliseconds.
pub(super) struct Millis(pub(super) Timestamp);

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let millis = u64::try_from(value.as_i64()?).unwrap_or(0);
        Ok(Self(Timestamp::from_millis(millis)))
    }
}

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX).into())
    }
}

/// The latest moment that is at least so long before `now`; none where nothing is that old.
pub(super) fn ago(now: Timestamp, duration: Duration) -> Option<Millis> {
    let millis = u64::try_from(duration.as_nanos().div_ceil(1_000_000)).ok()?;
    let moment = now.as_millis().checked_sub(millis)?;
    Some(Millis(Timestamp::from_millis(moment)))
}

/// Who may read.
pub(super) struct Readable(pub(super) Visibility);

impl FromSql for Readable {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(match value.as_i64()? {
            0 => Visibility::Private,
            _ => Visibility::Public,
        }))
    }
}

impl ToSql for Readable {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((self.0 == Visibility::Public).into())
    }
}

/// How many rows a page may have at most, as SQL says it.
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
