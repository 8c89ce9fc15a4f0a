//! Blobs, but for their uploads in parts.

use super::{
    Client, Result,
    answers::{expect, told, wrong},
};
use crate::clients::{
    content::{Blob, sha256},
    http::{Answer, Request},
    ledger::Pending,
    moment::Moment,
};

impl Client {
    /// Pushes a blob with one request.
    ///
    /// # Errors
    /// Where it is not taken.
    pub fn push_blob(&mut self, blob: &Blob) -> Result<()> {
        let path = self.path(&format!("blobs/uploads/?digest={}", blob.digest));
        let asked = Moment::now();
        let request = Request::with("POST", &path, &blob.bytes);
        let answer = self.change(Pending::Blob(blob.number), request)?;
        expect(&answer, &[201], &path)?;
        self.ledger.blob_stored(blob.number, asked);
        Ok(())
    }

    /// Pushes other bytes than the digest's.
    ///
    /// # Errors
    /// Where they are taken.
    pub fn push_wrong(&mut self, blob: &Blob, other: &Blob) -> Result<()> {
        let path = self.path(&format!("blobs/uploads/?digest={}", blob.digest));
        let answer = self.ask(Request::with("POST", &path, &other.bytes))?;
        expect(&answer, &[400], &path)
    }

    /// Mounts a blob from another repository. Answers whether that could be done; where not, it has
    /// begun a session.
    ///
    /// # Errors
    /// Where the answer is something else.
    pub fn mount(&mut self, blob: &Blob, from: &str) -> Result<bool> {
        let path = format!("blobs/uploads/?mount={}&from={from}", blob.digest);
        let path = self.path(&path);
        let asked = Moment::now();
        let answer = self.change(Pending::Blob(blob.number), Request::new("POST", &path))?;
        expect(&answer, &[201, 202], &path)?;
        if answer.status == 201 {
            self.ledger.blob_stored(blob.number, asked);
            return Ok(true);
        }
        self.begun(blob.number, &answer, &path)?;
        Ok(false)
    }

    /// Deletes a blob, unless a manifest requires it.
    ///
    /// # Errors
    /// Where it is not deleted.
    pub fn delete_blob(&mut self, blob: &Blob) -> Result<()> {
        let path = self.path(&format!("blobs/{}", blob.digest));
        let pending = Pending::DeleteBlob(blob.number);
        let answer = self.change(pending, Request::new("DELETE", &path))?;
        if self.ledger.is_referenced(blob.number) {
            return expect(&answer, &[405], &path);
        }
        match answer.status {
            404 if self.ledger.may_be_collected(blob.number, self.grace) => {}
            _ => expect(&answer, &[202], &path)?,
        }
        self.ledger.blob_deleted(blob.number);
        Ok(())
    }

    /// Asks whether a blob is there, which makes it stay.
    ///
    /// # Errors
    /// Where it is not, and has to be.
    pub fn head_blob(&mut self, blob: &Blob) -> Result<()> {
        let path = self.path(&format!("blobs/{}", blob.digest));
        let asked = Moment::now();
        let answer = self.ask(Request::new("HEAD", &path))?;
        self.blob_seen(blob, &answer, asked, &path).map(drop)
    }

    /// Reads a blob. Answers whether it is there.
    ///
    /// # Errors
    /// Where it is not and has to be, or is something else.
    pub fn read_blob(&mut self, blob: &Blob) -> Result<bool> {
        let path = self.path(&format!("blobs/{}", blob.digest));
        let asked = Moment::now();
        let answer = self.ask(Request::new("GET", &path))?;
        let there = self.blob_seen(blob, &answer, asked, &path)?;
        if there && sha256(&answer.body) != blob.digest {
            let (is, should) = (answer.body.len(), blob.bytes.len());
            return Err(wrong(format!("{path}: other bytes ({is}, of {should})")));
        }
        Ok(there)
    }

    fn blob_seen(
        &mut self,
        blob: &Blob,
        answer: &Answer,
        asked: Moment,
        path: &str,
    ) -> Result<bool> {
        let known = self.ledger.blobs.contains_key(&blob.number);
        match answer.status {
            200 if known => {
                self.ledger.blob_stored(blob.number, asked);
                Ok(true)
            }
            404 if !known => Ok(false),
            404 if self.ledger.may_be_collected(blob.number, self.grace) => {
                self.ledger.blobs.remove(&blob.number);
                Ok(false)
            }
            _ if known => Err(wrong(format!(
                "{path}: {}, and it was acknowledged",
                told(answer)
            ))),
            _ => Err(wrong(format!(
                "{path}: {}, and it was never acknowledged",
                told(answer)
            ))),
        }
    }
}
