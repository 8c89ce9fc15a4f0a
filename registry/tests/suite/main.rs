//! The program as its operator runs it.

mod refusals;
mod running;
mod server;
