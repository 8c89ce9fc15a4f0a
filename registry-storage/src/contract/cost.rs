//! What a page costs beside more or fewer rows.

use std::time::{Duration, Instant};

/// Rows that there are few of, and many. A scan of the many costs a hundred times as much.
const FEW: usize = 40;
const MANY: usize = 4000;

/// Measurements, of which the shortest counts: what disturbs a measurement makes it longer.
const MEASUREMENTS: usize = 15;

/// Pages in one measurement, so that it is longer than the clock's resolution.
const PAGES: usize = 8;

/// How many times as long a page may take beside many rows as beside few.
const MOST_TIMES: u32 = 12;

/// Panics if a page takes much longer beside many rows than beside few. `grow` makes the rows whose
/// numbers are in the range.
pub(crate) async fn assert_costs_alike(page: impl AsyncFn(), grow: impl AsyncFn(usize, usize)) {
    grow(0, FEW).await;
    let beside_few = shortest(&page).await;
    grow(FEW, MANY).await;
    let beside_many = shortest(&page).await;
    assert!(
        beside_many <= beside_few * MOST_TIMES,
        "a page takes {beside_few:?} beside {FEW} rows and {beside_many:?} beside {MANY}"
    );
}

async fn shortest(page: &impl AsyncFn()) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..MEASUREMENTS {
        shortest = shortest.min(measured(page).await);
    }
    shortest
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a page takes is what is measured"
)]
async fn measured(page: &impl AsyncFn()) -> Duration {
    let start = Instant::now();
    for _ in 0..PAGES {
        page().await;
    }
    start.elapsed()
}
