//! A bucket that servers share.

use registry_core::Secret;

use crate::config::{Bytes, declaration::section};

section! {
    /// A bucket of S3, or of a store that speaks its protocol, for large content, in place of files in `storage.path`.
    /// It goes together with a database (`database`). Set a rule in the bucket that removes unfinished multipart
    /// uploads after some days: they cannot be listed from here.
    Objects = "objects" {
        /// The bucket's name.
        bucket: Option<String> = None;

        /// Where the store is, as in `https://s3.example.com`. Without it, Amazon's in the region.
        endpoint: Option<String> = None;

        /// The bucket's region.
        region: String = "us-east-1".to_owned();

        /// What every key begins with, so that several registries can have one bucket.
        prefix: Option<String> = None;

        /// The name of the key that requests are signed with. Without it and its secret they come from the environment
        /// (`AWS_ACCESS_KEY_ID` and others), from a web identity or from the machine's role.
        access_key: Option<String> = None;

        /// The secret of that key.
        secret_key: Option<Secret> = None;

        /// Write the bucket's name into the path and not into the host's name.
        path_style: bool = true;

        /// Allow an endpoint of `http`, whose traffic everybody on the way can read.
        plain_http: bool = false;

        /// Uploads go out in parts of so many bytes; what ends within the first is one request.
        part: Bytes = Bytes(16 << 20);

        /// Parts of one upload that are on their way at once.
        in_flight: usize = 4;

        /// What parts of all uploads may take of this server's memory. Further uploads wait.
        memory: Bytes = Bytes(256 << 20);
    }
}
