//! What readers and fetches of a cache share.

use std::{
    collections::HashMap,
    fmt::Display,
    io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use registry_core::backend::{ObjectRead, StoreError};
use tokio::sync::watch;

use super::{
    fetch::Fetch,
    frames::{Frames, length_of},
    place::{Kept, Name, Place},
    queue::Queue,
};

/// What a cache has done since it was opened, and what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheFigures {
    /// Reads of what was kept.
    pub hits: u64,
    /// Reads that followed a fetch that another one had begun.
    pub followed: u64,
    /// Reads that began a fetch.
    pub misses: u64,
    /// Reads that passed to the store: ranges of what was not kept, and what is too large to be.
    pub passed: u64,
    /// Bytes that readers had from the disk.
    pub served_bytes: u64,
    /// Bytes that were fetched.
    pub fetched_bytes: u64,
    /// Blobs that went because others needed the room.
    pub evictions: u64,
    /// Blobs whose copies were found damaged or missing.
    pub damaged: u64,
    /// Fetches that were not kept: the disk was full or failed, or the store's bytes had another digest.
    pub failures: u64,
    /// Blobs that are kept.
    pub blobs: u64,
    /// Bytes of those, and of those that are coming.
    pub bytes: u64,
    /// Bytes that there is room for.
    pub room: u64,
}

/// How far a fetch has come.
#[derive(Clone)]
pub(super) enum Fetched {
    /// The store has not answered.
    Nothing,
    /// It says that it cannot.
    Refused(StoreError),
    /// It will not be kept: who takes the read first has it, others ask for themselves.
    Unkept(Arc<Mutex<Option<ObjectRead>>>),
    /// So many bytes can be read from the file.
    Until(Arc<Frames>, u64),
}

/// Follows a fetch. It ends without an end where the fetch failed.
pub(super) type Following = watch::Receiver<Fetched>;

/// What there is of a blob.
pub(super) enum Found {
    /// All of it.
    Kept,
    /// It is being fetched.
    Coming(Following),
    /// Nothing.
    Nothing,
}

pub(super) struct Shared {
    pub(super) place: Place,
    room: u64,
    state: Mutex<State>,
    figures: Mutex<CacheFigures>,
    /// Whether it was said that something is wrong with the disk.
    ailing: AtomicBool,
}

pub(super) struct State {
    pub(super) queue: Queue,
    /// What is coming. The task alone keeps its end alive, so followers learn of its end however it comes.
    pub(super) coming: HashMap<Name, Weak<watch::Sender<Fetched>>>,
}

/// Room for a blob that is coming; it is given back with this.
pub(super) struct Promise {
    shared: Arc<Shared>,
    bytes: u64,
}

impl Shared {
    pub(super) fn open(path: &Path, room: u64) -> io::Result<Self> {
        let place = Place::open(path)?;
        let mut queue = Queue::new(room);
        for kept in place.found()? {
            // Of what was kept with more room, the oldest goes.
            match queue.restore(&kept, length_of(kept.size)) {
                Some(gone) => gone.iter().for_each(|one| place.remove(one)),
                None => place.remove(&kept),
            }
        }
        let coming = HashMap::new();
        Ok(Self {
            place,
            room,
            state: Mutex::new(State { queue, coming }),
            figures: Mutex::default(),
            ailing: AtomicBool::new(false),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut CacheFigures)) {
        change(&mut self.figures.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn figures(&self) -> CacheFigures {
        let (blobs, bytes) = {
            let queue = &self.state().queue;
            (queue.len() as u64, queue.used())
        };
        let figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        CacheFigures {
            blobs,
            bytes,
            room: self.room,
            ..figures.clone()
        }
    }

    /// What there is under a name.
    pub(super) fn find(&self, name: &Name) -> Found {
        self.state().find(name)
    }

    /// What there is under a name; where there is nothing, a fetch that whoever asks must run.
    pub(super) fn find_or_begin(shared: &Arc<Self>, name: &Name) -> (Found, Option<Fetch>) {
        let mut state = shared.state();
        match state.find(name) {
            Found::Nothing => {}
            Found::Coming(following) => {
                shared.count(|figures| figures.followed += 1);
                return (Found::Coming(following), None);
            }
            Found::Kept => return (Found::Kept, None),
        }
        let (sender, following) = watch::channel(Fetched::Nothing);
        let sender = Arc::new(sender);
        state.coming.insert(name.clone(), Arc::downgrade(&sender));
        drop(state);
        shared.count(|figures| figures.misses += 1);
        let fetch = Fetch::new(Arc::clone(shared), name.clone(), sender);
        (Found::Coming(following), Some(fetch))
    }

    /// Room for a blob of that size, if it can be had, and what must be removed for it.
    pub(super) fn promise(shared: &Arc<Self>, size: u64) -> Option<(Promise, Vec<Kept>)> {
        let bytes = length_of(size);
        let gone = shared.state().queue.promise(bytes)?;
        shared.count(|figures| figures.evictions += gone.len() as u64);
        let shared = Arc::clone(shared);
        Some((Promise { shared, bytes }, gone))
    }

    /// Has nothing of it any more, and answers what must be removed.
    pub(super) fn forget(&self, name: &Name) -> Option<Kept> {
        let mut state = self.state();
        state.coming.remove(name);
        let size = state.queue.remove(name)?;
        let name = name.clone();
        Some(Kept { name, size })
    }

    /// What is kept cannot be read as it was written. It blocks.
    pub(super) fn spoilt(&self, kept: &Kept, error: &io::Error) {
        // Two readers may find it.
        if self.state().queue.remove(&kept.name).is_some() {
            self.place.remove(kept);
            self.count(|figures| figures.damaged += 1);
            tracing::warn!(%error, "a copy in the cache is damaged: it is read from the store again");
        }
    }

    /// Something cannot be kept. It is said once, until something can be kept again.
    pub(super) fn failed(&self, what: &str, error: &dyn Display) {
        self.count(|figures| figures.failures += 1);
        if !self.ailing.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "{what}: the cache keeps nothing, and reads go to the store");
        }
    }

    pub(super) fn recovered(&self) {
        if self.ailing.swap(false, Ordering::Relaxed) {
            tracing::info!("the cache keeps what is read again");
        }
    }
}

impl State {
    fn find(&self, name: &Name) -> Found {
        if self.queue.has(name) {
            return Found::Kept;
        }
        let sender = self.coming.get(name).and_then(Weak::upgrade);
        sender.map_or(Found::Nothing, |sender| Found::Coming(sender.subscribe()))
    }

    /// Whether this is what is coming under a name.
    pub(super) fn is_coming(&self, name: &Name, fetch: &Arc<watch::Sender<Fetched>>) -> bool {
        let coming = self.coming.get(name);
        coming.is_some_and(|coming| coming.as_ptr() == Arc::as_ptr(fetch))
    }
}

impl Promise {
    /// Keeps what was promised room.
    pub(super) fn keep(mut self, state: &mut State, kept: &Kept) {
        let bytes = std::mem::take(&mut self.bytes);
        state.queue.keep(kept, bytes);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.shared.state().queue.release(self.bytes);
        }
    }
}
