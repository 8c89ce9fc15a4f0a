//! The engine over the memory backends, as an embedder calls it.

mod collect;
mod content;
mod faults;
mod fixture;
mod links;
mod listing;
mod object;
mod permission;
mod scrub;
mod shortened;
mod tell;
mod turns;
mod upkeep;
mod upload;
