//! Kinds of requests and answers: the only values that the labels of requests have.

use http::{Method, StatusCode};

use crate::route::{Resource, Route};

/// What kind of resource a request is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RouteClass {
    Ping,
    Catalog,
    Blob,
    Uploads,
    Upload,
    Manifest,
    Tags,
    Referrers,
    /// No resource, or not known because the request was refused before its path was read.
    #[default]
    Other,
}

impl RouteClass {
    pub(crate) const ALL: [Self; 9] = [
        Self::Ping,
        Self::Catalog,
        Self::Blob,
        Self::Uploads,
        Self::Upload,
        Self::Manifest,
        Self::Tags,
        Self::Referrers,
        Self::Other,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Catalog => "catalog",
            Self::Blob => "blob",
            Self::Uploads => "uploads",
            Self::Upload => "upload",
            Self::Manifest => "manifest",
            Self::Tags => "tags",
            Self::Referrers => "referrers",
            Self::Other => "other",
        }
    }

    /// The paths of its kind.
    pub(crate) const fn template(self) -> &'static str {
        match self {
            Self::Ping => "/v2/",
            Self::Catalog => "/v2/_catalog",
            Self::Blob => "/v2/{name}/blobs/{digest}",
            Self::Uploads => "/v2/{name}/blobs/uploads/",
            Self::Upload => "/v2/{name}/blobs/uploads/{session}",
            Self::Manifest => "/v2/{name}/manifests/{reference}",
            Self::Tags => "/v2/{name}/tags/list",
            Self::Referrers => "/v2/{name}/referrers/{digest}",
            Self::Other => "/{path}",
        }
    }
}

impl From<&Route> for RouteClass {
    fn from(route: &Route) -> Self {
        match route {
            Route::Ping => Self::Ping,
            Route::Catalog => Self::Catalog,
            Route::Repository { resource, .. } => match resource {
                Resource::Blob(_) => Self::Blob,
                Resource::Uploads => Self::Uploads,
                Resource::Upload(_) => Self::Upload,
                Resource::Manifest(_) => Self::Manifest,
                Resource::Tags => Self::Tags,
                Resource::Referrers(_) => Self::Referrers,
            },
        }
    }
}

/// Methods that are told apart; the last name is for all others.
pub(crate) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];

pub(crate) fn method_index(method: &Method) -> usize {
    let named = METHODS.iter().position(|name| *name == method.as_str());
    named.unwrap_or(METHODS.len() - 1)
}

/// Statuses that are told apart; the last name is for all others, of which there are none today.
pub(crate) const STATUSES: [&str; 24] = [
    "200",
    "201",
    "202",
    "204",
    "206",
    "304",
    "400",
    "401",
    "403",
    "404",
    "405",
    "408",
    "409",
    "412",
    "413",
    "414",
    "416",
    "429",
    "431",
    CLIENT_GONE,
    "500",
    "503",
    "507",
    "other",
];

/// The status of a request whose client went away before there was an answer, as other servers log it.
pub(crate) const CLIENT_GONE: &str = "499";

pub(crate) fn status_index(status: Option<StatusCode>) -> usize {
    let text = status.as_ref().map_or(CLIENT_GONE, StatusCode::as_str);
    let named = STATUSES.iter().position(|name| *name == text);
    named.unwrap_or(STATUSES.len() - 1)
}
