//! Every integration test of this crate, in one binary so that it is linked once.

mod client;
mod engine;
mod fuzz;
mod testing;
