//! The store over a server that is like Azure's, azurite, each test with a server and a container of its own.

mod commits;
mod contract;
mod server;

use server::{Container, PART_SIZE};
