//! The test registry, as a test suite uses it.

mod example;
mod faults;
mod kinds;
mod preloading;
