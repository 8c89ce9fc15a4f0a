//! Values as columns.

use std::{error::Error, str::FromStr, time::Duration};

use registry_core::{Timestamp, Visibility};
use tokio_postgres::Row;

use super::error::Failure;

/// A parsed text, kept as that text.
pub(super) fn text<T>(row: &Row, column: usize) -> Result<T, Failure>
where
    T: FromStr<Err: Error>,
{
    let text: &str = row.try_get(column)?;
    parsed(text)
}

/// The same, where there may be none.
pub(super) fn optional_text<T>(row: &Row, column: usize) -> Result<Option<T>, Failure>
where
    T: FromStr<Err: Error>,
{
    let text: Option<&str> = row.try_get(column)?;
    text.map(parsed).transpose()
}

pub(super) fn parsed<T: FromStr<Err: Error>>(text: &str) -> Result<T, Failure> {
    let unreadable = |error: T::Err| Failure::Unreadable(format!("{text}: {error}"));
    text.parse().map_err(unreadable)
}

/// A number whose 64 bits are kept; the database has only signed ones.
pub(super) fn bits(row: &Row, column: usize) -> Result<u64, Failure> {
    Ok(row.try_get::<_, i64>(column)?.cast_unsigned())
}

/// A moment, in milliseconds.
pub(super) fn moment(row: &Row, column: usize) -> Result<Timestamp, Failure> {
    let millis: i64 = row.try_get(column)?;
    Ok(Timestamp::from_millis(u64::try_from(millis).unwrap_or(0)))
}

/// Who may read.
pub(super) fn visibility(public: bool) -> Visibility {
    match public {
        true => Visibility::Public,
        false => Visibility::Private,
    }
}

pub(super) fn is_public(visibility: Visibility) -> bool {
    visibility == Visibility::Public
}

/// A length of time in milliseconds, none of it lost.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

/// How many rows a page may have at most, as SQL says it.
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
