//! Requests, counted.
//!
//! Each thread counts in a shard, which it shares with few others, so that processors do not fight over
//! a cache line with every request; whoever reads adds the shards up. A shard is two arrays with a place
//! for every combination of labels there can be, some kilobytes, so that counting is finding an index
//! and adding.

use std::{
    cell::Cell,
    fmt, iter,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    thread::available_parallelism,
    time::Duration,
};

use http::{Method, StatusCode};

use super::{
    Exposition, Gather, RouteClass,
    classes::{METHODS, STATUSES, method_index, status_index},
    histogram::Durations,
};

/// What a service's requests were, and how they were answered. Hand it to
/// [`RegistryServiceBuilder::traffic`](crate::RegistryServiceBuilder::traffic), and gather from it.
pub struct Traffic {
    shards: Box<[Shard]>,
    uploads: AtomicU64,
}

/// Where a request is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) route: RouteClass,
    method: u8,
}

/// What some threads count. As far from the next one as processors fetch memory.
#[repr(align(128))]
struct Shard {
    begun: AtomicU64,
    ended: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    answers: Box<[AtomicU64]>,
    durations: Box<[Durations]>,
}

const KINDS: usize = RouteClass::ALL.len() * METHODS.len();

/// Shards at most; more threads than that share.
const MOST: usize = 16;

impl Traffic {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        let count = processors.next_power_of_two().min(MOST);
        Self {
            shards: iter::repeat_with(Shard::new).take(count).collect(),
            uploads: AtomicU64::default(),
        }
    }

    pub(crate) fn begin(&self) {
        self.shard().begun.fetch_add(1, Relaxed);
    }

    pub(crate) fn upload_begun(&self) {
        self.uploads.fetch_add(1, Relaxed);
    }

    pub(crate) fn upload_ended(&self) {
        self.uploads.fetch_sub(1, Relaxed);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.shard().received.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.shard().sent.fetch_add(bytes as u64, Relaxed);
    }

    /// There is an answer, or there will be none.
    pub(crate) fn answered(&self, kind: Kind, status: Option<StatusCode>, after: Duration) {
        let shard = self.shard();
        let index = kind.index();
        let answer = index * STATUSES.len() + status_index(status);
        shard.answers[answer].fetch_add(1, Relaxed);
        shard.durations[index].observe(after);
    }

    /// The answer was sent, or will never be.
    pub(crate) fn end(&self) {
        self.shard().ended.fetch_add(1, Relaxed);
    }

    fn shard(&self) -> &Shard {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static THREAD: Cell<usize> = Cell::new(THREADS.fetch_add(1, Relaxed));
        }
        // Their number is a power of two: dividing would cost more than counting.
        &self.shards[THREAD.get() & (self.shards.len() - 1)]
    }

    fn sum(&self, counter: impl Fn(&Shard) -> &AtomicU64) -> u64 {
        let loads = self.shards.iter().map(|one| counter(one).load(Relaxed));
        loads.sum()
    }

    fn requests(&self, page: &mut Exposition) {
        let name = "registry_requests_total";
        let help = "Requests answered; status 499 where the client went away before the answer.";
        let mut family = page.counter(name, help);
        for (index, [route, method]) in labels().enumerate() {
            for (offset, status) in STATUSES.iter().enumerate() {
                let answer = index * STATUSES.len() + offset;
                let count = self.sum(|shard| &shard.answers[answer]);
                if count > 0 {
                    family.count(&[route, method, ("status", status)], count);
                }
            }
        }
    }

    fn durations(&self, page: &mut Exposition) {
        let name = "registry_request_duration_seconds";
        let help = "From a request's head to the head of its answer, the request's body included.";
        let mut family = page.histogram(name, help);
        for (index, labels) in labels().enumerate() {
            let shards = self.shards.iter();
            if let Some(buckets) = Durations::sum(shards.map(|shard| &shard.durations[index])) {
                family.spread(&labels, &buckets);
            }
        }
    }
}

/// The labels of each kind, in the order of their indexes.
fn labels() -> impl Iterator<Item = [(&'static str, &'static str); 2]> {
    RouteClass::ALL.into_iter().flat_map(|route| {
        let route = ("route", route.as_str());
        METHODS.map(|method| [route, ("method", method)])
    })
}

impl Kind {
    pub(crate) fn of(method: &Method) -> Self {
        Self {
            route: RouteClass::default(),
            method: method_index(method) as u8,
        }
    }

    fn index(self) -> usize {
        self.route as usize * METHODS.len() + usize::from(self.method)
    }
}

impl Shard {
    fn new() -> Self {
        Self {
            begun: AtomicU64::default(),
            ended: AtomicU64::default(),
            received: AtomicU64::default(),
            sent: AtomicU64::default(),
            answers: iter::repeat_with(AtomicU64::default)
                .take(KINDS * STATUSES.len())
                .collect(),
            durations: iter::repeat_with(Durations::default).take(KINDS).collect(),
        }
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Self::new()
    }
}

impl Gather for Traffic {
    fn gather(&self, page: &mut Exposition) {
        self.requests(page);
        self.durations(page);
        // The ends first: what ends meanwhile must not make the difference negative.
        let ended = self.sum(|shard| &shard.ended);
        let begun = self.sum(|shard| &shard.begun);
        let help = "Requests whose answer was not sent to its end yet.";
        let mut family = page.gauge("registry_requests_in_flight", help);
        family.count(&[], begun.saturating_sub(ended));
        let help = "Uploads that are being written to, or wait to be.";
        let mut family = page.gauge("registry_uploads_open", help);
        family.count(&[], self.uploads.load(Relaxed));
        let help = "Bytes of requests' bodies, as they come.";
        let mut family = page.counter("registry_received_bytes_total", help);
        family.count(&[], self.sum(|shard| &shard.received));
        let help = "Bytes of answers' bodies, as they are handed to the connection.";
        let mut family = page.counter("registry_sent_bytes_total", help);
        family.count(&[], self.sum(|shard| &shard.sent));
    }
}

impl fmt::Debug for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traffic").finish_non_exhaustive()
    }
}
