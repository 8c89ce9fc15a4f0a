//! Durations and sizes: a number with a unit.

use std::time::Duration;

use super::{
    raw::{Raw, quoted},
    setting::Setting,
};

type Unit = (&'static str, u64);

const MILLISECONDS: &[Unit] = &[
    ("d", 24 * 60 * 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

const BYTES: &[Unit] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];

impl Setting for Duration {
    fn kind() -> String {
        "a time, as in `\"90s\"`, `\"15m\"`, `\"1h\"`, or a number of seconds".to_owned()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        let seconds = raw.integer().and_then(|number| u64::try_from(number).ok());
        let read = seconds
            .map(Self::from_secs)
            .or_else(|| read(raw.text()?, MILLISECONDS).map(Self::from_millis));
        read.ok_or_else(|| {
            "it must be a time, as in 90s, 15m, 1h or 7d, or a number of seconds".to_owned()
        })
    }

    fn write(&self) -> Option<String> {
        let whole = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        Some(quoted(&write(whole, MILLISECONDS, "s")))
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl Bytes {
    /// The number, as far as it can be addressed.
    pub(crate) fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl From<usize> for Bytes {
    fn from(bytes: usize) -> Self {
        Self(bytes as u64)
    }
}

impl Setting for Bytes {
    fn kind() -> String {
        "a size, as in `\"64KiB\"`, `\"4MiB\"`, `\"1GB\"`, or a number of bytes".to_owned()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        let bytes = raw.integer().and_then(|number| u64::try_from(number).ok());
        let read = bytes.or_else(|| read(raw.text()?, BYTES));
        read.map(Self).ok_or_else(|| {
            "it must be a size, as in 64KiB, 4MiB or 1GB, or a number of bytes".to_owned()
        })
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&write(self.0, BYTES, "B")))
    }
}

/// A whole number and a unit, with or without a space between.
fn read(text: &str, units: &[Unit]) -> Option<u64> {
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    let (digits, unit) = text.split_at(end);
    let (_, size) = units.iter().find(|(name, _)| *name == unit.trim())?;
    digits.parse::<u64>().ok()?.checked_mul(*size)
}

/// In the largest unit of which it is a whole number.
fn write(whole: u64, units: &[Unit], zero: &str) -> String {
    let fits = |(_, size): &&Unit| whole != 0 && whole.is_multiple_of(*size);
    match units.iter().find(fits) {
        Some((name, size)) => format!("{}{name}", whole / size),
        None => format!("0{zero}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Raw {
        Raw::Word(text.to_owned())
    }

    #[test]
    fn a_time_has_a_unit_or_is_in_seconds() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("15 m", 900), ("2h", 7200)] {
            assert_eq!(
                Duration::read(&word(text)),
                Ok(Duration::from_secs(seconds))
            );
        }
        assert_eq!(
            Duration::read(&Raw::Text("250ms".into())),
            Ok(Duration::from_millis(250))
        );
        for wrong in ["", "h", "-1", "1.5h", "1y", "99999999999999999d", "1h30m"] {
            assert!(Duration::read(&word(wrong)).is_err(), "{wrong}");
        }
        assert!(Duration::read(&Raw::Integer(-1)).is_err());
    }

    #[test]
    fn a_size_has_a_unit_or_is_in_bytes() {
        for (text, bytes) in [
            ("0", 0),
            ("16KiB", 16 << 10),
            ("4 MiB", 4 << 20),
            ("2kB", 2000),
        ] {
            assert_eq!(Bytes::read(&word(text)), Ok(Bytes(bytes)));
        }
        assert!(Bytes::read(&word("4M")).is_err());
    }

    #[test]
    fn what_is_written_reads_as_the_same() {
        for seconds in [0, 1, 59, 60, 61, 3600, 86_400, 90_000] {
            let time = Duration::from_secs(seconds);
            let written = time.write().unwrap();
            assert_eq!(Duration::read(&word(written.trim_matches('"'))), Ok(time));
        }
        for bytes in [0, 1, 1000, 1024, 1025, 4 << 20, 3_000_000_000] {
            let written = Bytes(bytes).write().unwrap();
            assert_eq!(
                Bytes::read(&word(written.trim_matches('"'))),
                Ok(Bytes(bytes))
            );
        }
    }
}
