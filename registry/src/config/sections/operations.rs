//! What operators ask the server.

use registry_server::MetricsFor;

use crate::config::{Listen, choice::choice, declaration::section};

section! {
    /// What operators ask the server: `/healthz` (is it alive), `/readyz` (are storage and database tried, and work) and
    /// `/metrics` (figures for Prometheus).
    Operations = "operations" {
        /// Answer these on listeners of their own, and on no other. Whoever reaches those is told everything.
        listen: Vec<Listen> = Vec::new();

        /// Who is told figures where they have no listener of their own. They name nothing that is kept, but say how
        /// much is kept and how busy the server is. A proxy on the same machine that does not say for whom it asks
        /// makes everybody local: then give them a listener of their own.
        metrics: MetricsFor = MetricsFor::Local;
    }
}

choice! {
    MetricsFor {
        Nobody = "nobody": "nobody",
        Local = "local": "clients on this machine that no proxy speaks for",
        Everybody = "everybody": "everybody who reaches the server",
    }
}
