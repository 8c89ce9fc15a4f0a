//! Reads, and what the model foretells of them.

use registry_core::{
    Event, RawDescriptor, Reference, RepositoryName, Visibility,
    backend::{ListRepositories, ReferrersPage},
};

use super::{Answered, Client, checked, texts, uploads::stand};
use crate::contract::model::metadata::{
    action::Read,
    stage::{self, Index},
    world::Answer,
};

impl Client {
    /// Reads, with the facts that it remembers.
    pub(in super::super) async fn read(&mut self, read: &Read) -> Answered {
        match *read {
            Read::Blob(..) | Read::Manifest(..) | Read::Tagged(..) | Read::Tags(_) => {
                self.read_content(read).await
            }
            Read::Referrers(at, subject) => self.read_referrers(at, subject).await,
            Read::Namespace(_) | Read::Repository(_) | Read::Repositories => {
                self.read_places(read).await
            }
            Read::Holders(blob) => {
                let all = self
                    .metadata
                    .holders(&stage::blob(blob), None, None, 100)
                    .await?;
                Ok(Answer::Places(all.iter().map(place).collect()))
            }
            Read::Upload(at, id) => {
                let state = self.metadata.upload(self.session(at, id).key()).await?;
                Ok(Answer::Upload(state.map(stand)))
            }
            Read::Pending => {
                let changes = self.metadata.pending(10_000).await?;
                self.pending = changes.iter().map(|change| change.id).collect();
                let told = changes.into_iter().map(|change| change.event);
                let told = told.filter(is_foretold).map(|event| format!("{event:?}"));
                let mut told: Vec<_> = told.collect();
                told.sort();
                Ok(Answer::Events(told))
            }
            Read::Doomed => {
                let doomed = self.metadata.doomed(10_000).await?;
                self.doomed = texts(doomed.into_iter().map(|doomed| doomed.key));
                Ok(Answer::Keys(self.doomed.iter().cloned().collect()))
            }
            Read::Pulls(at, tag) => {
                let tag = tag.map(stage::tag_at);
                let name = stage::repository(at);
                self.metadata
                    .pulls(&name, tag.as_ref())
                    .await
                    .map(Answer::Count)
            }
        }
    }

    async fn read_places(&self, read: &Read) -> Answered {
        match *read {
            Read::Namespace(at) => {
                let name = stage::repository(at).namespace();
                let record = self.metadata.namespace(&name).await?;
                Ok(Answer::Namespace(record.map(|found| found.settings.into())))
            }
            Read::Repository(at) => {
                let record = self.metadata.repository(&stage::repository(at)).await?;
                let own = record.map(|found| found.visibility);
                let is_public = |visibility| visibility == Visibility::Public;
                Ok(Answer::Repository(own.map(|own| own.map(is_public))))
            }
            _ => {
                let page = ListRepositories {
                    after: None,
                    limit: 100,
                    visible: Some(&stage::visible()),
                };
                let shown = self.metadata.repositories(page).await?;
                Ok(Answer::Places(shown.iter().map(place).collect()))
            }
        }
    }

    async fn read_content(&self, read: &Read) -> Answered {
        match *read {
            Read::Blob(at, blob) => {
                let name = stage::repository(at);
                let scope = self.scope(at, &name);
                let record = self.metadata.blob(scope, &stage::blob(blob)).await;
                checked(record, |record| {
                    let record =
                        record.map(|found| (stage::key_of(&found.content), found.condemned));
                    Answer::Blob(record)
                })
            }
            Read::Manifest(at, manifest) => {
                self.resolve(at, stage::manifest(manifest).into()).await
            }
            Read::Tagged(at, tag) => self.resolve(at, stage::tag_at(tag).into()).await,
            Read::Tags(at) => {
                let name = stage::repository(at);
                let tags = self.metadata.tags(self.scope(at, &name), None, 100).await;
                checked(tags, |tags| {
                    let places = (0..stage::TAGS.len())
                        .filter(|index| tags.contains(&stage::tag_at(*index)));
                    Answer::Places(places.collect())
                })
            }
            _ => Ok(Answer::Done),
        }
    }

    async fn resolve(&self, at: Index, reference: Reference) -> Answered {
        let name = stage::repository(at);
        let scope = self.scope(at, &name);
        let record = self.metadata.manifest(scope, &reference).await;
        checked(record, |record| {
            let found = record.map(|found| (stage::manifest_of(&found.digest), found.condemned));
            Answer::Manifest(found)
        })
    }

    async fn read_referrers(&self, at: Index, subject: Index) -> Answered {
        let name = stage::repository(at);
        let page = ReferrersPage {
            subject: &stage::manifest(subject),
            artifact_type: None,
            after: None,
            limit: 100,
        };
        let referrers = self.metadata.referrers(self.scope(at, &name), page).await;
        checked(referrers, |referrers| {
            let read = |raw: &RawDescriptor| raw.read().expect("a descriptor").digest;
            let digests = referrers.iter().map(read);
            let mut places: Vec<_> = digests.map(|digest| stage::manifest_of(&digest)).collect();
            places.sort_unstable();
            Answer::Places(places)
        })
    }
}

/// What the model tells as well: whether a blob that was linked before is told again, and a tag that
/// did not move, the guarantees leave open.
fn is_foretold(event: &Event) -> bool {
    match event {
        Event::Tagged { from, to, .. } => from.as_ref() != Some(to),
        Event::NamespaceVisibilityChanged { .. }
        | Event::RepositoryVisibilityChanged { .. }
        | Event::BlobPushed { .. }
        | Event::BlobMounted { .. } => false,
        _ => true,
    }
}
fn place(name: &RepositoryName) -> Index {
    let place = (0..stage::REPOSITORIES.len()).find(|at| stage::repository(*at) == *name);
    place.expect("a repository that was made")
}
