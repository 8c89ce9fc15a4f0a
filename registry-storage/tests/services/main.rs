//! Backends over servers of their own.
fn main() {}
