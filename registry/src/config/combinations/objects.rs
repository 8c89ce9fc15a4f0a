//! What a bucket's settings need of each other.

use crate::config::{Encryption, Objects, Written};

/// Notes what cannot be together: one thing at a time, since the next may follow from it.
pub(super) fn check(objects: &Objects, written: &mut Written) {
    let problem = incomplete(objects);
    if let Some((key, what)) = problem {
        let origin = written.origin("objects", key).clone();
        written.problem(&origin, what);
    }
}

/// A key, and what is wrong with it.
type Problem = (&'static str, String);

fn incomplete(objects: &Objects) -> Option<Problem> {
    let kms = matches!(objects.encryption, Encryption::Kms | Encryption::KmsTwice);
    let (access, secret) = (objects.access_key.is_some(), objects.secret_key.is_some());
    let file = objects.credentials.is_some();
    let plain = |url: &Option<String>| url.as_ref().is_some_and(|url| url.starts_with("http://"));
    let problems = [
        (
            access && !secret,
            "access_key",
            "objects.access_key needs objects.secret_key",
        ),
        (
            secret && !access,
            "secret_key",
            "objects.secret_key needs objects.access_key",
        ),
        (
            access && file,
            "credentials",
            "objects.credentials excludes objects.access_key",
        ),
        (
            objects.profile != "default" && !file,
            "profile",
            "objects.profile means nothing without objects.credentials",
        ),
        (
            objects.encryption_key.is_some() && !kms,
            "encryption_key",
            "objects.encryption_key needs objects.encryption = \"kms\" or \"kms-twice\"",
        ),
        (
            plain(&objects.endpoint) && !objects.plain_http,
            "endpoint",
            "objects.endpoint is not encrypted: let it be https, or say by objects.plain_http that this is meant",
        ),
    ];
    let problem = problems.into_iter().find(|(wrong, ..)| *wrong)?;
    Some((problem.1, problem.2.to_owned()))
}
