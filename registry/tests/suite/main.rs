//! The program as its operator runs it.

mod backup;
mod commands;
mod configuration;
mod damage;
mod data;
mod durable;
mod exchange;
mod file;
mod listening;
mod moving;
mod operations;
mod rebuild;
mod refusals;
mod running;
mod server;
mod signing_in;
#[cfg(feature = "otel")]
mod traces;
mod upgrading;
