//! Settings that are one of a few words.

/// Makes a setting of an enum: each variant with its word and what it means.
macro_rules! choice {
    ($type:ident { $($variant:ident = $word:literal: $meaning:literal,)+ }) => {
        impl $crate::config::Setting for $type {
            fn kind() -> String {
                [$(concat!("`\"", $word, "\"` (", $meaning, ")")),+].join(", ")
            }

            fn read(raw: &$crate::config::raw::Raw) -> Result<Self, String> {
                match raw.text() {
                    $(Some($word) => Ok(Self::$variant),)+
                    _ => Err(format!("it must be one of {}", [$($word),+].join(", "))),
                }
            }

            fn write(&self) -> Option<String> {
                let word = match self {
                    $(Self::$variant => $word,)+
                };
                Some($crate::config::raw::quoted(word))
            }
        }
    };
}

pub(crate) use choice;
