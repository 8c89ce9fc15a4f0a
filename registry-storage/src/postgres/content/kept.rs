//! Contents: what serves a digest, shared by all repositories.
//!
//! A row is locked or written only where it bears a mark, or serves wrong bytes, or where two first pushes of
//! one digest meet: a layer that everybody has is no point of contention.

use registry_core::{
    Digest,
    backend::{BlobContent, ObjectKey, PutBlob},
};

use crate::postgres::{error::Failure, transaction::Transaction, value::text};

/// What stands of a digest and of the object that is to serve it.
struct Standing {
    /// Whether anything serves the digest, and how.
    served: Option<Served>,
    object: Object,
}

struct Served {
    by: Option<String>,
    quarantined: bool,
    condemned: bool,
}

/// What is known of the object that is given.
enum Object {
    /// Nothing, or there is none.
    New,
    /// It serves this digest.
    Serves,
    /// It was given up, or is kept aside.
    Gone,
}

/// What came of keeping a content.
pub(super) enum Kept {
    /// What was given serves the digest.
    Given,
    /// Something that was there serves it.
    Other,
    /// The object is given up.
    Gone,
}

const STANDING: &str = "SELECT c.digest, c.object, c.quarantined, c.pass IS NOT NULL,
        o.state, s.digest, s.quarantined, q.object IS NOT NULL
    FROM (SELECT 1) one
    LEFT JOIN contents c ON c.digest = $1
    LEFT JOIN objects o ON o.key = $2
    LEFT JOIN contents s ON s.object = $2
    LEFT JOIN quarantine q ON q.object = $2";

impl Transaction<'_> {
    /// Keeps a content that nothing stands against.
    pub(super) async fn keep(&self, command: &PutBlob<'_>) -> Result<Kept, Failure> {
        let (digest, content) = (command.digest, &command.content);
        loop {
            let standing = self.standing(digest, content).await?;
            if matches!(standing.object, Object::Gone) {
                return Ok(Kept::Gone);
            }
            let kept = match standing.served {
                Some(served) if !served.quarantined => {
                    // An object has one write: where it serves, this very command has been here before.
                    let given = matches!(standing.object, Object::Serves)
                        && served.by.as_deref() == object(content);
                    let there = !served.condemned || self.revive_content(digest).await?;
                    there.then_some(if given { Kept::Given } else { Kept::Other })
                }
                Some(_) => self.replace(command).await?,
                None => self.add_content(command).await?,
            };
            // Another came first: what it left is seen by the next statement.
            if let Some(kept) = kept {
                return Ok(kept);
            }
        }
    }

    async fn standing(&self, digest: &Digest, content: &BlobContent) -> Result<Standing, Failure> {
        let key = object(content);
        let row = self
            .one(STANDING, &[digest.as_str().into(), key.into()])
            .await?;
        let row = row.ok_or_else(|| Failure::Unreadable("no answer about a content".to_owned()))?;
        let served = match row.try_get::<_, Option<&str>>(0)? {
            None => None,
            Some(_) => Some(Served {
                by: row.try_get(1)?,
                quarantined: row.try_get(2)?,
                condemned: row.try_get(3)?,
            }),
        };
        let state: Option<&str> = row.try_get(4)?;
        let serves: Option<&str> = row.try_get(5)?;
        let quarantined: Option<bool> = row.try_get(6)?;
        let aside: bool = row.try_get(7)?;
        let object = match (serves, key) {
            (Some(other), Some(key)) if other != digest.as_str() => {
                return Err(Failure::ServesAnother {
                    key: ObjectKey::new(key),
                    digest: text(&row, 5)?,
                });
            }
            (Some(_), _) if quarantined == Some(true) => Object::Gone,
            (Some(_), _) => Object::Serves,
            (None, _) if aside || state.is_some_and(|state| state != "live") => Object::Gone,
            (None, _) => Object::New,
        };
        Ok(Standing { served, object })
    }

    /// Clears the mark of a content that was seen to have one. False where that is not so any more.
    pub(super) async fn revive_content(&self, digest: &Digest) -> Result<bool, Failure> {
        let sql = "UPDATE contents SET pass = NULL
            WHERE digest = $1 AND pass IS NOT NULL AND NOT quarantined";
        Ok(self.run(sql, &[digest.as_str().into()]).await? > 0)
    }

    async fn add_content(&self, command: &PutBlob<'_>) -> Result<Option<Kept>, Failure> {
        let sql = "INSERT INTO contents (digest, size, object, inline) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING";
        self.have_serve(sql, command).await
    }

    /// Has a content serve in the place of one in quarantine, whose object is kept aside.
    async fn replace(&self, command: &PutBlob<'_>) -> Result<Option<Kept>, Failure> {
        let sql = "UPDATE contents
            SET size = $2, object = $3, inline = $4, quarantined = false, pass = NULL
            WHERE digest = $1 AND quarantined";
        self.have_serve(sql, command).await
    }

    async fn have_serve(&self, sql: &str, command: &PutBlob<'_>) -> Result<Option<Kept>, Failure> {
        let content = &command.content;
        let params = [
            command.digest.as_str().into(),
            command.size.cast_signed().into(),
            object(content).into(),
            inline(content).into(),
        ];
        if self.run(sql, &params).await? == 0 {
            return Ok(None);
        }
        let named = match content {
            BlobContent::Object(key) => self.name_object(key, command.since).await?,
            BlobContent::Inline(_) => true,
        };
        Ok(Some(if named { Kept::Given } else { Kept::Gone }))
    }
}

fn object(content: &BlobContent) -> Option<&str> {
    match content {
        BlobContent::Object(key) => Some(key.as_str()),
        BlobContent::Inline(_) => None,
    }
}

fn inline(content: &BlobContent) -> Option<&[u8]> {
    match content {
        BlobContent::Inline(bytes) => Some(bytes),
        BlobContent::Object(_) => None,
    }
}
