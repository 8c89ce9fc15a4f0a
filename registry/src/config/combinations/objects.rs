//! What a provider's bucket takes.

use crate::config::{Encryption, Objects, Provider, Setting, Written, declaration::Section};

/// What not every provider knows, and those that do.
const OF_SOME: [(&str, &[Provider]); 14] = [
    ("region", &[Provider::S3]),
    ("access_key", &[Provider::S3]),
    ("secret_key", &[Provider::S3]),
    ("credentials", &[Provider::S3]),
    ("profile", &[Provider::S3]),
    ("account", &[Provider::Azure]),
    ("account_key", &[Provider::Azure]),
    ("shared_access", &[Provider::Azure]),
    ("service_account", &[Provider::Gcs]),
    ("path_style", &[Provider::S3]),
    ("encryption", &[Provider::S3]),
    ("encryption_key", &[Provider::S3]),
    ("storage_class", &[Provider::S3, Provider::Gcs]),
    ("checksum", &[Provider::S3]),
];

/// Notes what cannot be together: one thing at a time, since the next may follow from it.
pub(super) fn check(objects: &Objects, written: &mut Written) {
    let problem = of_another_provider(objects).or_else(|| incomplete(objects));
    if let Some((key, what)) = problem {
        let origin = written.origin("objects", key).clone();
        written.problem(&origin, what);
    }
}

/// A key, and what is wrong with it.
type Problem = (&'static str, String);

fn of_another_provider(objects: &Objects) -> Option<Problem> {
    let set = objects.changes(&Objects::resolve(&Written::default()));
    let is_set = |name: &str| set.iter().any(|key| key.name == name);
    let misplaced =
        |(name, of): &&(&str, &[Provider])| is_set(name) && !of.contains(&objects.provider);
    let (name, of) = OF_SOME.iter().find(misplaced)?;
    let of: Vec<_> = of.iter().filter_map(Setting::write).collect();
    let (of, provider) = (of.join(" or "), objects.provider.write()?);
    let what = format!("objects.{name} needs objects.provider = {of}, and it is {provider}");
    Some((name, what))
}

fn incomplete(objects: &Objects) -> Option<Problem> {
    let kms = matches!(objects.encryption, Encryption::Kms | Encryption::KmsTwice);
    let azure = objects.provider == Provider::Azure;
    let (access, secret) = (objects.access_key.is_some(), objects.secret_key.is_some());
    let file = objects.credentials.is_some();
    let (key, signature) = (
        objects.account_key.is_some(),
        objects.shared_access.is_some(),
    );
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
            azure && objects.account.is_none(),
            "provider",
            "objects.provider = \"azure\" needs objects.account",
        ),
        (
            key && signature,
            "shared_access",
            "objects.shared_access excludes objects.account_key",
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
