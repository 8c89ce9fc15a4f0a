//! The OCI distribution protocol as a tower service, listeners, and a registry for tests.

mod route;
