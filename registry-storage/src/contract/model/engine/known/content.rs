//! Blobs, manifests and tags.

use super::{Known, Outcome, Verdict};
use crate::contract::model::engine::{
    action::{Condition, Request},
    stage::{Index, MANIFESTS, REPOSITORIES, TAGS},
};

impl Known {
    pub(super) fn learn_of_content(&mut self, request: &Request, outcome: &Outcome) -> Verdict {
        match *request {
            Request::PutBlob { at, blob, wrong } => self.learn_of_put(at, blob, wrong, outcome),
            Request::Mount { from, to, blob } => self.learn_of_mount(from, to, blob, outcome),
            Request::PutManifest {
                at,
                manifest,
                tag,
                condition,
            } => {
                let tag = tag.map(|tag| (tag, condition));
                self.learn_of_push(at, manifest, tag, outcome)
            }
            Request::DeleteBlob { at, blob } => self.learn_of_deleted_blob(at, blob, outcome),
            Request::DeleteManifest { at, manifest } => {
                self.learn_of_deleted_manifest(at, manifest, outcome)
            }
            Request::DeleteTag { at, tag } => self.learn_of_deleted_tag(at, tag, outcome),
            _ => self.learn_of_read(request, outcome),
        }
    }

    fn learn_of_put(&mut self, at: Index, blob: Index, wrong: bool, outcome: &Outcome) -> Verdict {
        match (outcome, wrong) {
            (Outcome::Done, false) => self.put_blob(at, blob),
            (Outcome::Unsure, false) => {
                self.may_have_blob(at, blob);
                Ok(())
            }
            (Outcome::Mismatch | Outcome::Unsure, true) => Ok(()),
            _ => Err(format!(
                "a blob that is wrong ({wrong}) was answered {outcome:?}"
            )),
        }
    }

    /// The caller was told that the blob was stored.
    pub(super) fn put_blob(&mut self, at: Index, blob: Index) -> Verdict {
        self.may_have_blob(at, blob);
        self.blob_is_told(at, blob)
    }

    pub(super) fn may_have_blob(&mut self, at: Index, blob: Index) {
        self.blobs.entry((at, blob)).or_default().may_be_there = true;
    }

    fn learn_of_mount(
        &mut self,
        from: Option<Index>,
        to: Index,
        blob: Index,
        outcome: &Outcome,
    ) -> Verdict {
        let all: Vec<_> = (0..REPOSITORIES.len()).collect();
        let sources = from.map_or(all, |from| vec![from]);
        let may_be_in = |at: &Index| {
            let thing = self.blobs.get(&(*at, blob));
            thing.is_some_and(|thing| thing.may_be_there)
        };
        let possible = sources.iter().any(may_be_in);
        match outcome {
            Outcome::Done if possible => {
                if let Some(from) = from {
                    self.blob_is_there(from, blob)?;
                }
                self.put_blob(to, blob)
            }
            Outcome::Absent => {
                let mut sources = sources.into_iter();
                sources.try_for_each(|at| self.blob_is_absent(at, blob))
            }
            Outcome::Unsure => {
                if possible {
                    self.may_have_blob(to, blob);
                }
                Ok(())
            }
            _ => Err(format!(
                "a mount, possible {possible}, was answered {outcome:?}"
            )),
        }
    }

    fn learn_of_push(
        &mut self,
        at: Index,
        manifest: Index,
        tag: Option<(Index, Condition)>,
        outcome: &Outcome,
    ) -> Verdict {
        let shape = &MANIFESTS[manifest];
        match outcome {
            Outcome::Done => {
                if let Some((tag, condition)) = tag {
                    self.condition_held(at, tag, condition)?;
                }
                self.may_have_manifest(at, manifest);
                self.manifest_is_there(at, manifest)?;
                if let Some((tag, _)) = tag {
                    *self.points(at, tag) = [Some(manifest)].into();
                }
                Ok(())
            }
            Outcome::Missing(blobs, children) if !(blobs.is_empty() && children.is_empty()) => {
                for blob in shape.blobs {
                    match blobs.contains(blob) {
                        true => self.blob_is_absent(at, *blob)?,
                        false => self.blob_is_there(at, *blob)?,
                    }
                }
                let mut children = children.iter();
                children.try_for_each(|child| self.manifest_is_absent(at, *child))
            }
            Outcome::Conflict(current) => match tag {
                Some((tag, condition)) if !condition.holds(*current) => {
                    self.tag_is(at, tag, *current)
                }
                _ => Err(format!(
                    "a push to {tag:?} was refused for its tag at {current:?}"
                )),
            },
            Outcome::Unsure => {
                self.may_have_manifest(at, manifest);
                if let Some((tag, _)) = tag {
                    self.points(at, tag).insert(Some(manifest));
                }
                Ok(())
            }
            _ => Err(format!("a push was answered {outcome:?}")),
        }
    }

    fn may_have_manifest(&mut self, at: Index, manifest: Index) {
        self.manifests
            .entry((at, manifest))
            .or_default()
            .may_be_there = true;
    }

    /// The tag met the condition.
    fn condition_held(&mut self, at: Index, tag: Index, condition: Condition) -> Verdict {
        match condition {
            Condition::Any => Ok(()),
            Condition::Absent => self.tag_is(at, tag, None),
            Condition::Is(manifest) => self.tag_is(at, tag, Some(manifest)),
        }
    }

