//! What must stay small, however large the content and however many the clients.

mod memory;
mod store;
