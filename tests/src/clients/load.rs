//! What a client does all day.

use std::sync::Arc;

use super::{
    client::{Client, Result},
    content::{Blob, Manifest},
    library::Library,
    random::Random,
};

/// Tags of a repository.
const TAGS: u64 = 12;

/// Manifests of a repository, about.
const MANIFESTS: usize = 30;

/// Sessions that are open at once.
const SESSIONS: usize = 3;

/// A client's work: which of what it does comes next is decided by its seed.
#[derive(Debug)]
pub struct Load {
    /// The client's number.
    pub number: u64,
    /// How many clients there are.
    pub clients: u64,
    /// What there is to push.
    pub library: Arc<Library>,
    /// What comes next.
    pub random: Random,
}

impl Load {
    /// Does one thing.
    ///
    /// # Errors
    /// Where the client cannot go on.
    pub fn step(&mut self, client: &mut Client) -> Result<()> {
        let crowded = client.ledger.manifests.len() > MANIFESTS;
        match self.random.below(100) {
            0..30 if !crowded => self.push_image(client),
            0..38 => self.delete_manifest(client),
            38..43 => self.push_index(client),
            43..48 => self.delete_tag(client),
            48..54 => self.delete_blob(client),
            54..74 => self.go_on(client),
            74..78 => self.head(client),
            78..82 => self.mount(client).map(drop),
            82..84 => self.push_wrong(client),
            84..94 => self.pull(client),
            _ => self.push_any(client).map(drop),
        }
    }

    /// Finishes or cancels everything that is open.
    ///
    /// # Errors
    /// Where the client cannot go on.
    pub fn settle(&mut self, client: &mut Client) -> Result<()> {
        while !client.ledger.sessions.is_empty() {
            client.find(0)?;
            match self.random.chance(70) {
                true => self.finish(client, 0)?,
                false => client.cancel(0)?,
            }
        }
        Ok(())
    }

    /// Ends what is open and deletes everything: manifests when nothing lists them any more, and some of
    /// the blobs, so that others are left to collection.
    ///
    /// # Errors
    /// Where the client cannot go on.
    pub fn clear(&mut self, client: &mut Client) -> Result<()> {
        self.settle(client)?;
        while !client.ledger.manifests.is_empty() {
            let manifests: Vec<_> = client.ledger.manifests.keys().cloned().collect();
            for digest in manifests {
                if !client.ledger.is_child(&digest) {
                    client.delete_manifest(&digest)?;
                }
            }
        }
        let blobs: Vec<_> = client.ledger.blobs.keys().copied().collect();
        for number in blobs {
            if self.random.chance(50) {
                client.delete_blob(&self.library.blob(number))?;
            }
        }
        Ok(())
    }

    fn blob(&mut self) -> Arc<Blob> {
        let number = Library::any(self.number, &mut self.random);
        self.library.blob(number)
    }

    fn tag(&mut self) -> String {
        format!("t{}", self.random.below(TAGS))
    }

    fn push_image(&mut self, client: &mut Client) -> Result<()> {
        let mut blobs = Vec::new();
        for _ in 0..=self.random.below(3) {
            blobs.push(Blob::clone(&*self.push_any(client)?));
        }
        let manifests: Vec<_> = client.ledger.manifests.values().collect();
        let subject = match self.random.chance(20) {
            true => self.random.pick(&manifests).copied(),
            false => None,
        };
        let image = Manifest::image(&blobs, subject, self.random.below(3));
        let tag = self.random.chance(80).then(|| self.tag());
        client.push_manifest(image, tag.as_deref()).map(drop)
    }

    fn push_index(&mut self, client: &mut Client) -> Result<()> {
        let manifests: Vec<_> = client.ledger.manifests.values().collect();
        let children: Vec<_> = (0..2)
            .filter_map(|_| self.random.pick(&manifests).copied())
            .collect();
        let index = Manifest::index(&children, self.random.below(3));
        let tag = self.tag();
        client.push_manifest(index, Some(&tag)).map(drop)
    }

    /// Pushes a blob that is not there, in one of the ways there are.
    fn push_any(&mut self, client: &mut Client) -> Result<Arc<Blob>> {
        let blob = self.blob();
        let there = client.ledger.blobs.contains_key(&blob.number);
        match self.random.below(10) {
            0..4 if there => client.head_blob(&blob)?,
            0..6 => client.push_blob(&blob)?,
            6..8 => {
                client.begin(blob.number)?;
                self.finish(client, client.ledger.sessions.len() - 1)?;
            }
            _ => {
                client.begin(blob.number)?;
                let session = client.ledger.sessions.len() - 1;
                self.patch(client, session)?;
                self.finish(client, session)?;
            }
        }
        Ok(blob)
    }

