//! One connection's part of the load.

use std::time::Duration;

use crate::connection::Connection;
use crate::failure::Result;
use crate::target::Target;

/// What a scenario is carried out with.
pub(crate) struct Worker {
    pub(crate) connection: Connection,
    /// Which of the workers it is.
    pub(crate) number: usize,
    /// How often it has carried out the scenario in this round.
    pub(crate) made: usize,
    /// Time that went into preparing, and that does not count.
    pub(crate) aside: Duration,
}

impl Worker {
    pub(crate) async fn new(target: &Target, number: usize) -> Result<Self> {
        Ok(Self {
            connection: Connection::open(target).await?,
            number,
            made: 0,
            aside: Duration::ZERO,
        })
    }
}
