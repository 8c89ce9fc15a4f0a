//! A bucket that servers share.

use std::{path::PathBuf, time::Duration};

use registry_core::Secret;

use crate::config::{Bytes, Setting, choice::choice, declaration::section, raw::Raw};

section! {
    /// A bucket for large content, in place of files in `storage.path`. It goes together with a database (`database`).
    /// Set a rule in the bucket that removes unfinished multipart uploads after some days: they cannot be listed from
    /// here.
    Objects = "objects" {
        /// Whose store it is.
        provider: Provider = Provider::S3;

        /// The bucket's name; of Azure's the container's.
        bucket: Option<String> = None;

        /// Where the store is, as in `https://s3.example.com`. Without it, the provider's own.
        endpoint: Option<String> = None;

        /// The bucket's region (S3).
        region: String = "us-east-1".to_owned();

        /// What every key begins with, so that several registries can have one bucket.
        prefix: Option<String> = None;

        /// The name of the key that requests are signed with (S3). Without it and its secret, and without
        /// `objects.credentials`, they come from the environment (`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`), from a
        /// web identity (`AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`), from the container's role
        /// (`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `AWS_CONTAINER_CREDENTIALS_FULL_URI`) or from the machine's, the
        /// first of them that is there. What expires is fetched anew in time.
        access_key: Option<String> = None;

        /// The secret of that key.
        secret_key: Option<Secret> = None;

        /// A file of credentials in the form of `~/.aws/credentials`, read anew when it changes (S3).
        credentials: Option<PathBuf> = None;

        /// The profile of that file (S3).
        profile: String = "default".to_owned();

        /// The storage account (Azure).
        account: Option<String> = None;

        /// The account's key (Azure). Without it and `objects.shared_access` the environment says
        /// (`AZURE_STORAGE_ACCOUNT_KEY`; or `AZURE_CLIENT_ID` and `AZURE_TENANT_ID` with `AZURE_CLIENT_SECRET` or
        /// `AZURE_FEDERATED_TOKEN_FILE`), or else the machine's managed identity.
        account_key: Option<Secret> = None;

        /// A shared access signature (SAS) of the container (Azure): it must allow to read, write, list and delete.
        shared_access: Option<Secret> = None;

        /// A file with the key of a service account, in the JSON that Google gives out (Google). Without it the file
        /// that `GOOGLE_APPLICATION_CREDENTIALS` names counts, or else the one that gcloud keeps for applications
        /// (`~/.config/gcloud/application_default_credentials.json`), or else the account that the machine's or the
        /// pod's metadata server gives. A file is read once, at the start.
        service_account: Option<PathBuf> = None;

        /// Write the bucket's name into the path and not into the host's name (S3).
        path_style: bool = true;

        /// Allow an endpoint of `http`, whose traffic everybody on the way can read.
        plain_http: bool = false;

        /// A PEM file of the authorities that are trusted for `https`, and no others. Without it those whom the system
        /// trusts.
        authorities: Option<PathBuf> = None;

        /// An HTTP proxy that requests go through, as in `http://proxy.example.com:3128`; those for credentials of this machine go
        /// straight. Without it, what `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say.
        proxy: Option<String> = None;

        /// How the store encrypts what it keeps (S3).
        encryption: Encryption = Encryption::Bucket;

        /// The key of the store's key management that it encrypts with, for `kms` and `kms-twice`. Without it, the account's own.
        encryption_key: Option<String> = None;

        /// The class that objects are kept in, in the store's words, as in `STANDARD_IA` of S3 or `NEARLINE` of Google
        /// (S3 and Google). Without it, the bucket's. A class that must be thawed before it is read is of no use here.
        storage_class: Option<String> = None;

        /// A checksum that goes with each part and each object, which the store compares with what has arrived (S3).
        checksum: Checksum = Checksum::None;

        /// Uploads go out in parts of so many bytes; what ends within the first is one request. A bucket takes 10 000 of them for a blob (Azure 50 000), so 16 MiB are for blobs of up to 156 GiB; a larger one is refused. It is what clients are asked to send at least in a chunk (`OCI-Chunk-Min-Length`).
        part: Bytes = Bytes(16 << 20);

        /// Parts of one upload that are on their way at once.
        in_flight: usize = 4;

        /// What parts of all uploads may take of this server's memory. Further uploads wait.
        memory: Bytes = Bytes(256 << 20);

        /// Wait so long for a connection to the store.
        connect_timeout: Duration = Duration::from_secs(5);

        /// Wait so long for the store to take a part, and for each further piece of an answer. Then it is tried again,
        /// for 15 seconds or for this long if that is less, and in the end the answer is 503.
        deadline: Duration = Duration::from_secs(60);

        /// Ask the store for a blob a second time where its answer has not begun after the time in which so many percent of the
        /// latest did, and use the answer that comes first. At 95 no more than 5 of 100 reads are asked for twice. Without
        /// it none is.
        hedge: Option<Percentile> = None;
    }
}

/// More than so many percent of all, and not of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percentile(pub(crate) u8);

impl Setting for Percentile {
    fn kind() -> String {
        "a whole number from 50 to 99".to_owned()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        let number = raw
            .integer()
            .filter(|number| (50..=99).contains(number))
            .and_then(|number| number.try_into().ok());
        number
            .map(Self)
            .ok_or_else(|| format!("it must be {}", Self::kind()))
    }

    fn write(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

/// Whose store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    /// Amazon's, and what speaks its protocol.
    S3,
    /// Microsoft's.
    Azure,
    /// Google's.
    Gcs,
}

choice! {
    Provider {
        S3 = "s3": "Amazon's, and all that speak its protocol",
        Azure = "azure": "Microsoft's",
        Gcs = "gcs": "Google's",
    }
}

/// How a store encrypts what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// As the bucket says.
    Bucket,
    /// SSE-S3.
    Store,
    /// SSE-KMS.
    Kms,
    /// DSSE-KMS.
    KmsTwice,
}

choice! {
    Encryption {
        Bucket = "bucket": "as the bucket is set to",
        Store = "store": "with the store's own keys, SSE-S3",
        Kms = "kms": "with a key of its key management, SSE-KMS",
        KmsTwice = "kms-twice": "the same in two layers, DSSE-KMS",
    }
}

/// What goes with the bytes, so that the store sees whether they have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// Nothing more.
    None,
    /// SHA-256.
    Sha256,
    /// CRC-64/NVME.
    Crc64,
}

choice! {
    Checksum {
        None = "none": "nothing more than TLS does, or without TLS the signature, which has a SHA-256 of the bytes in it",
        Crc64 = "crc64nvme": "CRC-64/NVME; it takes little, but not every store knows it",
        Sha256 = "sha256": "SHA-256; a second hash of every byte, unless without TLS the signature has it anyway",
    }
}
