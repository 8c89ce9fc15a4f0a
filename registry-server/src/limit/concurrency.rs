//! Requests at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::respond::Failure;

/// Places for requests.
pub(crate) struct Places {
    limit: Option<usize>,
    taken: Arc<AtomicUsize>,
}

/// A request's place, until dropped.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Places {
    pub(super) fn new(limit: Option<usize>) -> Self {
        Self {
            limit,
            taken: Arc::default(),
        }
    }

    /// Takes a place, if that is needed and there is one.
    pub(crate) fn take(&self) -> Result<Option<Place>, Failure> {
        let Some(limit) = self.limit else {
            return Ok(None);
        };
        let before = self.taken.fetch_add(1, Relaxed);
        let place = Place(Arc::clone(&self.taken));
        match before < limit {
            true => Ok(Some(place)),
            false => Err(Failure::Busy),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hazard_38_a_place_comes_back_however_its_request_ends() {
        let places = Places::new(Some(1));
        let place = places.take();
        assert!(matches!(place, Ok(Some(_))));
        for _ in 0..3 {
            assert!(matches!(places.take(), Err(Failure::Busy)));
        }
        drop(place);
        assert!(matches!(places.take(), Ok(Some(_))));
        assert!(matches!(Places::new(None).take(), Ok(None)));
    }
}
