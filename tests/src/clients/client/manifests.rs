//! Manifests and tags.

use super::{
    Client, Result,
    answers::{expect, told, wrong},
};
use crate::clients::{
    content::{Manifest, sha256},
    http::Request,
    ledger::Pending,
    moment::Moment,
};

impl Client {
    /// Pushes a manifest. Answers whether it was taken; where a blob of it may have been collected it
    /// need not be.
    ///
    /// # Errors
    /// Where it is refused for another reason.
    pub fn push_manifest(&mut self, manifest: Manifest, tag: Option<&str>) -> Result<bool> {
        let path = self.path(&format!("manifests/{}", tag.unwrap_or(&manifest.digest)));
        let mut request = Request::with("PUT", &path, &manifest.bytes);
        request.content_type = Some(manifest.media_type);
        let asked = Moment::now();
        let tag = tag.map(str::to_owned);
        let pending = Pending::Manifest(Box::new(manifest.clone()), tag.clone());
        let answer = self.change(pending, request)?;
        if answer.status == 404 {
            let mut blobs = manifest.blobs.iter();
            let excused = blobs.any(|number| self.ledger.may_be_collected(*number, self.grace));
            return excused.then_some(false).ok_or_else(|| {
                wrong(format!(
                    "{path}: {}, and all it refers to is there",
                    told(&answer)
                ))
            });
        }
        expect(&answer, &[201], &path)?;
        self.ledger.manifest_stored(manifest, tag, asked);
        Ok(true)
    }

    /// Deletes a tag that is there.
    ///
    /// # Errors
    /// Where it is not deleted.
    pub fn delete_tag(&mut self, tag: &str) -> Result<()> {
        let path = self.path(&format!("manifests/{tag}"));
        let pending = Pending::DeleteTag(tag.to_owned());
        let answer = self.change(pending, Request::new("DELETE", &path))?;
        expect(&answer, &[202], &path)?;
        self.ledger.tags.remove(tag);
        Ok(())
    }

    /// Deletes a manifest that is there.
    ///
    /// # Errors
    /// Where it is not deleted.
    pub fn delete_manifest(&mut self, digest: &str) -> Result<()> {
        let path = self.path(&format!("manifests/{digest}"));
        let pending = Pending::DeleteManifest(digest.to_owned());
        let asked = Moment::now();
        let answer = self.change(pending, Request::new("DELETE", &path))?;
        if answer.status == 405 && self.ledger.is_child(digest) {
            return Ok(());
        }
        expect(&answer, &[202], &path)?;
        self.ledger.manifest_deleted(digest, asked);
        Ok(())
    }

    /// Reads a manifest by tag or digest. Answers its digest, or None where there is none.
    ///
    /// # Errors
    /// Where its bytes are not those of its digest.
    pub fn read_manifest(&mut self, reference: &str) -> Result<Option<String>> {
        let path = self.path(&format!("manifests/{reference}"));
        let answer = self.ask(Request::new("GET", &path))?;
        expect(&answer, &[200, 404], &path)?;
        if answer.status == 404 {
            return Ok(None);
        }
        let digest = sha256(&answer.body);
        if answer.header("docker-content-digest") != Some(&digest) {
            return Err(wrong(format!("{path}: other bytes than its digest's")));
        }
        Ok(Some(digest))
    }

    /// The tags that the registry lists.
    ///
    /// # Errors
    /// Where it lists none.
    pub fn list_tags(&mut self) -> Result<Vec<String>> {
        let path = self.path("tags/list");
        let answer = self.ask(Request::new("GET", &path))?;
        // A repository is made with the first content.
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        expect(&answer, &[200], &path)?;
        let listed: serde_json::Value = serde_json::from_slice(&answer.body)
            .map_err(|error| wrong(format!("{path}: {error}")))?;
        let tags = listed["tags"].as_array().into_iter().flatten();
        Ok(tags
            .filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect())
    }
}
