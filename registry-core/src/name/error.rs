//! Why a text is not a name.

/// A text is not a repository name or namespace: the reason, and the byte it stands at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid name, at byte {offset}: {fault}")]
pub struct ParseNameError {
    offset: usize,
    fault: NameFault,
}

impl ParseNameError {
    pub(super) fn new(offset: usize, fault: NameFault) -> Self {
        Self { offset, fault }
    }

    /// The byte of the text at which it stops being a name.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The lower-case name to use instead, when upper case was all that was wrong.
    #[must_use]
    pub fn proposal(&self) -> Option<&str> {
        match &self.fault {
            NameFault::UpperCase { proposal } => Some(proposal),
            _ => None,
        }
    }

    /// The same error with the lower-case name to use instead.
    pub(super) fn proposing(self, proposal: String) -> Self {
        Self::new(self.offset, NameFault::UpperCase { proposal })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameFault {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {limit} bytes")]
    TooLong { limit: usize },
    #[error("a component is empty; write one '/' between components and none at either end")]
    EmptyComponent,
    #[error("upper case is not allowed; use {proposal:?}")]
    UpperCase { proposal: String },
    #[error("{0:?} is not allowed; use lower-case letters, digits, '.', '_', '-' and '/'")]
    Character(char),
    #[error("a component must begin and end with a lower-case letter or digit")]
    Edge,
    #[error(
        "letters and digits may be joined by one '.', one or two '_', or any number of '-', not by a mixture"
    )]
    Separator,
    #[error("a namespace is one component; it has no '/'")]
    Slash,
}
