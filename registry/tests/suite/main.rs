//! The program as its operator runs it.

mod backup;
mod commands;
mod configuration;
mod data;
mod durable;
mod exchange;
mod listening;
mod moving;
mod refusals;
mod running;
mod server;
mod signing_in;
