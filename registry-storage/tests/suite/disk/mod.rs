//! The store in a directory.

mod contract;
mod layout;
mod leftovers;
mod store;
mod trouble;

use store::{open, pull, push, try_open};
