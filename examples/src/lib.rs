//! Runnable examples of the registry.
