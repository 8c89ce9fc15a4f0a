//! What a request asks for, parsed once.
//!
//! A path is read from the right: the resource stands at its end, and what precedes it is the
//! repository's name, whatever words that consists of. Reading from the left, or by a pattern that
//! looks for `/blobs/`, is how other registries came to refuse repositories named `my/blobs` or
//! `tags/list`.

mod encoding;
mod query;

use registry_core::{
    Digest, ParseDigestError, ParseNameError, ParseReferenceError, ParseUploadIdError, Reference,
    RepositoryName, UploadId,
};

pub(crate) use encoding::{EncodingError, encode};
pub(crate) use query::Query;

use encoding::{Part, decode};

/// A resource of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/v2/`: whether this is a registry, and how to sign in.
    Ping,
    /// `/v2/_catalog`: the repositories.
    Catalog,
    /// Something of a repository.
    Repository {
        /// The name as it was asked for.
        name: RepositoryName,
        /// What of it.
        resource: Resource,
    },
}

/// A resource of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// `blobs/<digest>`
    Blob(Digest),
    /// `blobs/uploads/`
    Uploads,
    /// `blobs/uploads/<id>`
    Upload(UploadId),
    /// `manifests/<tag or digest>`
    Manifest(Reference),
    /// `tags/list`
    Tags,
    /// `referrers/<digest>`
    Referrers(Digest),
}

/// A path that names no resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RouteError {
    #[error("there is nothing at this path; the registry's resources are below /v2/")]
    Unknown,
    #[error("the path cannot be read, {0}")]
    Encoding(#[from] EncodingError),
    #[error(transparent)]
    Name(#[from] ParseNameError),
    #[error(transparent)]
    Digest(#[from] ParseDigestError),
    #[error(transparent)]
    Reference(#[from] ParseReferenceError),
    #[error(transparent)]
    Upload(#[from] ParseUploadIdError),
}

impl Route {
    /// The resource at a path.
    pub(crate) fn parse(path: &str) -> Result<Self, RouteError> {
        let path = decode(path, Part::Path)?;
        match path.strip_prefix("/v2") {
            Some("" | "/") => Ok(Self::Ping),
            Some("/_catalog") => Ok(Self::Catalog),
            Some(rest) if rest.starts_with('/') => repository(&rest[1..]),
            _ => Err(RouteError::Unknown),
        }
    }

    /// The methods that the resource has, as `Allow` lists them.
    pub(crate) fn allow(&self) -> &'static str {
        match self {
            Self::Ping | Self::Catalog => "GET, HEAD",
            Self::Repository { resource, .. } => resource.allow(),
        }
    }
}

impl Resource {
    fn allow(&self) -> &'static str {
        match self {
            Self::Blob(_) => "GET, HEAD, DELETE",
            Self::Uploads => "POST",
            Self::Upload(_) => "GET, HEAD, PATCH, PUT, DELETE",
            Self::Manifest(_) => "GET, HEAD, PUT, DELETE",
            Self::Tags | Self::Referrers(_) => "GET, HEAD",
        }
    }
}

/// Splits `<name>/<kind>/<item>`, and `<name>/blobs/uploads/<id>`, from the right.
fn repository(path: &str) -> Result<Route, RouteError> {
    let (rest, item) = path.rsplit_once('/').ok_or(RouteError::Unknown)?;
    let (name, kind) = rest.rsplit_once('/').unwrap_or(("", rest));
    let (name, resource) = match (kind, item) {
        ("manifests", _) => (name, Resource::Manifest(Reference::parse(item)?)),
        ("blobs", "uploads") => (name, Resource::Uploads),
        ("blobs", _) => (name, Resource::Blob(Digest::parse(item)?)),
        ("tags", "list") => (name, Resource::Tags),
        ("referrers", _) => (name, Resource::Referrers(Digest::parse(item)?)),
        ("uploads", _) => (before_blobs(name)?, upload(item)?),
        _ => return Err(RouteError::Unknown),
    };
    let name = RepositoryName::parse(name)?;
    Ok(Route::Repository { name, resource })
}

/// What stands before the `blobs` of `<name>/blobs`.
fn before_blobs(path: &str) -> Result<&str, RouteError> {
    match path.rsplit_once('/') {
        Some((name, "blobs")) => Ok(name),
        None if path == "blobs" => Ok(""),
        _ => Err(RouteError::Unknown),
    }
}

fn upload(item: &str) -> Result<Resource, RouteError> {
    Ok(match item {
        "" => Resource::Uploads,
        id => Resource::Upload(UploadId::parse(id)?),
    })
}

#[cfg(test)]
mod tests;
