//! Where everything is kept.

use std::path::PathBuf;

use registry_core::Settings;
use registry_storage::Durability;

use crate::config::{
    Bytes,
    choice::choice,
    declaration::{Flag, section},
};

section! {
    /// Where everything is kept.
    Storage = "storage" {
        /// The directory to keep everything in; it is made if it is not there. One server at a time has it.
        path: PathBuf = "registry-data".into(), Flag::value("data", "DIR");

        /// What an answer is worth.
        durability: Durability = Durability::Strict, Flag::means("relaxed", "relaxed", RELAXED);

        /// Blobs of at most this size are kept in the database, beside manifests: pushing one is then one transaction.
        inline: Bytes = Settings::default().inline_limit.into();

        /// Write down beside the content what the database knows, a moment after each change, so that `registry repair --rebuild` can make the database again should it be lost. It takes the size of the database a few times over.
        journal: bool = true;

        /// Keep everything in memory instead; it is gone when the server stops.
        memory: bool = false, Flag::on("memory");
    }
}

const RELAXED: &str = "Answer before what was pushed is on the disk. A crash of this program loses nothing \
    even so; after a crash of the system or a power cut the last half minute or so may be missing or wrong. \
    For caches and tests";

choice! {
    Durability {
        Strict = "strict": "what was pushed is on the disk before the answer",
        Relaxed = "relaxed": "the answer comes before that: a crash of the program loses nothing even so, but after \
            a crash of the system or a power cut the last half minute or so may be missing or wrong; for caches and \
            tests",
    }
}
