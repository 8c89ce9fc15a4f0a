//! The program as its operator runs it.

mod commands;
mod data;
mod durable;
mod refusals;
mod running;
mod server;
