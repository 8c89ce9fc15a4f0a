//! What an error of an object store means to the engine.

use std::{
    error::Error,
    fmt::{Display, Write},
    io, iter,
};

use object_store::path::Path;
use registry_core::backend::{ObjectKey, StoreError, StoreErrorKind};

/// What stores say when they have no room, in their own words.
const FULL: [&str; 5] = [
    "507 Insufficient Storage",
    "InsufficientStorage",
    "StorageFull",
    "QuotaExceeded",
    "quota exceeded",
];

/// What S3 says where the bucket is not there, which it does with the status of an absent object. An
/// answer without a body does not tell the two apart.
const NO_BUCKET: &str = "NoSuchBucket";

/// Where the client passes no status on: what S3 says of a key in an answer about several, and what Google's
/// store says to a completion.
const GONE: [&str; 2] = ["(code: NoSuchKey)", "<Code>NoSuchUpload</Code>"];

/// Something could not be done in the store: where it was asked, of what, and what the store said.
pub(super) fn failed(
    what: &str,
    path: &Path,
    store: &dyn Display,
    error: &object_store::Error,
) -> StoreError {
    let said = words(error);
    let kind = match error {
        _ if is_absent(error) => StoreErrorKind::Absent,
        _ if is_full(error, &said) => StoreErrorKind::Full,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind, format!("cannot {what} {path} in {store}: {said}"))
}

/// Whether the store says that there is no such object or upload. That there is no such bucket says
/// nothing of what should be in it.
pub(super) fn is_absent(error: &object_store::Error) -> bool {
    let said = words(error);
    let not_found = matches!(error, object_store::Error::NotFound { .. });
    let gone = not_found || GONE.iter().any(|words| said.contains(words));
    gone && !said.contains(NO_BUCKET)
}

/// There is no such object or write.
pub(super) fn absent(key: &ObjectKey) -> StoreError {
    let message = format!("nothing is kept under {key}");
    StoreError::new(StoreErrorKind::Absent, message)
}

/// The checkpoint cannot be gone on from.
pub(super) fn bad_checkpoint(key: &ObjectKey) -> StoreError {
    let message = format!("the checkpoint of {key} was not written by this store");
    StoreError::new(StoreErrorKind::BadCheckpoint, message)
}

/// It was not done, for a reason that is no error of the store's own.
pub(super) fn unavailable(message: impl Into<String>) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, message)
}

/// The error and what caused it. Some errors tell their causes themselves, and some do not.
pub(super) fn words(error: &object_store::Error) -> String {
    let mut words = error.to_string();
    for cause in causes(error) {
        let cause = cause.to_string();
        if !words.contains(&cause) {
            // Writing to a string cannot fail.
            let _ = write!(words, ": {cause}");
        }
    }
    words
}

fn is_full(error: &object_store::Error, said: &str) -> bool {
    let full = |kind| {
        matches!(
            kind,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    };
    let mut of_the_system = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    of_the_system.any(|error| full(error.kind())) || FULL.iter().any(|words| said.contains(words))
}

fn causes(error: &object_store::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = error.source();
    iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(source: Box<dyn Error + Send + Sync>) -> (StoreErrorKind, String) {
        let error = object_store::Error::Generic {
            store: "S3",
            source,
        };
        let error = failed("put", &Path::from("blobs/ab"), &"AmazonS3(content)", &error);
        (error.kind, error.message)
    }

    #[test]
    fn a_full_store_is_told_from_one_that_fails() {
        let full = [
            "Server returned non-2xx status code: 507 Insufficient Storage: ",
            "<Code>XMinioStorageFull</Code>",
            "<Code>QuotaExceeded</Code>",
        ];
        for said in full {
            assert_eq!(kind_of(said.into()).0, StoreErrorKind::Full, "{said}");
        }
        let disk = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(kind_of(disk.into()).0, StoreErrorKind::Full);
        let other = "Server returned non-2xx status code: 500 Internal Server Error: ";
        assert_eq!(kind_of(other.into()).0, StoreErrorKind::Unavailable);
    }

    #[test]
    fn a_key_that_somebody_else_deleted_at_the_same_time_is_absent() {
        let said = "DeleteObjects request failed for key ab: gone (code: NoSuchKey)";
        assert_eq!(kind_of(said.into()).0, StoreErrorKind::Absent);
        let other = "DeleteObjects request failed for key ab: no (code: AccessDenied)";
        assert_eq!(kind_of(other.into()).0, StoreErrorKind::Unavailable);
    }

    #[test]
    fn an_upload_that_has_ended_is_absent_without_a_status() {
        let said = "404 Not Found: <Error><Code>NoSuchUpload</Code></Error>";
        assert_eq!(kind_of(said.into()).0, StoreErrorKind::Absent);
        let other = "400 Bad Request: <Error><Code>InvalidPart</Code></Error>";
        assert_eq!(kind_of(other.into()).0, StoreErrorKind::Unavailable);
    }

    #[test]
    fn a_message_names_the_bucket_the_key_and_what_was_said() {
        let (_, message) = kind_of("SlowDown".into());
        let said = "cannot put blobs/ab in AmazonS3(content): Generic S3 error: SlowDown";
        assert_eq!(message, said);
    }

    #[test]
    fn what_is_not_there_is_absent_if_the_bucket_is() {
        let cases = [
            ("NoSuchUpload", StoreErrorKind::Absent),
            ("NoSuchBucket", StoreErrorKind::Unavailable),
        ];
        for (said, kind) in cases {
            let error = object_store::Error::NotFound {
                path: "blobs/ab".to_owned(),
                source: said.into(),
            };
            let error = failed("get", &Path::from("blobs/ab"), &"S3", &error);
            assert_eq!(error.kind, kind, "{said}");
        }
    }
}