    fn learn_of_deleted_blob(&mut self, at: Index, blob: Index, outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::Done => {
                self.blob_is_there(at, blob)?;
                if self.keeps((at, blob)) {
                    return Err(format!(
                        "blob {blob} was deleted, which a manifest requires"
                    ));
                }
                self.blobs.entry((at, blob)).or_default().may_be_absent = true;
                self.blob_is_absent(at, blob)
            }
            Outcome::Absent => self.blob_is_absent(at, blob),
            Outcome::RequiredBy(manifest) if MANIFESTS[*manifest].blobs.contains(&blob) => {
                self.manifest_is_there(at, *manifest)
            }
            Outcome::Unsure => {
                if !self.keeps((at, blob)) {
                    self.blobs.entry((at, blob)).or_default().may_be_absent = true;
                }
                Ok(())
            }
            _ => Err(format!("the deletion of a blob was answered {outcome:?}")),
        }
    }

    fn learn_of_deleted_manifest(
        &mut self,
        at: Index,
        manifest: Index,
        outcome: &Outcome,
    ) -> Verdict {
        let mut parents = self.parents(manifest);
        let is_required = parents.any(|parent| self.is_surely_there(at, parent));
        match outcome {
            Outcome::Done if !is_required => {
                self.manifest_is_there(at, manifest)?;
                self.untag(at, manifest, true);
                self.may_have_lost_manifest(at, manifest);
                self.manifest_is_absent(at, manifest)
            }
            Outcome::Absent => self.manifest_is_absent(at, manifest),
            Outcome::RequiredBy(by) if MANIFESTS[*by].children.contains(&manifest) => {
                self.manifest_is_there(at, *by)
            }
            Outcome::Unsure => {
                if !is_required {
                    self.untag(at, manifest, false);
                    self.may_have_lost_manifest(at, manifest);
                }
                Ok(())
            }
            _ => Err(format!(
                "the deletion of a manifest, required {is_required}, was answered {outcome:?}"
            )),
        }
    }

    /// The grace of what it kept begins.
    fn may_have_lost_manifest(&mut self, at: Index, manifest: Index) {
        self.manifests
            .entry((at, manifest))
            .or_default()
            .may_be_absent = true;
        for blob in MANIFESTS[manifest].blobs {
            self.lease(at, *blob);
        }
    }

    /// Tags that may point at the manifest may point nowhere now; surely, they do not point at it.
    fn untag(&mut self, at: Index, manifest: Index, surely: bool) {
        for tag in 0..TAGS.len() {
            let points = self.points(at, tag);
            if points.contains(&Some(manifest)) {
                points.insert(None);
                points.retain(|to| !surely || *to != Some(manifest));
            }
        }
    }

    fn learn_of_deleted_tag(&mut self, at: Index, tag: Index, outcome: &Outcome) -> Verdict {
        let points = self.points(at, tag);
        match outcome {
            Outcome::Done if points.iter().any(Option::is_some) => {
                *points = [None].into();
                Ok(())
            }
            Outcome::Absent => self.tag_is(at, tag, None),
            Outcome::Unsure => {
                points.insert(None);
                Ok(())
            }
            _ => Err(format!(
                "the deletion of a tag that may point at {points:?} was answered {outcome:?}"
            )),
        }
    }

    fn learn_of_read(&mut self, request: &Request, outcome: &Outcome) -> Verdict {
        match (*request, outcome) {
            (_, Outcome::Unsure) => Ok(()),
            (Request::GetBlob { at, blob }, Outcome::Done) => self.blob_is_told(at, blob),
            (Request::GetBlob { at, blob }, Outcome::Absent) => self.blob_is_absent(at, blob),
            (Request::GetManifest { at, manifest }, Outcome::Found(found))
                if *found == manifest =>
            {
                self.manifest_is_there(at, manifest)
            }
            (Request::GetManifest { at, manifest }, Outcome::Absent) => {
                self.manifest_is_absent(at, manifest)
            }
            (Request::GetTag { at, tag }, Outcome::Found(manifest)) => {
                self.tag_is(at, tag, Some(*manifest))
            }
            (Request::GetTag { at, tag }, Outcome::Absent) => self.tag_is(at, tag, None),
            (Request::ListTags { at }, Outcome::Listed(listed)) => {
                (0..TAGS.len()).try_for_each(|tag| self.tag_is_listed(at, tag, listed))
            }
            (Request::ListReferrers { at, subject }, Outcome::Listed(listed)) => {
                let all = 0..MANIFESTS.len();
                let mut about = all.filter(|index| MANIFESTS[*index].subject == Some(subject));
                about.try_for_each(|manifest| match listed.contains(&manifest) {
                    true => self.manifest_is_there(at, manifest),
                    false => self.manifest_is_absent(at, manifest),
                })
            }
            _ => Err(format!("it was answered {outcome:?}")),
        }
    }

    fn tag_is_listed(&mut self, at: Index, tag: Index, listed: &[Index]) -> Verdict {
        if !listed.contains(&tag) {
            return self.tag_is(at, tag, None);
        }
        let points = self.points(at, tag);
        points.remove(&None);
        match points.is_empty() {
            true => Err(format!("tag {tag} is listed, which points nowhere")),
            false => Ok(()),
        }
    }
}

impl Condition {
    fn holds(self, current: Option<Index>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => current.is_none(),
            Self::Is(manifest) => current == Some(manifest),
        }
    }
}
