//! The container registry in one binary.

fn main() {}
