//! The tails of open uploads, a row for each piece.

use bytes::Bytes;
use registry_core::backend::{Tail, TailChange};

use super::{error::Failure, owned::Session, transaction::Transaction, value::Bits, view::View};

impl View<'_> {
    pub(super) fn tail(&self, upload: i64) -> Result<Tail, Failure> {
        let sql = "SELECT bytes FROM upload_tails WHERE upload = ?1 ORDER BY position";
        let pieces: Vec<Bytes> = self.all(sql, [upload], |row| {
            Ok(Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?))
        })?;
        Ok(pieces.into_iter().collect())
    }
}

impl Transaction<'_> {
    pub(super) fn change_tail(
        &self,
        upload: i64,
        tail: &Tail,
        change: TailChange,
    ) -> Result<(), Failure> {
        let kept = match change {
            TailChange::Append(kept) => kept,
            TailChange::Replace => {
                self.forget_tail(upload)?;
                0
            }
        };
        let more = tail.after(kept);
        if !more.is_empty() {
            // A piece whose commit was not answered is there already.
            let sql = "REPLACE INTO upload_tails (upload, position, bytes) VALUES (?1, ?2, ?3)";
            self.run(sql, (upload, Bits(kept), &*more))?;
        }
        Ok(())
    }

    pub(super) fn forget_tail(&self, upload: i64) -> Result<(), Failure> {
        let sql = "DELETE FROM upload_tails WHERE upload = ?1";
        self.run(sql, [upload]).map(drop)
    }

    pub(super) fn forget_tail_of(&self, session: &Session) -> Result<(), Failure> {
        let sql = "DELETE FROM upload_tails
            WHERE upload = (SELECT id FROM uploads WHERE repository = ?1 AND session = ?2)";
        self.run(sql, (session.repository.as_str(), session.id.as_str()))
            .map(drop)
    }
}
