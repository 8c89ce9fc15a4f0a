//! The environment: `REGISTRY_SECTION_KEY`, and `REGISTRY_CONFIG` for the file.

use std::{ffi::OsString, path::PathBuf};

use super::{keys, nearest::nearest_variable, origin::Origin, raw::Raw, written::Written};

/// What an unknown variable of ours begins with.
const PREFIX: &str = "REGISTRY_";
const FILE: &str = "REGISTRY_CONFIG";

/// The variables that are ours, in the order of their names.
pub(super) struct Environment(Vec<(String, OsString)>);

impl Environment {
    pub(super) fn of(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let named = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let ours = |name: &str| name.starts_with(PREFIX) && !is_of_an_orchestrator(name);
        let mut ours: Vec<_> = named.filter(|(name, _)| ours(name)).collect();
        ours.sort();
        Self(ours)
    }

    /// The file that it names.
    pub(super) fn file(&self) -> Option<PathBuf> {
        let (_, path) = self.0.iter().find(|(name, _)| name == FILE)?;
        (!path.is_empty()).then(|| path.into())
    }

    /// Notes what it sets.
    pub(super) fn write_to(&self, written: &mut Written) {
        for (name, value) in self.0.iter().filter(|(name, _)| name != FILE) {
            let origin = Origin::Environment(name.clone());
            let key = keys().find(|key| key.variable() == *name);
            match (key, value.to_str()) {
                (Some(key), Some(text)) => written.note(key, Raw::Word(text.to_owned()), origin),
                (Some(_), None) => written.problem(&origin, "it must be UTF-8"),
                (None, _) => {
                    let nearest = nearest_variable(name);
                    written.problem(&origin, format!("there is no such setting{nearest}"));
                }
            }
        }
    }
}

/// Kubernetes, and docker's links, put addresses of a service that is called `registry` into the
/// environment of everything that runs beside it. They are not meant for us.
fn is_of_an_orchestrator(name: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    rest == "PORT"
        || rest == "NAME"
        || ["PORT_", "SERVICE_HOST", "SERVICE_PORT", "ENV_"]
            .iter()
            .any(|start| rest.starts_with(start))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_has_a_variable_of_its_own_that_nobody_else_sets() {
        let mut variables = BTreeSet::from([FILE.to_owned()]);
        for key in keys() {
            let variable = key.variable();
            assert!(!is_of_an_orchestrator(&variable), "{variable}");
            assert!(
                variables.insert(variable),
                "{} has none of its own",
                key.full_name()
            );
        }
    }
}
