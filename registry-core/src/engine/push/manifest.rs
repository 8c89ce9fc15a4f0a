//! Pushing a manifest: its bytes, its references and its tags in one transaction.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{Error, Push, Result};
use crate::{
    backend::{
        PutManifest, PutManifestOutcome, ReferenceRow, ReferenceTarget, TagCondition, TagMove,
    },
    descriptor::Descriptor,
    digest::Digest,
    engine::{
        References,
        access::{Access, Permit, under_facts},
        delete::MAX_JUDGEMENTS,
    },
    hooks::{Hooks, PushIntent, TagIntent},
    manifest::Manifest,
    media_type::MediaType,
    reference::Reference,
    tag::Tag,
};

/// A manifest to push.
#[derive(Clone, Debug)]
pub struct ManifestPush<'a> {
    /// The tag to set, or the digest the bytes must have.
    pub reference: &'a Reference,
    /// Further tags to set.
    pub tags: &'a [Tag],
    /// Its type, as the client says.
    pub content_type: Option<&'a MediaType>,
    /// Its bytes.
    pub bytes: Bytes,
    /// Where the tags must point for the push to be done.
    pub condition: TagCondition,
}

/// A manifest that was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedManifest {
    /// Its digest.
    pub digest: Digest,
    /// The manifest it is about.
    pub subject: Option<Digest>,
    /// The tags that point to it now.
    pub tags: Vec<Tag>,
}

/// A manifest understood, before its transaction.
struct Prepared {
    manifest: Manifest,
    digest: Digest,
    descriptor: Descriptor,
    references: Vec<ReferenceRow>,
    tags: Vec<Tag>,
}

impl Push {
    /// Pushes a manifest and sets its tags.
    ///
    /// # Errors
    /// [`Error::ManifestInvalid`] where it is none, [`Error::DigestMismatch`] where it has another
    /// digest, [`Error::ManifestBlobUnknown`] where it refers to what must exist and does not,
    /// [`Error::ConditionFailed`] where a tag points elsewhere, [`Error::Denied`] where a caller who
    /// may only set new tags would move one, [`Error::Vetoed`] by a hook. Nothing is changed then.
    pub async fn put_manifest(&self, push: ManifestPush<'_>) -> Result<PushedManifest> {
        let prepared = self.prepare(&push)?;
        let hooks = self.access.inner.hooks.as_deref();
        if let Some(hooks) = hooks {
            self.ask_about_push(hooks, &prepared).await?;
        }
        for _ in 0..MAX_JUDGEMENTS {
            let moves = self.judge_tags(hooks, &prepared, &push.condition).await?;
            match self.store(&prepared, moves).await? {
                PutManifestOutcome::Stored => return Ok(self.pushed(prepared)),
                PutManifestOutcome::RepositoryAbsent => return Err(self.access.unknown()),
                PutManifestOutcome::Missing(digests) => {
                    return Err(Error::ManifestBlobUnknown(digests));
                }
                // A tag moved while a hook judged it: it is asked again.
                PutManifestOutcome::TagConflict { .. }
                    if hooks.is_some() && self.may_move(&push.condition) => {}
                PutManifestOutcome::TagConflict { tag, current } => {
                    return Err(conflict(&push.condition, tag, current));
                }
            }
        }
        Err(Error::Unavailable(
            "the tags keep moving: try again".to_owned(),
        ))
    }

    fn prepare(&self, push: &ManifestPush<'_>) -> Result<Prepared> {
        let settings = &self.access.inner.settings;
        let manifest =
            Manifest::parse_with(&settings.manifest, push.content_type, push.bytes.clone())?;
        let digest = self.verified_digest(push)?;
        let tags = requested_tags(push, settings.max_tags_per_push)?;
        let references = references(&manifest, settings.references);
        let descriptor = describe(&manifest, &digest);
        Ok(Prepared {
            manifest,
            digest,
            descriptor,
            references,
            tags,
        })
    }

    fn verified_digest(&self, push: &ManifestPush<'_>) -> Result<Digest> {
        let Reference::Digest(expected) = push.reference else {
            return Ok(Digest::sha256(&push.bytes));
        };
        let algorithm = expected.algorithm();
        let actual = self.access.inner.algorithms.digest(algorithm, &push.bytes);
        let actual = actual.ok_or_else(|| Error::DigestUnsupported(algorithm.to_owned()))?;
        if actual == *expected {
            return Ok(actual);
        }
        Err(Error::DigestMismatch {
            expected: expected.clone(),
            actual,
        })
    }

    async fn ask_about_push(&self, hooks: &dyn Hooks, prepared: &Prepared) -> Result<()> {
        let Access { caller, name, .. } = &self.access;
        let Prepared {
            digest, manifest, ..
        } = prepared;
        let intent = PushIntent {
            caller,
            repository: name,
            digest,
            manifest,
        };
        hooks
            .before_push(&intent)
            .await
            .map_err(|veto| Error::Vetoed(veto.reason))
    }

    /// Each tag with its condition: what the request asks for, what a right to create only allows,
    /// and what a hook judged.
    async fn judge_tags(
        &self,
        hooks: Option<&dyn Hooks>,
        prepared: &Prepared,
        asked: &TagCondition,
    ) -> Result<Vec<TagMove>> {
        let mut moves = Vec::with_capacity(prepared.tags.len());
        for tag in &prepared.tags {
            let mut condition = self.permitted(asked, tag, &prepared.digest)?;
            if let Some(hooks) = hooks {
                condition = self
                    .judge_tag(hooks, tag, &prepared.digest, condition)
                    .await?;
            }
            moves.push(TagMove {
                tag: tag.clone(),
                condition,
            });
        }
        Ok(moves)
    }

