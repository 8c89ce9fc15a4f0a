//! An embedder's say before something happens.
//!
//! Hooks run outside the transaction, so they may be slow without holding anything up. What they
//! judged (where a tag pointed, say) travels into the transaction as a condition; where it no longer
//! holds, the hooks are asked again about what is there now.

use async_trait::async_trait;

use crate::{caller::Caller, digest::Digest, manifest::Manifest, name::RepositoryName, tag::Tag};

/// Lets something happen, or refuses it with words for the client.
pub type Verdict = Result<(), Veto>;

/// A refusal. The reason is shown to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto {
    /// What was wrong and what to do about it.
    pub reason: String,
}

impl Veto {
    /// Refuses, for this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

/// A manifest about to be stored.
#[derive(Debug)]
pub struct PushIntent<'a> {
    /// Who pushes.
    pub caller: &'a Caller,
    /// Where to.
    pub repository: &'a RepositoryName,
    /// Its digest.
    pub digest: &'a Digest,
    /// The manifest.
    pub manifest: &'a Manifest,
}

/// A tag about to point elsewhere.
#[derive(Debug)]
pub struct TagIntent<'a> {
    /// Who moves it.
    pub caller: &'a Caller,
    /// Where it is.
    pub repository: &'a RepositoryName,
    /// The tag.
    pub tag: &'a Tag,
    /// What it points to now; nothing when it is new.
    pub from: Option<&'a Digest>,
    /// What it will point to.
    pub to: &'a Digest,
}

/// Something about to be deleted.
#[derive(Debug)]
pub struct DeleteIntent<'a> {
    /// Who deletes.
    pub caller: &'a Caller,
    /// Where it is.
    pub repository: &'a RepositoryName,
    /// What goes.
    pub target: DeleteTarget<'a>,
}

/// What a deletion takes away.
#[derive(Clone, Copy, Debug)]
pub enum DeleteTarget<'a> {
    /// A tag, and where it points.
    Tag(&'a Tag, &'a Digest),
    /// A manifest with all its tags.
    Manifest(&'a Digest),
    /// A blob of this repository.
    Blob(&'a Digest),
}

/// May veto a push, a tag move or a delete. Each method lets everything pass unless written.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Before a manifest is stored.
    async fn before_push(&self, _intent: &PushIntent<'_>) -> Verdict {
        Ok(())
    }

    /// Before a tag is set or moved; asked for each tag of a push.
    async fn before_tag(&self, _intent: &TagIntent<'_>) -> Verdict {
        Ok(())
    }

    /// Before a tag, a manifest or a blob is deleted by a caller.
    async fn before_delete(&self, _intent: &DeleteIntent<'_>) -> Verdict {
        Ok(())
    }
}
