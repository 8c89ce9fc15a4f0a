//! The program as its operator runs it.

mod configuration;
mod durable;
mod refusals;
mod running;
mod server;
mod signing_in;
