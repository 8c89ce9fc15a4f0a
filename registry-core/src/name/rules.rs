//! What people may name what they create.

use serde::{Deserialize, Serialize};

use super::{Namespace, RepositoryName};

/// Rules for names that people create, beyond the OCI grammar.
///
/// They are settings, and they are asked only when something is created: what exists can always be
/// read and removed.
///
/// ```
/// use registry_core::{NamingRules, RepositoryName};
///
/// let name = RepositoryName::parse("t/app")?;
/// assert!(NamingRules::oci().check(&name).is_ok());
/// assert_eq!(
///     NamingRules::managed().check(&name).unwrap_err().to_string(),
///     "the namespace \"t\" is too short: it needs at least 2 characters"
/// );
/// # Ok::<(), registry_core::ParseNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamingRules {
    /// The rule for the namespace.
    pub namespace: ComponentRule,
    /// The rule for every component that follows the namespace.
    pub repository: ComponentRule,
}

/// The rule for one component of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentRule {
    /// The least number of characters.
    pub min_length: usize,
    /// The greatest number of characters.
    pub max_length: usize,
    /// All characters that may occur; `None` leaves it to the OCI grammar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
}

/// A name breaks a naming rule of this registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {part} {component:?} {breach}")]
pub struct NameRuleError {
    part: &'static str,
    component: String,
    breach: Breach,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Breach {
    #[error("is too short: it needs at least {min} characters")]
    TooShort { min: usize },
    #[error("is too long: it may have at most {max} characters")]
    TooLong { max: usize },
    #[error("contains {found:?}: only {allowed:?} may occur in it")]
    Character { found: char, allowed: String },
}

impl NamingRules {
    /// Anything that the OCI grammar allows.
    #[must_use]
    pub fn oci() -> Self {
        Self {
            namespace: ComponentRule::oci(),
            repository: ComponentRule::oci(),
        }
    }

    /// The rules of a registry that people share: a namespace of 2 to 30 lower-case letters, digits,
    /// `-` and `_`; a repository component of 2 to 64 lower-case letters, digits, `-`, `_` and `.`.
    #[must_use]
    pub fn managed() -> Self {
        Self {
            namespace: ComponentRule::new(2, 30, "abcdefghijklmnopqrstuvwxyz0123456789-_"),
            repository: ComponentRule::new(2, 64, "abcdefghijklmnopqrstuvwxyz0123456789-_."),
        }
    }

    /// Checks a whole name: its namespace and every component after it.
    ///
    /// # Errors
    /// Names the component and the first rule that it breaks.
    pub fn check(&self, name: &RepositoryName) -> Result<(), NameRuleError> {
        self.check_namespace(&name.namespace())?;
        name.path()
            .split('/')
            .try_for_each(|component| self.repository.check("repository component", component))
    }

    /// Checks a namespace by itself.
    ///
    /// # Errors
    /// Names the first rule that it breaks.
    pub fn check_namespace(&self, namespace: &Namespace) -> Result<(), NameRuleError> {
        self.namespace.check("namespace", namespace.as_str())
    }
}

impl Default for NamingRules {
    /// The plain OCI grammar.
    fn default() -> Self {
        Self::oci()
    }
}

impl ComponentRule {
    fn oci() -> Self {
        Self {
            min_length: 1,
            max_length: RepositoryName::MAX_LENGTH,
            allowed: None,
        }
    }

    fn new(min_length: usize, max_length: usize, allowed: &str) -> Self {
        Self {
            min_length,
            max_length,
            allowed: Some(allowed.to_owned()),
        }
    }

    fn check(&self, part: &'static str, component: &str) -> Result<(), NameRuleError> {
        let Some(breach) = self.breach(component) else {
            return Ok(());
        };
        Err(NameRuleError {
            part,
            component: component.to_owned(),
            breach,
        })
    }

    fn breach(&self, component: &str) -> Option<Breach> {
        if component.len() < self.min_length {
            return Some(Breach::TooShort {
                min: self.min_length,
            });
        }
        if component.len() > self.max_length {
            return Some(Breach::TooLong {
                max: self.max_length,
            });
        }
        let allowed = self.allowed.as_ref()?;
        let found = component.chars().find(|c| !allowed.contains(*c))?;
        Some(Breach::Character {
            found,
            allowed: allowed.clone(),
        })
    }
}
