//! Reading one field of a manifest, with errors that say where in it.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Track};

use super::body::value;
use super::error::{ManifestFault, ParseManifestError};
use crate::Descriptor;

/// How many more descriptors a manifest may have.
pub(super) struct Budget {
    limit: usize,
    left: usize,
    exceeded: bool,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            left: limit,
            exceeded: false,
        }
    }

    fn spend<E: Error>(&mut self) -> Result<(), E> {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => self.exceeded = true,
        }
        if self.exceeded {
            return Err(E::custom("too many descriptors"));
        }
        Ok(())
    }

    /// The budget's own error where it was exceeded, otherwise the parser's.
    fn explain(&self, error: ParseManifestError) -> ParseManifestError {
        if self.exceeded {
            ManifestFault::TooManyDescriptors { limit: self.limit }.into()
        } else {
            error
        }
    }
}

/// Reads a plain value.
pub(super) fn plain<T: DeserializeOwned>(
    name: &str,
    field: Option<&RawValue>,
) -> Result<Option<T>, ParseManifestError> {
    value(field)
        .map(|text| read(name, text, std::marker::PhantomData::<T>))
        .transpose()
}

/// Reads a descriptor.
pub(super) fn descriptor(
    name: &str,
    field: Option<&RawValue>,
    budget: &mut Budget,
) -> Result<Option<Descriptor>, ParseManifestError> {
    let Some(text) = value(field) else {
        return Ok(None);
    };
    let read = read(name, text, One(budget));
    read.map(Some).map_err(|error| budget.explain(error))
}

/// Reads a list of descriptors; an absent one is empty.
pub(super) fn descriptors(
    name: &str,
    field: Option<&RawValue>,
    budget: &mut Budget,
) -> Result<Vec<Descriptor>, ParseManifestError> {
    let Some(text) = value(field) else {
        return Ok(Vec::new());
    };
    read(name, text, List(budget)).map_err(|error| budget.explain(error))
}

fn read<'a, S: DeserializeSeed<'a>>(
    name: &str,
    text: &'a str,
    seed: S,
) -> Result<S::Value, ParseManifestError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    seed.deserialize(tracked)
        .map_err(|error| ManifestFault::field(&place(name, &track.path()), &reason(&error)).into())
}

/// Where in the manifest: `layers` and `[2].digest` are `layers[2].digest`.
fn place(name: &str, path: &Path) -> String {
    match path.to_string().as_str() {
        "." => name.to_owned(),
        path if path.starts_with('[') => format!("{name}{path}"),
        path => format!("{name}.{path}"),
    }
}

/// The parser's message without its position, which counts from the field and would mislead.
fn reason(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if message.ends_with(&position) {
        message.truncate(message.len() - position.len());
    }
    message
}

/// One descriptor: an object, where the derived reader alone would take an array too.
struct One<'b>(&'b mut Budget);

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Descriptor;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Descriptor, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = Descriptor;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a descriptor, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Descriptor, A::Error> {
        self.0.spend()?;
        Descriptor::deserialize(MapAccessDeserializer::new(map))
    }
}

struct List<'b>(&'b mut Budget);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Vec<Descriptor>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Vec<Descriptor>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of descriptors")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut descriptors = Vec::new();
        while let Some(descriptor) = list.next_element_seed(One(self.0))? {
            descriptors.push(descriptor);
        }
        Ok(descriptors)
    }
}
