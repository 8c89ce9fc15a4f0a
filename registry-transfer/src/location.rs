//! Where images come from and go to, as people write it.
//!
//! A place begins with its kind, as in the tools that people know: guessing by what lies at a path
//! would take a mistyped path for something else, and an export would have nothing to guess by.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// A place that images can come from or go to.
///
/// | text | place |
/// | --- | --- |
/// | `oci:PATH` | an OCI layout directory |
/// | `oci-archive:PATH` | the same in a tar |
/// | `distribution:PATH` | the storage directory of the distribution registry |
/// | `https://HOST`, `http://HOST` | another registry |
/// | `docker://HOST` | the same, behind https |
///
/// No text holds a name or password: an address with an `@` is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Location {
    /// An OCI layout directory.
    Layout(PathBuf),
    /// An OCI layout in a tar.
    Archive(PathBuf),
    /// The storage directory of the distribution registry.
    Distribution(PathBuf),
    /// Another registry, by its address.
    Registry(String),
}

/// A text is not a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseLocationError {
    /// It does not begin with a kind that is known.
    #[error(
        "{0:?} is not a place: it begins with oci:, oci-archive:, distribution:, https://, http:// or docker://"
    )]
    Kind(String),
    /// Nothing follows the kind.
    #[error("{0} needs a {1} after it")]
    Empty(&'static str, &'static str),
    /// An address with a user name or password in it. The text is not repeated.
    #[error("an address holds no user name and no password: say them by options")]
    User,
    /// A registry stands at the root of its host.
    #[error("{0:?} has a path; choose repositories by a filter")]
    Path(String),
}

impl Location {
    /// Parses a place.
    ///
    /// # Errors
    /// Says what is missing or not known. A password in the text is never repeated.
    pub fn parse(text: &str) -> Result<Self, ParseLocationError> {
        let unknown = || ParseLocationError::Kind(text.to_owned());
        let (kind, path) = text.split_once(':').ok_or_else(unknown)?;
        let path_of = |kind| match path {
            "" => Err(ParseLocationError::Empty(kind, "path")),
            path => Ok(PathBuf::from(path)),
        };
        match kind {
            "oci" => path_of("oci:").map(Self::Layout),
            "oci-archive" => path_of("oci-archive:").map(Self::Archive),
            "distribution" => path_of("distribution:").map(Self::Distribution),
            scheme => match path.strip_prefix("//") {
                Some(host) => registry(text, scheme, host),
                None => Err(unknown()),
            },
        }
    }

    /// Whether it is a directory of files.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        matches!(self, Self::Layout(_) | Self::Distribution(_))
    }

    /// The same place seen from anywhere: a path of its own begins at `directory`.
    #[must_use]
    pub fn below(self, directory: &Path) -> Self {
        match self {
            Self::Layout(path) => Self::Layout(directory.join(path)),
            Self::Archive(path) => Self::Archive(directory.join(path)),
            Self::Distribution(path) => Self::Distribution(directory.join(path)),
            Self::Registry(address) => Self::Registry(address),
        }
    }
}

fn registry(text: &str, scheme: &str, host: &str) -> Result<Location, ParseLocationError> {
    if host.contains('@') {
        return Err(ParseLocationError::User);
    }
    let (kind, scheme) = match scheme {
        "https" => ("https://", "https"),
        "http" => ("http://", "http"),
        "docker" => ("docker://", "https"),
        _ => return Err(ParseLocationError::Kind(text.to_owned())),
    };
    let host = host.strip_suffix('/').unwrap_or(host);
    match host {
        "" => Err(ParseLocationError::Empty(kind, "host")),
        host if host.contains(['/', '?', '#']) => Err(ParseLocationError::Path(text.to_owned())),
        host => Ok(Location::Registry(format!("{scheme}://{host}"))),
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout(path) => write!(f, "oci:{}", path.display()),
            Self::Archive(path) => write!(f, "oci-archive:{}", path.display()),
            Self::Distribution(path) => write!(f, "distribution:{}", path.display()),
            Self::Registry(address) => f.write_str(address),
        }
    }
}

impl FromStr for Location {
    type Err = ParseLocationError;

    fn from_str(text: &str) -> Result<Self, ParseLocationError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Location {
    type Error = ParseLocationError;

    fn try_from(text: String) -> Result<Self, ParseLocationError> {
        Self::parse(&text)
    }
}

impl From<Location> for String {
    fn from(place: Location) -> Self {
        place.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;

    fn message(text: &str) -> String {
        Location::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_place_is_its_kind_and_where() {
        let parse = |text| Location::parse(text).unwrap();
        assert_eq!(parse("oci:/a:b"), Location::Layout("/a:b".into()));
        assert_eq!(parse("oci-archive:/a"), Location::Archive("/a".into()));
        assert_eq!(
            parse("distribution:/v"),
            Location::Distribution("/v".into())
        );
        let registry = Location::Registry("https://host:5000".to_owned());
        assert_eq!(parse("docker://host:5000/"), registry);
        assert_eq!(parse("https://host:5000"), registry);
    }

    #[test]
    fn what_is_no_place_is_named() {
        assert!(message("/srv/images").contains("begins with oci:"));
        assert!(message("dir:/srv").contains("begins with oci:"));
        assert!(message("ftp://host").contains("begins with oci:"));
        assert!(message("oci:").contains("needs a path"));
        assert!(message("https://").contains("needs a host"));
        assert!(message("https://host/app").contains("filter"));
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        assert!(!message("https://ann:hunter2@host").contains("hunter2"));
        assert!(!message("ftp://ann:hunter2@host").contains("hunter2"));
    }

    #[test]
    fn a_relative_path_begins_where_it_is_said() {
        let below = |text| Location::parse(text).unwrap().below(Path::new("/work"));
        assert_eq!(below("oci:images"), Location::Layout("/work/images".into()));
        assert_eq!(below("oci:/images"), Location::Layout("/images".into()));
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn a_place_reads_as_it_prints(
            text in "(oci|distribution):[a-z/.:]{1,20}|https?://[a-z.]{1,12}(:[0-9]{1,4})?",
        ) {
            let place = Location::parse(&text).unwrap();
            prop_assert_eq!(place.to_string(), text);
        }
    }
}