    /// A right to create only leaves no condition under which a tag would move.
    fn permitted(&self, asked: &TagCondition, tag: &Tag, to: &Digest) -> Result<TagCondition> {
        match asked {
            TagCondition::Any if self.permit.create_only => Ok(TagCondition::Unmoved),
            TagCondition::Is(current) if self.permit.create_only && current != to => {
                Err(may_not_move(tag))
            }
            condition => Ok(condition.clone()),
        }
    }

    fn may_move(&self, asked: &TagCondition) -> bool {
        *asked == TagCondition::Any && !self.permit.create_only
    }

    async fn judge_tag(
        &self,
        hooks: &dyn Hooks,
        tag: &Tag,
        to: &Digest,
        condition: TagCondition,
    ) -> Result<TagCondition> {
        let from = self.current(tag).await?;
        let holds = match &condition {
            TagCondition::Any => true,
            TagCondition::Absent => from.is_none(),
            TagCondition::Is(digest) => from.as_ref() == Some(digest),
            TagCondition::Unmoved => from.as_ref().is_none_or(|from| from == to),
        };
        if !holds {
            return Ok(condition);
        }
        let Access { caller, name, .. } = &self.access;
        let intent = TagIntent {
            caller,
            repository: name,
            tag,
            from: from.as_ref(),
            to,
        };
        hooks
            .before_tag(&intent)
            .await
            .map_err(|veto| Error::Vetoed(veto.reason))?;
        Ok(from.map_or(TagCondition::Absent, TagCondition::Is))
    }

    async fn current(&self, tag: &Tag) -> Result<Option<Digest>> {
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let reference = Reference::Tag(tag.clone());
        let record = under_facts!(access, permit =>
            metadata.manifest(access.scope(permit), &reference));
        Ok(record.map(|record| record.digest))
    }

    /// The transaction. Where facts changed meanwhile the decision is made again; should it then
    /// allow new tags only, the push begins anew with those conditions.
    async fn store(&self, prepared: &Prepared, moves: Vec<TagMove>) -> Result<PutManifestOutcome> {
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let Prepared {
            manifest,
            digest,
            descriptor,
            references,
            ..
        } = prepared;
        let command = |permit: Permit| PutManifest {
            scope: access.scope(permit),
            digest,
            media_type: manifest.media_type(),
            bytes: manifest.bytes().clone(),
            subject: manifest.subject().map(|subject| &subject.digest),
            descriptor,
            references,
            tags: &moves,
            create: access.inner.settings.create,
            origin: access.origin(),
        };
        let narrowed = |permit: Permit| permit.create_only && !self.permit.create_only;
        Ok(under_facts!(access, permit => async {
            if narrowed(permit) {
                return Err(Error::Denied("your rights changed meanwhile: try again".to_owned()));
            }
            Ok(metadata.put_manifest(command(permit)).await?)
        }))
    }

    fn pushed(&self, prepared: Prepared) -> PushedManifest {
        self.access.inner.changed.ring();
        let subject = prepared
            .manifest
            .subject()
            .map(|subject| subject.digest.clone());
        PushedManifest {
            digest: prepared.digest,
            subject,
            tags: prepared.tags,
        }
    }
}

fn requested_tags(push: &ManifestPush<'_>, limit: usize) -> Result<Vec<Tag>> {
    let named = push.reference.tag().into_iter();
    let mut seen = BTreeSet::new();
    let tags: Vec<Tag> = named
        .chain(push.tags)
        .filter(|tag| seen.insert(*tag))
        .cloned()
        .collect();
    if tags.len() > limit {
        Err(Error::TooManyTags { limit })
    } else {
        Ok(tags)
    }
}

/// What the manifest refers to, each once.
fn references(manifest: &Manifest, rule: References) -> Vec<ReferenceRow> {
    let blobs = manifest.blobs().map(|blob| {
        let elsewhere = blob.media_type.is_nondistributable() || !blob.urls.is_empty();
        let required = rule != References::Sparse && !elsewhere;
        ReferenceRow {
            target: ReferenceTarget::Blob,
            digest: blob.digest.clone(),
            required,
        }
    });
    let children = manifest.manifests().iter().map(|child| {
        let required = rule == References::Strict && child.urls.is_empty();
        ReferenceRow {
            target: ReferenceTarget::Manifest,
            digest: child.digest.clone(),
            required,
        }
    });
    let mut rows: Vec<ReferenceRow> = blobs.chain(children).collect();
    // Of the same reference twice the one that requires it comes first and stays.
    rows.sort_by(|a, b| {
        (a.target, &a.digest, !a.required).cmp(&(b.target, &b.digest, !b.required))
    });
    rows.dedup_by(|a, b| (a.target, &a.digest) == (b.target, &b.digest));
    rows
}

/// How referrers of its subject show it; the annotations of a manifest without one are shown nowhere.
fn describe(manifest: &Manifest, digest: &Digest) -> Descriptor {
    let size = manifest.bytes().len() as u64;
    let mut descriptor = Descriptor::new(manifest.media_type().clone(), digest.clone(), size);
    descriptor.artifact_type = manifest.artifact_type().map(str::to_owned);
    if manifest.subject().is_some() {
        descriptor.annotations = manifest.annotations().clone();
    }
    descriptor
}

fn conflict(asked: &TagCondition, tag: Tag, current: Option<Digest>) -> Error {
    match asked {
        TagCondition::Any => may_not_move(&tag),
        _ => Error::ConditionFailed { tag, current },
    }
}

fn may_not_move(tag: &Tag) -> Error {
    Error::Denied(format!("tag {tag} exists, and you may only set new ones"))
}
