//! The records of an extended header: `<length> <keyword>=<value>\n`, the length that of all of it.

use super::BLOCK;

/// What records say that the header behind them does not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extended {
    pub(super) name: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
}

/// What is wrong with records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExtendedError {
    #[error("an extended header cannot be read")]
    Record,
    #[error("it holds a sparse file, which is not understood: pack it without --sparse")]
    Sparse,
}

/// The records of a member.
pub(super) fn print(name: &str, size: u64) -> Vec<u8> {
    let mut records = record("path", name);
    records.push_str(&record("size", &size.to_string()));
    records.into_bytes()
}

fn record(keyword: &str, value: &str) -> String {
    let rest = format!(" {keyword}={value}\n");
    let digits = |length: usize| length.to_string().len();
    let mut length = rest.len() + digits(rest.len());
    // Its own digits may have made it longer by one.
    length = rest.len() + digits(length);
    format!("{length}{rest}")
}

/// What records say.
pub(super) fn parse(records: &[u8]) -> Result<Extended, ExtendedError> {
    let mut extended = Extended::default();
    let mut left = records;
    while !left.is_empty() {
        let (keyword, value, rest) = split(left).ok_or(ExtendedError::Record)?;
        match keyword {
            b"path" => extended.name = Some(value.to_vec()),
            b"size" => extended.size = Some(decimal(value).ok_or(ExtendedError::Record)?),
            keyword if keyword.starts_with(b"GNU.sparse.") => return Err(ExtendedError::Sparse),
            _ => {}
        }
        left = rest;
    }
    Ok(extended)
}

/// The first record's keyword and value, and what follows it.
fn split(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let at = |bytes: &[u8], wanted| bytes.iter().position(|byte| *byte == wanted);
    // No length has more digits than that.
    let digits = at(&records[..records.len().min(BLOCK as usize)], b' ')?;
    let length = usize::try_from(decimal(&records[..digits])?).ok()?;
    let record = records.get(digits + 1..length)?.strip_suffix(b"\n")?;
    let equals = at(record, b'=')?;
    Some((&record[..equals], &record[equals + 1..], &records[length..]))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let text = str::from_utf8(digits).ok()?;
    let of_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    of_digits.then(|| text.parse().ok()).flatten()
}
