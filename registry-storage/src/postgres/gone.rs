//! Keys whose objects are deleted: known for as long as a command that names one may come, and forgotten then.

use std::time::Duration;

use registry_core::backend::{MetadataError, NAMED_WITHIN, ObjectKey};

use super::{
    PostgresMetadata,
    objects::texts,
    value::{limit, millis},
};

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// They stay: code before the fourth version may be at work, whose commands do not say when they began.
    Stay,
    /// They are forgotten when nobody can name them any more.
    Forgotten,
}

/// The first version whose commands say when they began.
const DATED: i64 = 4;

/// From the deletion on. A writer that began before it may name the key for half of this; the other half is for clocks
/// that differ where one database takes over from another, and for a statement that takes its time.
const KNOWN_FOR: Duration = NAMED_WITHIN.saturating_mul(2);

/// Keys that a statement forgets at most, or twice as many as it is told of where that is more: so they do not pile up.
const AT_ONCE: usize = 100;

const KEEP: &str = "UPDATE objects SET state = 'gone' WHERE key = ANY ($1) AND state = 'doomed'";

const FORGET: &str = "WITH deleted AS (
        UPDATE objects SET state = 'gone' WHERE key = ANY ($1) AND state = 'doomed' RETURNING key),
    noted AS (INSERT INTO gone_objects (key, since) SELECT key, registry_now() FROM deleted
        ON CONFLICT (key) DO UPDATE SET since = excluded.since),
    old AS (SELECT key FROM gone_objects
        WHERE since < (SELECT registry_now()) - $2 AND key <> ALL ($1)
        ORDER BY since, key LIMIT $3 FOR UPDATE SKIP LOCKED),
    forgotten AS (DELETE FROM gone_objects WHERE key = ANY (ARRAY(SELECT key FROM old)))
    DELETE FROM objects WHERE key = ANY (ARRAY(SELECT key FROM old)) AND state = 'gone'";

impl Gone {
    /// Beside code as old as this.
    pub(super) fn beside(oldest: i64) -> Self {
        match oldest {
            DATED.. => Self::Forgotten,
            _ => Self::Stay,
        }
    }
}

impl PostgresMetadata {
    /// The objects of these keys are deleted. Some of those are forgotten for which that is long ago.
    pub(super) async fn forget_deleted(&self, keys: &[ObjectKey]) -> Result<(), MetadataError> {
        let most = AT_ONCE.max(2 * keys.len());
        let keys = texts(keys).into();
        let done = match self.gone {
            Gone::Stay => self.write(KEEP, &[keys]).await,
            Gone::Forgotten => {
                let params = [keys, millis(KNOWN_FOR).into(), limit(most).into()];
                self.write(FORGET, &params).await
            }
        };
        done.map(drop)
    }
}
