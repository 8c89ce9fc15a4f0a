//! Token buckets, one for each key, in bounded memory.
//!
//! A bucket is a single moment: when it will be full again (the generic cell rate algorithm). It needs no
//! refilling, and one that is full is the same as none. The moments stand in a table of fixed size, a few
//! to a row, where a key's row and its mark are given by a keyed hash; a new key takes the place that is
//! full soonest. A map with a list of what was used last was the alternative: it costs more for each
//! request, and as much memory as there are addresses in an attack.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    marker::PhantomData,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::Rate;

/// Places in a row.
const ROW: usize = 8;

pub(super) struct Buckets<K: ?Sized> {
    rows: Box<[Mutex<[Bucket; ROW]>]>,
    hasher: RandomState,
    /// What one request costs.
    interval: u64,
    /// How far ahead a bucket may be.
    burst: u64,
    keys: PhantomData<fn(&K)>,
}

/// A moment is in nanoseconds since the start; where it is over, nobody has the place.
#[derive(Clone, Copy, Default)]
struct Bucket {
    mark: u64,
    full_at: u64,
}

impl<K: Hash + ?Sized> Buckets<K> {
    pub(super) fn new(rate: Rate, remembered: usize) -> Self {
        let rows = remembered.div_ceil(ROW).max(1);
        let per = nanos(rate.per);
        Self {
            rows: (0..rows).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            interval: (per / u64::from(rate.requests.get())).max(1),
            burst: per,
            keys: PhantomData,
        }
    }

    /// Takes one of the key's tokens, or says how long it takes until there is one.
    pub(super) fn take(&self, key: &K, now: Duration) -> Result<(), Duration> {
        let mark = self.hasher.hash_one(key);
        let index = (mark % self.rows.len() as u64) as usize;
        let row = self.rows[index].lock();
        let mut row = row.unwrap_or_else(PoisonError::into_inner);
        let now = nanos(now);
        let bucket = find(&mut row, mark);
        let full_at = bucket.full_at.max(now) + self.interval;
        // A rate of one request is a burst of one, also where dividing left a rest.
        let most = now + self.burst.max(self.interval);
        if full_at > most {
            return Err(Duration::from_nanos(full_at - most));
        }
        *bucket = Bucket { mark, full_at };
        Ok(())
    }
}

/// The bucket of that mark, or the one whose loss is the least.
fn find(row: &mut [Bucket; ROW], mark: u64) -> &mut Bucket {
    let found = row.iter().position(|bucket| bucket.mark == mark);
    let index = found.unwrap_or_else(|| {
        let (index, _) = (row.iter().enumerate())
            .min_by_key(|(_, bucket)| bucket.full_at)
            .unwrap_or((0, &row[0]));
        row[index] = Bucket::default();
        index
    });
    &mut row[index]
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(rate: &str, remembered: usize) -> Buckets<str> {
        Buckets::new(rate.parse().unwrap(), remembered)
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn all_of_a_rate_may_come_at_once_and_comes_back_evenly() {
        let buckets = buckets("10/s", 64);
        for _ in 0..10 {
            assert_eq!(buckets.take("a", millis(5000)), Ok(()));
        }
        assert_eq!(buckets.take("a", millis(5000)), Err(millis(100)));
        assert_eq!(buckets.take("b", millis(5000)), Ok(()));
        assert_eq!(buckets.take("a", millis(5099)), Err(millis(1)));
        assert_eq!(buckets.take("a", millis(5100)), Ok(()));
        assert_eq!(buckets.take("a", millis(5100)), Err(millis(100)));
        for _ in 0..10 {
            assert_eq!(buckets.take("a", millis(60_000)), Ok(()));
        }
        assert!(buckets.take("a", millis(60_000)).is_err());
    }

    #[test]
    fn a_rate_that_does_not_divide_is_kept() {
        let buckets = buckets("7/s", 64);
        let taken = (0..100).filter(|_| buckets.take("a", millis(0)).is_ok());
        assert_eq!(taken.count(), 7);
        let buckets = super::tests::buckets("1/h", 64);
        assert_eq!(buckets.take("a", millis(0)), Ok(()));
        assert_eq!(buckets.take("a", millis(0)), Err(Duration::from_secs(3600)));
    }

    #[test]
    fn hazard_34_many_keys_take_no_more_memory_and_forget_who_asked_for_least() {
        let buckets = buckets("10/m", ROW);
        for _ in 0..10 {
            assert_eq!(buckets.take("busy", millis(0)), Ok(()));
        }
        for number in 0..10_000 {
            assert_eq!(buckets.take(&number.to_string(), millis(0)), Ok(()));
        }
        assert!(buckets.take("busy", millis(0)).is_err());
        assert_eq!(buckets.rows.len(), 1);
    }
}
