//! Hazards 13 and 45: names that a path cannot hold, and listings that scan.

use async_trait::async_trait;
use registry_core::{
    RepositoryName, VisibleSet,
    backend::{ListRepositories, Metadata},
};
use registry_storage::contract::metadata as contract;

use super::{
    assert_caught,
    mutant::{Answer, Mutation, broken},
};

/// Repositories are found by walking directories, in which some names mean something else.
struct WalkedDirectories;

const RESERVED: [&str; 4] = ["blobs", "manifests", "tags", "uploads"];

#[async_trait]
impl Mutation for WalkedDirectories {
    async fn repositories(
        &self,
        inner: &dyn Metadata,
        page: ListRepositories<'_>,
    ) -> Answer<Vec<RepositoryName>> {
        let mut names = inner.repositories(page).await?;
        names.retain(|name| !name.components().any(|part| RESERVED.contains(&part)));
        Ok(names)
    }
}

#[test]
fn hazard_13_names_that_mean_something_in_a_path_are_caught_by_repositories_03() {
    assert_caught(
        contract::repositories_03_names_go_in_byte_order,
        &broken(|_| WalkedDirectories),
        "blobs",
    );
}

/// A page is filtered from all there is.
struct Scan;

#[async_trait]
impl Mutation for Scan {
    async fn repositories(
        &self,
        inner: &dyn Metadata,
        page: ListRepositories<'_>,
    ) -> Answer<Vec<RepositoryName>> {
        let Some(visible) = page.visible else {
            return inner.repositories(page).await;
        };
        let all = ListRepositories {
            limit: usize::MAX,
            visible: None,
            ..page
        };
        let mut shown = Vec::new();
        for name in inner.repositories(all).await? {
            if shown.len() < page.limit && is_in(inner, &name, visible).await? {
                shown.push(name);
            }
        }
        Ok(shown)
    }
}

async fn is_in(inner: &dyn Metadata, name: &RepositoryName, set: &VisibleSet) -> Answer<bool> {
    let by_name = set.namespaces.contains(&name.namespace())
        || set
            .prefixes
            .iter()
            .any(|prefix| name.as_str().starts_with(prefix));
    Ok(by_name || (set.public && inner.facts(name).await?.is_public()))
}

#[test]
fn hazard_45_a_listing_that_scans_is_caught_by_repositories_05() {
    assert_caught(
        contract::repositories_05_a_page_costs_its_length,
        &broken(|_| Scan),
        "a page takes",
    );
}

/// A page is filtered from as many rows as it may have.
struct ScanOfTooLittle;

#[async_trait]
impl Mutation for ScanOfTooLittle {
    async fn repositories(
        &self,
        inner: &dyn Metadata,
        page: ListRepositories<'_>,
    ) -> Answer<Vec<RepositoryName>> {
        let visible = page.visible.cloned().unwrap_or_default();
        let rows = ListRepositories {
            visible: None,
            ..page
        };
        let mut shown = Vec::new();
        for name in inner.repositories(rows).await? {
            if is_in(inner, &name, &visible).await? {
                shown.push(name);
            }
        }
        Ok(shown)
    }
}

#[test]
fn hazard_45_a_page_filtered_from_one_page_is_caught_by_repositories_04() {
    assert_caught(
        contract::repositories_04_only_what_may_be_seen_is_listed,
        &broken(|_| ScanOfTooLittle),
        "",
    );
}
