//! The program as its operator runs it.

mod durable;
mod refusals;
mod running;
mod server;
