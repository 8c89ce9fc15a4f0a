//! A registry that is used for long, and what it has grown by.
//!
//! The clients of the crash harness work in rounds. After each round everything is deleted and collected, and
//! what the server has then is compared with what it had after the first: memory, file handles, threads,
//! files, rows. Two states of rest are compared, and no state under load with another: what a load needs
//! differs from moment to moment, and a bound that allows for that would allow for a leak. The first round
//! is there to fill what is kept on purpose, such as pages of the database.

pub mod bounds;
pub mod figures;
pub mod run;
