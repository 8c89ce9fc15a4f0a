//! Which requests a fault meets.

use http::Method;
use registry_core::RepositoryName;

use crate::route::{Resource, Route};

/// The requests that a fault meets: by what they ask for, and which of them.
#[derive(Clone, Debug)]
pub struct On {
    method: Option<Method>,
    target: Target,
    repository: Option<RepositoryName>,
    pub(super) skip: u64,
    pub(super) times: Option<u64>,
    pub(super) probability: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Any,
    Ping,
    Catalog,
    Blob,
    Uploads,
    Upload,
    Manifest,
    Tags,
    Referrers,
}

macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident: $method:ident $target:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name() -> Self {
            Self::new(Some(Method::$method), Target::$target)
        }
    )*};
}

impl On {
    /// Every request.
    #[must_use]
    pub fn any() -> Self {
        Self::new(None, Target::Any)
    }

    requests! {
        /// `GET /v2/`.
        ping: GET Ping;
        /// `GET /v2/_catalog`.
        catalog: GET Catalog;
        /// `GET` of a blob.
        get_blob: GET Blob;
        /// `HEAD` of a blob.
        head_blob: HEAD Blob;
        /// `DELETE` of a blob.
        delete_blob: DELETE Blob;
        /// `POST` that opens an upload, pushes a blob in one go, or mounts one.
        start_upload: POST Uploads;
        /// `PATCH` of an upload.
        patch_upload: PATCH Upload;
        /// `PUT` that ends an upload.
        finish_upload: PUT Upload;
        /// `GET` of an upload's status.
        upload_status: GET Upload;
        /// `DELETE` that cancels an upload.
        cancel_upload: DELETE Upload;
        /// `GET` of a manifest.
        get_manifest: GET Manifest;
        /// `HEAD` of a manifest.
        head_manifest: HEAD Manifest;
        /// `PUT` of a manifest.
        put_manifest: PUT Manifest;
        /// `DELETE` of a manifest or a tag.
        delete_manifest: DELETE Manifest;
        /// `GET` of the list of tags.
        tags: GET Tags;
        /// `GET` of referrers.
        referrers: GET Referrers;
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(self, method: Method) -> Self {
        Self {
            method: Some(method),
            ..self
        }
    }

    /// Only requests for this repository, by the name they ask for.
    ///
    /// # Panics
    /// Where it is no repository's name.
    #[must_use]
    pub fn repository(self, name: &str) -> Self {
        Self {
            repository: Some(RepositoryName::parse(name).expect("a repository's name")),
            ..self
        }
    }

    /// Only the first so many of them.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// Not the first so many of them.
    #[must_use]
    pub fn after(self, requests: u64) -> Self {
        Self {
            skip: requests,
            ..self
        }
    }

    /// Each of them with this probability, drawn from the test registry's seed.
    #[must_use]
    pub fn probability(self, probability: f64) -> Self {
        Self {
            probability: Some(probability),
            ..self
        }
    }

    fn new(method: Option<Method>, target: Target) -> Self {
        Self {
            method,
            target,
            repository: None,
            skip: 0,
            times: None,
            probability: None,
        }
    }

    pub(super) fn matches(&self, method: &Method, route: Option<&Route>) -> bool {
        let name = route.and_then(repository);
        self.method.as_ref().is_none_or(|wanted| wanted == method)
            && self
                .repository
                .as_ref()
                .is_none_or(|wanted| name == Some(wanted))
            && (self.target == Target::Any || route.map(target) == Some(self.target))
    }
}

pub(in crate::testing) fn repository(route: &Route) -> Option<&RepositoryName> {
    match route {
        Route::Repository { name, .. } => Some(name),
        Route::Ping | Route::Catalog => None,
    }
}

fn target(route: &Route) -> Target {
    match route {
        Route::Ping => Target::Ping,
        Route::Catalog => Target::Catalog,
        Route::Repository { resource, .. } => match resource {
            Resource::Blob(_) => Target::Blob,
            Resource::Uploads => Target::Uploads,
            Resource::Upload(_) => Target::Upload,
            Resource::Manifest(_) => Target::Manifest,
            Resource::Tags => Target::Tags,
            Resource::Referrers(_) => Target::Referrers,
        },
    }
}
