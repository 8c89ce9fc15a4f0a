//! Tags and referrers.

use registry_core::{Descriptor, Digest, Tag};
use serde::Deserialize;

use super::Repository;
use crate::auth::Scopes;
use crate::pages::{Listing, Pages};

impl Repository {
    /// The tags, page by page.
    #[must_use]
    pub fn tags(&self) -> Pages<Tag> {
        let listing = Listing::new(self.url("tags/list"), Scopes::pull(&self.name));
        Pages::new(self.client.clone(), listing, |body| {
            #[derive(Deserialize)]
            struct TagList {
                tags: Option<Vec<Tag>>,
            }
            let list: TagList = serde_json::from_slice(body)?;
            Ok(list.tags.unwrap_or_default())
        })
    }

    /// The manifests whose subject is `subject`, page by page: all, or those of one artifact type.
    /// A registry without this API is asked for the tag that clients keep in its place.
    #[must_use]
    pub fn referrers(&self, subject: &Digest, artifact_type: Option<&str>) -> Pages<Descriptor> {
        let mut url = self.url(&format!("referrers/{subject}"));
        if let Some(artifact_type) = artifact_type {
            url = url.with_query("artifactType", artifact_type);
        }
        let fallback = self.url(&format!("manifests/{}", referrers_tag(subject)));
        let listing = Listing::new(url, Scopes::pull(&self.name)).or_else(fallback);
        let wanted = artifact_type.map(str::to_owned);
        Pages::new(self.client.clone(), listing, move |body| {
            #[derive(Deserialize)]
            struct Index {
                manifests: Option<Vec<Descriptor>>,
            }
            let index: Index = serde_json::from_slice(body)?;
            let mut manifests = index.manifests.unwrap_or_default();
            // Registries may leave the filter to the client.
            manifests.retain(|manifest| wanted.is_none() || manifest.artifact_type == wanted);
            Ok(manifests)
        })
    }
}

/// The tag under which clients keep the referrers where the registry does not.
fn referrers_tag(subject: &Digest) -> String {
    let algorithm = subject.algorithm().chars().take(32);
    let encoded = subject.encoded().chars().take(64);
    let text = algorithm.chain(['-']).chain(encoded);
    text.map(|c| if is_tag_character(c) { c } else { '-' })
        .collect()
}

fn is_tag_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_referrers_tag_is_cut_and_made_a_tag() {
        let sha512 = Digest::sha512(b"");
        assert_eq!(
            referrers_tag(&sha512),
            format!("sha512-{}", &sha512.encoded()[..64])
        );
        let odd = Digest::parse("multihash+base58:QmRZxt=x").unwrap();
        assert_eq!(referrers_tag(&odd), "multihash-base58-QmRZxt-x");
    }
}