    /// Begins a session or goes on with one that is open.
    fn go_on(&mut self, client: &mut Client) -> Result<()> {
        let open = client.ledger.sessions.len();
        if open == 0 || (open < SESSIONS && self.random.chance(30)) {
            let blob = self.blob();
            return client.begin(blob.number);
        }
        let session = usize::try_from(self.random.below(open as u64)).unwrap_or_default();
        match self.random.below(20) {
            0..9 => self.patch(client, session),
            9..14 => self.break_off(client, session),
            14..16 => self.finish(client, session),
            16 => client.cancel(session),
            17 => {
                let other = self.blob();
                match other.number == client.ledger.sessions[session].number {
                    true => Ok(()),
                    false => client.finish_wrong(session, &other),
                }
            }
            _ => client.find(session).map(drop),
        }
    }

    fn patch(&mut self, client: &mut Client, session: usize) -> Result<()> {
        let (blob, end) = self.part(client, session);
        client.patch(session, &blob, end)
    }

    fn break_off(&mut self, client: &mut Client, session: usize) -> Result<()> {
        let (blob, end) = self.part(client, session);
        client.break_off(session, &blob, end)?;
        client.find(session).map(drop)
    }

    /// Up to where a session's next part goes. An offset of one byte cannot be told from none.
    fn part(&mut self, client: &Client, session: usize) -> (Arc<Blob>, u64) {
        let session = &client.ledger.sessions[session];
        let blob = self.library.blob(session.number);
        let left = blob.bytes.len() as u64 - session.acknowledged;
        let end = session.acknowledged + self.random.below(left + 1);
        (blob, if end == 1 { 0 } else { end })
    }

    fn finish(&mut self, client: &mut Client, session: usize) -> Result<()> {
        let blob = self.library.blob(client.ledger.sessions[session].number);
        client.finish(session, &blob)
    }

    fn push_wrong(&mut self, client: &mut Client) -> Result<()> {
        let (blob, other) = (self.blob(), self.blob());
        match blob.number == other.number {
            true => Ok(()),
            false => client.push_wrong(&blob, &other),
        }
    }

    fn mount(&mut self, client: &mut Client) -> Result<bool> {
        let blob = self.blob();
        let from = repository(self.random.below(self.clients));
        client.mount(&blob, &from)
    }

    fn head(&mut self, client: &mut Client) -> Result<()> {
        let blob = self.blob();
        client.head_blob(&blob)
    }

    /// Reads a tag and all that it needs.
    fn pull(&mut self, client: &mut Client) -> Result<()> {
        let tags: Vec<_> = client.ledger.tags.keys().cloned().collect();
        let Some(tag) = self.random.pick(&tags) else {
            return Ok(());
        };
        super::checks::check_tag(client, tag)?;
        let manifest = client
            .ledger
            .tags
            .get(tag)
            .and_then(|digest| client.ledger.manifests.get(digest));
        for number in manifest
            .map(|manifest| manifest.blobs.clone())
            .unwrap_or_default()
        {
            client.read_blob(&self.library.blob(number))?;
        }
        Ok(())
    }

    fn delete_tag(&mut self, client: &mut Client) -> Result<()> {
        let tags: Vec<_> = client.ledger.tags.keys().cloned().collect();
        self.random
            .pick(&tags)
            .map_or(Ok(()), |tag| client.delete_tag(tag))
    }

    fn delete_manifest(&mut self, client: &mut Client) -> Result<()> {
        let manifests: Vec<_> = client.ledger.manifests.keys().cloned().collect();
        self.random
            .pick(&manifests)
            .map_or(Ok(()), |digest| client.delete_manifest(digest))
    }

    fn delete_blob(&mut self, client: &mut Client) -> Result<()> {
        let blobs: Vec<_> = client.ledger.blobs.keys().copied().collect();
        let Some(number) = self.random.pick(&blobs) else {
            return Ok(());
        };
        client.delete_blob(&self.library.blob(*number))
    }
}

/// The repository of a client.
#[must_use]
pub fn repository(client: u64) -> String {
    format!("crash/client{client}")
}
