//! What a client may send.

use registry_core::ManifestLimits;
use registry_server::{Network, Rate};

use crate::config::{
    Bytes,
    declaration::{Flag, section},
    setting::texts,
};

section! {
    /// What a client may send. What is more is refused, each with an error of its own.
    Limits = "limits" {
        /// The largest manifest to take.
        manifest_bytes: Bytes = ManifestLimits::default().max_bytes.into(),
            Flag::value("max-manifest-bytes", "BYTES");

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
