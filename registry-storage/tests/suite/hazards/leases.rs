//! Work that several do at once.

use std::time::Duration;

use async_trait::async_trait;
use registry_core::backend::{Lease, Metadata};
use registry_storage::contract::metadata as contract;

use super::{
    assert_caught,
    mutant::{Answer, Mutation, broken},
};

/// A lease that is had by whoever takes it.
struct Everybodys;

#[async_trait]
impl Mutation for Everybodys {
    async fn take_lease(&self, _: &dyn Metadata, _: Lease<'_>, _: Duration) -> Answer<bool> {
        Ok(true)
    }
}

/// A lease that outlives its holder for ever.
struct Endless;

#[async_trait]
impl Mutation for Endless {
    async fn take_lease(
        &self,
        inner: &dyn Metadata,
        lease: Lease<'_>,
        _: Duration,
    ) -> Answer<bool> {
        inner
            .take_lease(lease, Duration::from_hours(1_000_000))
            .await
    }
}

#[test]
fn a_lease_that_everybody_has_is_caught_by_leases_01() {
    assert_caught(
        contract::leases_01_one_has_it_and_others_do_not,
        &broken(|_| Everybodys),
        "",
    );
    assert_caught(
        contract::leases_01_of_several_at_once_one_has_it,
        &broken(|_| Everybodys),
        "first",
    );
}

#[test]
fn a_lease_that_does_not_end_is_caught_by_leases_03() {
    assert_caught(
        contract::leases_03_what_is_not_renewed_passes_on,
        &broken(|_| Endless),
        "",
    );
}
