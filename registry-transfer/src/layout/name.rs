//! What an image is called in a layout.

use registry_core::{Digest, Reference, RepositoryName, Tag};

/// The name of an image in a layout.
pub(super) fn print(repository: &RepositoryName, reference: &Reference) -> String {
    match reference {
        Reference::Tag(tag) => format!("{repository}:{tag}"),
        Reference::Digest(digest) => format!("{repository}@{digest}"),
    }
}

/// The repository that a name says, where it does, and the tag.
pub(super) fn parse(name: &str) -> Option<(Option<RepositoryName>, Option<Tag>)> {
    let repository = |text| RepositoryName::parse(text).ok();
    if let Some((name, digest)) = name.split_once('@') {
        Digest::parse(digest).ok()?;
        return Some((Some(repository(name)?), None));
    }
    if let Some((name, tag)) = name.rsplit_once(':') {
        return Some((Some(repository(name)?), Some(Tag::parse(tag).ok()?)));
    }
    match Tag::parse(name) {
        Ok(tag) => Some((None, Some(tag))),
        Err(_) => Some((Some(repository(name)?), None)),
    }
}

/// The same of a name that begins with the host of a registry, as docker and containerd write it.
pub(super) fn parse_hosted(name: &str) -> Option<(RepositoryName, Option<Tag>)> {
    let (host, name) = name.split_once('/')?;
    if !host.contains(['.', ':']) && host != "localhost" {
        return None;
    }
    let (repository, tag) = parse(name)?;
    // Without a tag it could be one, and here it is a repository.
    let repository = repository.or_else(|| RepositoryName::parse(name).ok());
    Some((repository?, tag.filter(|_| name.contains(':'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(name: &str) -> Option<(String, String)> {
        let (repository, tag) = parse(name)?;
        let repository = repository.map(|it| it.to_string()).unwrap_or_default();
        Some((repository, tag.map(|it| it.to_string()).unwrap_or_default()))
    }

    fn names(repository: &str, tag: &str) -> Option<(String, String)> {
        Some((repository.to_owned(), tag.to_owned()))
    }

    #[test]
    fn a_name_is_a_repository_and_a_tag_or_one_of_them() {
        assert_eq!(parsed("team/app:v1"), names("team/app", "v1"));
        assert_eq!(parsed("v1"), names("", "v1"));
        assert_eq!(parsed("team/app"), names("team/app", ""));
        let digest = Digest::sha256(b"");
        assert_eq!(parsed(&format!("app@{digest}")), names("app", ""));
    }

    #[test]
    fn a_host_is_no_part_of_a_repository() {
        let hosted = |name| {
            let (repository, tag) = parse_hosted(name)?;
            let tag = tag.map(|tag| tag.to_string()).unwrap_or_default();
            Some((repository.to_string(), tag))
        };
        let full = "docker.io/library/busybox:1.36";
        assert_eq!(hosted(full), names("library/busybox", "1.36"));
        assert_eq!(hosted("localhost:5000/app"), names("app", ""));
        assert_eq!(hosted("localhost/team/app:v1"), names("team/app", "v1"));
        for name in ["app:v1", "team/app:v1", "docker.io/", "docker.io/../x:v1"] {
            assert_eq!(hosted(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        for name in [
            "",
            "../app:v1",
            "app:",
            "App:v1",
            "app@sha256:1",
            "/etc/passwd",
            "a b",
        ] {
            assert_eq!(parsed(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_reads_as_it_prints() {
        let repository = RepositoryName::parse("team/app").unwrap();
        let tag = Tag::parse("v1").unwrap();
        let name = print(&repository, &Reference::Tag(tag.clone()));
        assert_eq!(parse(&name), Some((Some(repository.clone()), Some(tag))));
        let name = print(&repository, &Reference::Digest(Digest::sha512(b"")));
        assert_eq!(parse(&name), Some((Some(repository), None)));
    }
}
