//! All blobs there are, made once.

use std::sync::{Arc, OnceLock};

use super::{content::Blob, random::Random};

/// Blobs that everybody pushes, so that content is shared, comes back, and is mounted.
const SHARED: u64 = 80;

/// Blobs that one client alone pushes.
const OWN: u64 = 40;

/// Of so many shared blobs one is large, where there are large ones.
const ONE_LARGE: u64 = 20;

/// Blobs by number.
#[derive(Debug)]
pub struct Library {
    blobs: Vec<OnceLock<Arc<Blob>>>,
    large: bool,
}

impl Library {
    /// One for so many clients.
    #[must_use]
    pub fn new(clients: u64) -> Self {
        let blobs = SHARED + clients * OWN;
        Self {
            blobs: (0..blobs).map(|_| OnceLock::new()).collect(),
            large: false,
        }
    }

    /// One in which some of the blobs that everybody pushes are of several parts.
    #[must_use]
    pub fn with_large(clients: u64) -> Self {
        Self {
            large: true,
            ..Self::new(clients)
        }
    }

    /// The numbers of a client's blobs.
    pub fn numbers(client: u64) -> impl Iterator<Item = u64> {
        let own = SHARED + client * OWN;
        (0..SHARED).chain(own..own + OWN)
    }

    /// The number of one of a client's blobs.
    #[must_use]
    pub fn any(client: u64, random: &mut Random) -> u64 {
        match random.below(SHARED + OWN) {
            shared if shared < SHARED => shared,
            own => own + client * OWN,
        }
    }

    /// A blob.
    ///
    /// # Panics
    /// Where nobody has such a blob.
    #[must_use]
    pub fn blob(&self, number: u64) -> Arc<Blob> {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let large = self.large && number < SHARED && number.is_multiple_of(ONE_LARGE);
        let blob = || match large {
            true => Blob::large(number),
            false => Blob::of(number),
        };
        Arc::clone(self.blobs[place].get_or_init(|| Arc::new(blob())))
    }
}
