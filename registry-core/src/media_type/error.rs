//! Why a text is not a media type.

/// A text is not a media type: the reason, and the byte it stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a media type, at byte {offset}: {fault}")]
pub struct ParseMediaTypeError {
    offset: usize,
    fault: MediaTypeFault,
}

impl ParseMediaTypeError {
    pub(super) fn new(offset: usize, fault: MediaTypeFault) -> Self {
        Self { offset, fault }
    }

    /// The byte of the text at which it stops being a media type.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum MediaTypeFault {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than 255 bytes")]
    TooLong,
    #[error("it has no '/'; write type/subtype, for example application/octet-stream")]
    NoSlash,
    #[error("a type and a subtype begin with a letter or digit")]
    First,
    #[error("{0:?} is not allowed in a media type")]
    Character(char),
}
