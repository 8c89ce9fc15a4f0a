//! The cache before a store.

mod contract;
mod damage;
mod fetching;
mod fixture;
mod keeping;
