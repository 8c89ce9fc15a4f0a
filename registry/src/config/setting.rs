//! Types that a key may have.

use std::path::PathBuf;

use registry_core::Secret;

use super::raw::{Raw, quoted};

/// A type of setting.
pub(crate) trait Setting: Sized + PartialEq {
    /// Whether it has several values.
    const LIST: bool = false;
    /// Whether it must not be printed.
    const SECRET: bool = false;

    /// What a value may be, in words.
    fn kind() -> String;

    /// Reads what was written, or says what it must be. The message does not repeat what was written.
    fn read(raw: &Raw) -> Result<Self, String>;

    /// The value as TOML; none for no value.
    fn write(&self) -> Option<String>;
}

impl Setting for bool {
    fn kind() -> String {
        "`true` or `false`".to_owned()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        raw.boolean()
            .ok_or_else(|| "it must be true or false".to_owned())
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// A count, and never none.
impl Setting for usize {
    fn kind() -> String {
        "a whole number from 1 to 1000000000".to_owned()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        let count = raw
            .integer()
            .filter(|count| (1..=1_000_000_000).contains(count));
        let count = count.and_then(|count| count.try_into().ok());
        count.ok_or_else(|| format!("it must be {}", Self::kind()))
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Setting for String {
    fn kind() -> String {
        "text".to_owned()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        raw.text()
            .map(str::to_owned)
            .ok_or_else(|| "it must be text, in quotes".to_owned())
    }

    fn write(&self) -> Option<String> {
        Some(quoted(self))
    }
}

impl Setting for Secret {
    const SECRET: bool = true;

    fn kind() -> String {
        "a secret".to_owned()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        String::read(raw).map(Self::new)
    }

    fn write(&self) -> Option<String> {
        Some(quoted("(hidden)"))
    }
}

impl Setting for PathBuf {
    fn kind() -> String {
        "a path".to_owned()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        match raw.text() {
            Some(text) if !text.is_empty() => Ok(text.into()),
            _ => Err("it must be a path, in quotes".to_owned()),
        }
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.to_string_lossy()))
    }
}

impl<T: Setting> Setting for Option<T> {
    const LIST: bool = T::LIST;
    const SECRET: bool = T::SECRET;

    fn kind() -> String {
        T::kind()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        // The environment has no other way to take back what a file says.
        if raw.text() == Some("") {
            return Ok(None);
        }
        T::read(raw).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(T::write)
    }
}

impl<T: Setting> Setting for Vec<T> {
    const LIST: bool = true;
    const SECRET: bool = T::SECRET;

    fn kind() -> String {
        format!("a list, each {}", T::kind())
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        let items = raw.items().ok_or("it must be a list")?;
        items.iter().map(T::read).collect()
    }

    fn write(&self) -> Option<String> {
        let items: Vec<_> = self.iter().filter_map(T::write).collect();
        Some(format!("[{}]", items.join(", ")))
    }
}

/// Makes settings of types that are written as text.
macro_rules! texts {
    ($($type:ty: $kind:literal,)*) => {$(
        impl $crate::config::Setting for $type {
            fn kind() -> String {
                $kind.to_owned()
            }

            fn read(raw: &$crate::config::raw::Raw) -> Result<Self, String> {
                let text = String::read(raw)?;
                text.parse().map_err(|_| format!("it must be {}", $kind.replace('`', "")))
            }

            fn write(&self) -> Option<String> {
                $crate::config::Setting::write(&self.to_string())
            }
        }
    )*};
}

pub(crate) use texts;
