//! Every integration test of this crate, in one binary so that it is linked once.

mod bounds;
mod client;
mod collection;
mod engine;
mod fuzz;
mod testing;
