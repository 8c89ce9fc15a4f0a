//! Clients that fetch large blobs from the bucket itself.

use std::time::Duration;

use registry_server::{Network, Redirects as Usual};

use crate::config::{Bytes, declaration::section};

section! {
    /// Clients that are sent to the bucket for large blobs, so that the bytes go past this server: `docs/operating/scale.md` says
    /// when that is wise. They get a presigned URL, and must be able to reach the bucket.
    Redirects = "redirects" {
        /// Send clients there.
        enabled: bool = false;

        /// Only for blobs of at least this size.
        over: Bytes = Bytes(Usual::default().over);

        /// How long a URL is good for: from `1s` to `5m`. Whoever has it can read that blob for so long, also when the
        /// right to it was taken away meanwhile.
        expires: Duration = Usual::default().life;

        /// Only clients of these networks; where none is named, of all.
        networks: Vec<Network> = Vec::new();

        /// But no clients of these networks.
        except_networks: Vec<Network> = Vec::new();

        /// Only clients whose `User-Agent` begins so, as in `containerd/`, in letters of either case; where none is
        /// named, all.
        clients: Vec<String> = Vec::new();

        /// But no clients whose `User-Agent` begins so.
        except_clients: Vec<String> = Vec::new();

        /// Where clients reach the bucket, as in `https://s3.example.com`, where that is not `objects.endpoint`.
        endpoint: Option<String> = None;
    }
}
