//! What of the catalogue may be seen, as ranges of names.

use std::iter;

use registry_core::{Namespace, VisibleSet};

/// Prefixes of names, of which none begins with another, in byte order.
#[derive(Debug)]
pub(crate) struct Prefixes {
    /// Of names of several components, which are canonical.
    pub(crate) nested: Vec<String>,
    /// Of names of one component.
    pub(crate) bare: Vec<String>,
}

impl Prefixes {
    /// What a set allows besides what is public.
    pub(crate) fn of_set(set: &VisibleSet) -> Self {
        let namespaces = set.namespaces.iter().map(below);
        Self::new(namespaces.chain(set.prefixes.iter().cloned()))
    }

    /// Every name there is.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn all() -> Self {
        Self::new(iter::once(String::new()))
    }

    /// Everything in a namespace.
    pub(crate) fn of_namespace(namespace: &Namespace) -> Self {
        Self::new(iter::once(below(namespace)))
    }

    fn new(canonical: impl Iterator<Item = String>) -> Self {
        let library = below(&Namespace::library());
        let nested = disjoint(canonical.collect());
        let bare = nested.iter().filter_map(|prefix| {
            let rest = prefix.strip_prefix(&library);
            rest.or_else(|| library.starts_with(prefix).then_some(""))
        });
        let bare = disjoint(bare.map(str::to_owned).collect());
        Self { nested, bare }
    }
}

/// How canonical names in a namespace begin.
fn below(namespace: &Namespace) -> String {
    format!("{namespace}/")
}

/// The same names under as few prefixes as will do.
fn disjoint(mut prefixes: Vec<String>) -> Vec<String> {
    prefixes.sort_unstable();
    prefixes.dedup_by(|later, earlier| later.starts_with(earlier.as_str()));
    prefixes
}
