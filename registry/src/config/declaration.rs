//! How a key is declared.

use super::{raw::Raw, written::Written};

/// A key, as declared. Two keys are the same if their section and name are.
#[derive(Debug)]
pub(crate) struct Key {
    /// The section's name.
    pub(crate) section: &'static str,
    /// The name within the section.
    pub(crate) name: &'static str,
    /// The lines of its documentation.
    pub(crate) about: &'static [&'static str],
    /// What a value may be, in words.
    pub(crate) kind: fn() -> String,
    /// The default as TOML; none where there is no value by default.
    pub(crate) default: fn() -> Option<String>,
    /// Whether a value can be used, or what it must be.
    pub(crate) check: fn(&Raw) -> Result<(), String>,
    /// Whether it has several values.
    pub(crate) list: bool,
    /// Whether it must not be printed.
    pub(crate) secret: bool,
    /// Flags that set it.
    pub(crate) flags: &'static [Flag],
    /// Whether a change takes effect while the server runs.
    pub(crate) reloaded: bool,
}

/// A flag of the command line that sets a key.
#[derive(Debug)]
pub(crate) struct Flag {
    /// Its name, without dashes.
    pub(crate) long: &'static str,
    /// What it takes.
    pub(crate) takes: Takes,
}

/// What a flag takes.
#[derive(Debug)]
pub(crate) enum Takes {
    /// A value of the key, called so in the help.
    Value(&'static str),
    /// Nothing: it stands for a value of the key.
    Nothing {
        /// That value.
        means: &'static str,
        /// What the flag does, if that is not what the key does.
        about: Option<&'static str>,
    },
}

impl Flag {
    /// A flag that takes a value.
    pub(crate) const fn value(long: &'static str, name: &'static str) -> Self {
        Self {
            long,
            takes: Takes::Value(name),
        }
    }

    /// A flag that turns its key on.
    pub(crate) const fn on(long: &'static str) -> Self {
        Self {
            long,
            takes: Takes::Nothing {
                means: "true",
                about: None,
            },
        }
    }

    /// A flag that stands for a value.
    pub(crate) const fn means(
        long: &'static str,
        means: &'static str,
        about: &'static str,
    ) -> Self {
        Self {
            long,
            takes: Takes::Nothing {
                means,
                about: Some(about),
            },
        }
    }
}

impl Key {
    /// `section.name`, as in messages.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("REGISTRY_{}_{}", self.section, self.name).to_uppercase()
    }

    /// Its documentation as running text.
    pub(crate) fn text(&self) -> String {
        running(self.about)
    }
}

/// Lines of documentation as running text.
pub(crate) fn running(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ").trim().to_owned()
}

/// A section, as declared.
#[derive(Debug)]
pub(crate) struct Declared {
    /// Its name.
    pub(crate) name: &'static str,
    /// The lines of its documentation.
    pub(crate) about: &'static [&'static str],
    /// Its keys.
    pub(crate) keys: &'static [Key],
}

/// What the [`section`] macro writes.
pub(crate) trait Section {
    /// Its declaration.
    const DECLARED: Declared;

    /// What was written comes to this.
    fn resolve(written: &Written) -> Self;

    /// Its values as TOML, in the order of declaration.
    fn values(&self) -> Vec<Option<String>>;

    /// The keys whose values differ.
    fn changes(&self, other: &Self) -> Vec<&'static Key>;
}

/// Declares a section: a struct of its values, and everything that is derived from the declaration.
///
/// ```text
/// section! {
///     /// What the section is about.
///     Name = "name" {
///         /// What the key is about.
///         key: Type = default, Flag::value("key", "VALUE") => reloaded;
///     }
/// }
/// ```
///
/// Flags may be left out. `=> reloaded` says that a [`Reload`](crate::reload::Reload) takes a change over while the
/// server runs; without it a change takes effect with a restart.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident = $section:literal {
            $(
                $(#[doc = $doc:literal])+
                $key:ident: $type:ty = $default:expr $(, $flag:expr)* $(=> $reloaded:ident)?;
            )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            $(
                $(#[doc = $doc])+
                pub(crate) $key: $type,
            )*
        }

        impl $crate::config::declaration::Section for $name {
            const DECLARED: $crate::config::declaration::Declared =
                $crate::config::declaration::Declared {
                    name: $section,
                    about: &[$($about),+],
                    keys: &[$($crate::config::declaration::Key {
                        section: $section,
                        name: stringify!($key),
                        about: &[$($doc),+],
                        kind: <$type as $crate::config::Setting>::kind,
                        default: || {
                            let default: $type = $default;
                            $crate::config::Setting::write(&default)
                        },
                        check: |raw| <$type as $crate::config::Setting>::read(raw).map(drop),
                        list: <$type as $crate::config::Setting>::LIST,
                        secret: <$type as $crate::config::Setting>::SECRET,
                        flags: &[$($flag),*],
                        reloaded: !<[&str]>::is_empty(&[$(stringify!($reloaded))?]),
                    }),*],
                };

            fn resolve(written: &$crate::config::Written) -> Self {
                Self {
                    $($key: written.value($section, stringify!($key)).unwrap_or_else(|| $default),)*
                }
            }

            fn values(&self) -> Vec<Option<String>> {
                vec![$($crate::config::Setting::write(&self.$key)),*]
            }

            fn changes(&self, other: &Self) -> Vec<&'static $crate::config::declaration::Key> {
                let differ = [$(self.$key != other.$key),*];
                let keys = Self::DECLARED.keys.iter().zip(differ);
                keys.filter(|(_, differ)| *differ).map(|(key, _)| key).collect()
            }
        }
    };
}

pub(crate) use section;
