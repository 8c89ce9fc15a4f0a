//! How far a run has come, as it is kept in the metadata.

use crate::{clock::Timestamp, digest::Digest, name::RepositoryName};

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Contents up to this one.
    Contents(Option<Digest>),
    /// All contents, and manifests up to this one.
    Manifests(Option<(RepositoryName, Digest)>),
    /// The run ended, then.
    Ended(Timestamp),
}

impl Position {
    pub(super) const BEGINNING: Self = Self::Contents(None);

    pub(super) fn note(&self) -> String {
        match self {
            Self::Contents(None) => "contents".to_owned(),
            Self::Contents(Some(digest)) => format!("contents {digest}"),
            Self::Manifests(None) => "manifests".to_owned(),
            Self::Manifests(Some((name, digest))) => format!("manifests {name} {digest}"),
            Self::Ended(at) => format!("ended {}", at.as_millis()),
        }
    }

    /// What a note says. One of a newer version says nothing, and the run begins again.
    pub(super) fn parse(note: &str) -> Self {
        let words: Vec<_> = note.split(' ').collect();
        let parsed = match words[..] {
            ["contents", digest] => digest
                .parse()
                .ok()
                .map(|digest| Self::Contents(Some(digest))),
            ["manifests"] => Some(Self::Manifests(None)),
            ["manifests", name, digest] => {
                let at = name.parse().ok().zip(digest.parse().ok());
                at.map(|at| Self::Manifests(Some(at)))
            }
            ["ended", at] => {
                let at = at.parse().ok();
                at.map(|millis| Self::Ended(Timestamp::from_millis(millis)))
            }
            _ => None,
        };
        parsed.unwrap_or(Self::BEGINNING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_and_another_begins_again() {
        let digest = Digest::sha512(b"x");
        let name: RepositoryName = "team/app".parse().unwrap();
        for position in [
            Position::BEGINNING,
            Position::Contents(Some(digest.clone())),
            Position::Manifests(None),
            Position::Manifests(Some((name, digest))),
            Position::Ended(Timestamp::from_millis(7)),
        ] {
            assert_eq!(Position::parse(&position.note()), position);
        }
        for other in ["", "contents x", "manifests a", "later 1 2 3", "ended soon"] {
            assert_eq!(Position::parse(other), Position::BEGINNING, "{other}");
        }
    }
}
