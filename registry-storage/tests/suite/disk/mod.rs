//! The store in a directory.

mod contract;
