//! Values as parameters, each with the type that the statement is told.
//!
//! A statement that says its types needs no answer before it is sent: so it is one trip also where a
//! connection pooler takes no prepared statements.

use tokio_postgres::types::{ToSql, Type};

/// A value of a statement.
#[derive(Clone, Debug)]
pub(super) enum Param<'a> {
    Bool(bool),
    OptionalBool(Option<bool>),
    Small(i16),
    Integer(i64),
    OptionalInteger(Option<i64>),
    Text(&'a str),
    OptionalText(Option<&'a str>),
    Texts(Vec<&'a str>),
    Integers(Vec<i64>),
    Bytes(&'a [u8]),
    OptionalBytes(Option<&'a [u8]>),
}

impl Param<'_> {
    /// What the server is told to expect.
    pub(super) fn kind(&self) -> Type {
        match self {
            Self::Bool(_) | Self::OptionalBool(_) => Type::BOOL,
            Self::Small(_) => Type::INT2,
            Self::Integer(_) | Self::OptionalInteger(_) => Type::INT8,
            Self::Text(_) | Self::OptionalText(_) => Type::TEXT,
            Self::Texts(_) => Type::TEXT_ARRAY,
            Self::Integers(_) => Type::INT8_ARRAY,
            Self::Bytes(_) | Self::OptionalBytes(_) => Type::BYTEA,
        }
    }

    pub(super) fn value(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Bool(value) => value,
            Self::OptionalBool(value) => value,
            Self::Small(value) => value,
            Self::Integer(value) => value,
            Self::OptionalInteger(value) => value,
            Self::Text(value) => value,
            Self::OptionalText(value) => value,
            Self::Texts(value) => value,
            Self::Integers(value) => value,
            Self::Bytes(value) => value,
            Self::OptionalBytes(value) => value,
        }
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Option<bool>> for Param<'_> {
    fn from(value: Option<bool>) -> Self {
        Self::OptionalBool(value)
    }
}

impl From<i16> for Param<'_> {
    fn from(value: i16) -> Self {
        Self::Small(value)
    }
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<Option<i64>> for Param<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::OptionalInteger(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<Option<&'a str>> for Param<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::OptionalText(value)
    }
}

impl<'a> From<Vec<&'a str>> for Param<'a> {
    fn from(value: Vec<&'a str>) -> Self {
        Self::Texts(value)
    }
}

impl From<Vec<i64>> for Param<'_> {
    fn from(value: Vec<i64>) -> Self {
        Self::Integers(value)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a> From<Option<&'a [u8]>> for Param<'a> {
    fn from(value: Option<&'a [u8]>) -> Self {
        Self::OptionalBytes(value)
    }
}
