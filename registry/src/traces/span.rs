//! A span, as it is sent.

use std::{
    borrow::Cow,
    fmt,
    num::{NonZeroU64, NonZeroU128},
};

use tracing::field::{Field, Visit};

/// A span that has ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) trace: NonZeroU128,
    pub(super) id: NonZeroU64,
    pub(super) parent: Option<NonZeroU64>,
    /// In nanoseconds since 1970.
    pub(super) begun: u64,
    pub(super) ended: u64,
    pub(super) says: Says,
}

/// What a span says of itself.
#[derive(Clone, Debug)]
pub(super) struct Says {
    pub(super) name: Cow<'static, str>,
    /// It answers a request.
    pub(super) server: bool,
    pub(super) failed: bool,
    /// The caller's span, as the request has it.
    pub(super) parent: Option<String>,
    pub(super) attributes: Vec<(&'static str, Value)>,
}

/// An attribute's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Truth(bool),
}

impl Says {
    /// Nothing but its name.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            server: false,
            failed: false,
            parent: None,
            attributes: Vec::new(),
        }
    }

    fn set(&mut self, name: &'static str, value: Value) {
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name, value)),
        }
    }
}

/// The longest text that is kept of what a client sent.
const TEXT: usize = 1024;

fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT)]
}

impl Visit for Says {
    fn record_str(&mut self, field: &Field, text: &str) {
        match field.name() {
            "otel.kind" => self.server = text == "server",
            "otel.name" => self.name = Cow::Owned(short(text).to_owned()),
            "otel.status_code" => self.failed = text == "ERROR",
            "traceparent" => self.parent = Some(short(text).to_owned()),
            name => self.set(name, Value::Text(short(text).to_owned())),
        }
    }

    fn record_i64(&mut self, field: &Field, number: i64) {
        self.set(field.name(), Value::Integer(number));
    }

    fn record_u64(&mut self, field: &Field, number: u64) {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.set(field.name(), Value::Integer(number));
    }

    fn record_bool(&mut self, field: &Field, truth: bool) {
        self.set(field.name(), Value::Truth(truth));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
