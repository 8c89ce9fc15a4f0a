//! Conditions of a write, as the engine takes them.

use registry_core::{Digest, Error, Reference, RepositoryName, backend::TagCondition};

use super::Call;
use crate::respond::{Conditions, Failure};

/// The condition on the tags that a request sets or removes.
///
/// What the engine can compare in its transaction is handed to it. A list or `If-Match: *` is first
/// compared with what is there now, which then becomes the condition; so nothing can move in between.
pub(super) async fn for_tag(
    call: &Call<'_>,
    name: &RepositoryName,
    reference: &Reference,
) -> Result<TagCondition, Failure> {
    let conditions = Conditions::of(&call.head.headers);
    if conditions.is_empty() {
        return Ok(TagCondition::Any);
    }
    if conditions.only_absent() {
        return Ok(TagCondition::Absent);
    }
    if let Some(digest) = conditions.only_digest() {
        return Ok(TagCondition::Is(digest));
    }
    let current = current(call, name, reference).await?;
    if !conditions.allow_write(current.as_ref()) {
        return Err(
            current.map_or(Failure::ConditionAbsent, |current| Failure::Condition {
                current,
            }),
        );
    }
    Ok(current.map_or(TagCondition::Absent, TagCondition::Is))
}

/// Compares a request's condition with content that is what its digest says.
pub(super) fn for_digest(call: &Call<'_>, digest: &Digest) -> Result<(), Failure> {
    match Conditions::of(&call.head.headers).allow_write(Some(digest)) {
        true => Ok(()),
        false => Err(Failure::condition(digest)),
    }
}

async fn current(
    call: &Call<'_>,
    name: &RepositoryName,
    reference: &Reference,
) -> Result<Option<Digest>, Failure> {
    let found = match call.shared.registry.open(call.caller, name).pull().await {
        Ok(pull) => pull.stat_manifest(reference).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(manifest) => Ok(Some(manifest.digest)),
        Err(Error::ManifestUnknown(_) | Error::RepositoryUnknown(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
