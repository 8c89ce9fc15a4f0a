//! What is not as it should be.

use crate::{backend::ObjectKey, digest::Digest, name::RepositoryName};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The bytes of a blob are not those of its digest.
    #[error("blob {digest} is corrupt{}{}", held(.object.as_ref()), sight(*.quarantined))]
    CorruptBlob {
        /// Its digest.
        digest: Digest,
        /// The object that holds it; none where the metadata does.
        object: Option<ObjectKey>,
        /// Whether it was taken out of sight, so that the next push heals it.
        quarantined: bool,
    },
    /// The object of a blob is not there.
    #[error("blob {digest} is gone: there is no {object}{}", sight(*.quarantined))]
    AbsentBlob {
        /// Its digest.
        digest: Digest,
        /// The object that should hold it.
        object: ObjectKey,
        /// Whether it was given up, so that the next push heals it.
        quarantined: bool,
    },
    /// A blob could not be read. That says nothing of its bytes.
    #[error("blob {digest} cannot be read: {error}")]
    UnreadableBlob {
        /// Its digest.
        digest: Digest,
        /// What the store says.
        error: String,
    },
    /// The bytes of a manifest are not those of its digest. A push of it heals it.
    #[error("manifest {repository}@{digest} is corrupt: push it again")]
    CorruptManifest {
        /// Where.
        repository: RepositoryName,
        /// Which.
        digest: Digest,
    },
    /// What a manifest requires is not there.
    #[error("manifest {repository}@{digest} lacks {missing}: push that again")]
    Missing {
        /// Where.
        repository: RepositoryName,
        /// The manifest.
        digest: Digest,
        /// What it lacks.
        missing: Digest,
    },
}

fn held(object: Option<&ObjectKey>) -> String {
    object.map_or(String::new(), |key| format!(", in {key}"))
}

fn sight(quarantined: bool) -> &'static str {
    match quarantined {
        true => "; it is out of sight until it is pushed again",
        false => "",
    }
}
