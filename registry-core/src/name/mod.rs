//! Names of repositories and namespaces.
//!
//! A name is an OCI name, nothing more: what people may create is a second, configurable question
//! ([`NamingRules`]), so that content which got in under other rules can always be read and removed.
//! Components such as `blobs`, `manifests` or `tags` are names like any other.

mod error;
mod grammar;
mod namespace;
mod repository;
mod rules;
#[cfg(test)]
mod tests;

pub use self::error::ParseNameError;
pub use self::namespace::Namespace;
pub use self::repository::RepositoryName;
pub use self::rules::{ComponentRule, NameRuleError, NamingRules};
