//! What a client may send.

use std::time::Duration;

use registry_core::{ManifestLimits, Settings};
use registry_server::{Limits as RequestLimits, ListenSettings, Network, Pace, Rate};

use crate::config::{
    Bytes,
    declaration::{Flag, section},
    setting::texts,
};

section! {
    /// What a client may send and how long it may take. What is more is refused, each with an error of its own.
    Limits = "limits" {
        /// The largest manifest to take.
        manifest_bytes: Bytes = ManifestLimits::default().max_bytes.into(),
            Flag::value("max-manifest-bytes", "BYTES");

        /// Descriptors in a manifest.
        manifest_descriptors: usize = ManifestLimits::default().max_descriptors;

        /// How deep objects and arrays of a manifest may nest.
        manifest_depth: usize = ManifestLimits::default().max_depth;

        /// The annotations of a manifest with a subject, keys and values together: every list of referrers repeats
        /// them.
        annotation_bytes: Bytes = ManifestLimits::default().max_annotation_bytes.into();

        /// Tags that one push of a manifest may carry.
        tags_per_push: usize = Settings::default().max_tags_per_push;

        /// The longest page of tags or repositories.
        page: usize = Settings::default().page_limit;

        /// The longest page of referrers.
        referrers_page: usize = Settings::default().referrers_page_limit;

        /// The path of a request.
        path_bytes: Bytes = RequestLimits::default().path_bytes.into();

        /// The query of a request.
        query_bytes: Bytes = RequestLimits::default().query_bytes.into();

        /// Header fields of a request.
        headers: usize = RequestLimits::default().headers;

        /// The header fields of a request together.
        header_bytes: Bytes = RequestLimits::default().header_bytes.into();

        /// Uploads that one caller may have under way at once. Callers who did not sign in share one allowance.
        uploads_per_caller: usize = RequestLimits::default().uploads_per_caller;

        /// Connections at once, on each listener; more wait to be accepted.
        connections: usize = ListenSettings::default().connections;

        /// How long a connection may take for the head of its next request, the time it idles before included.
        head_timeout: Duration = ListenSettings::default().head_timeout;

        /// How long a connection may take for all that comes before its first request: the PROXY protocol's header, and
        /// agreeing on TLS.
        handshake_timeout: Duration = ListenSettings::default().handshake_timeout;

        /// The longest time in which nothing at all arrives of a request's body, or is taken of an answer's. There is
        /// no limit on how long a whole transfer takes.
        idle: Duration = Pace::default().idle;

        /// The least rate of a transfer per second, over the time spent waiting for the client.
        rate: Bytes = Bytes(Pace::default().bytes_per_second);

        /// How many requests to take of one address, signed in or not; of an IPv6 address the first 64 bits count.
        /// All of a rate may come at once. More are answered 429. Pulling an image of ten layers is 25 requests or so.
        address_rate: Option<Rate> = None;

        /// How many requests to take of one account, wherever they come from; more are answered 429.
        caller_rate: Option<Rate> = None;

        /// Addresses that the rates are not for.
        rate_exempt: Vec<Network> = Vec::new();

        /// How many requests may be under way at once, of everybody; more are answered 503.
        concurrent_requests: Option<usize> = None;
    }
}

texts! {
    Rate: "a number of requests per second, minute or hour, as in `100/s`, `600/m` or `5000/h`",
    Network: "an address or a network, as in `192.0.2.7` or `10.0.0.0/8`",
}
