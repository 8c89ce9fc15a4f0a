//! The protocol, a file per resource. A handler reads the request, calls the engine and writes the
//! answer; it decides nothing.

mod blob;
mod catalog;
mod manifest;
mod paging;
mod ping;
mod precondition;
mod redirect;
mod referrers;
mod scope;
mod tags;
mod upload;

use http::{Method, Response, StatusCode, header::LOCATION, request::Parts};
use registry_core::{Caller, Delete, Digest, Pull, Push, RepositoryName};

use crate::{
    incoming::Incoming,
    respond::{Body, CONTENT_DIGEST, Failure, Links, PublicUrl, text_value},
    route::{Query, Resource, Route},
    service::{RequestId, Shared},
};

pub(crate) use scope::scope;

/// What handlers of a request know.
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) caller: &'a Caller,
    pub(crate) head: &'a Parts,
    pub(crate) id: &'a RequestId,
}

type Answer = Result<Response<Body>, Failure>;

/// Finds the handler of a request.
pub(crate) async fn dispatch(call: &Call<'_>, route: &Route, body: &mut Incoming) -> Answer {
    let method = &call.head.method;
    match route {
        Route::Ping if is_read(method) => ping::answer(call),
        Route::Catalog if is_read(method) => catalog::list(call).await,
        Route::Repository { name, resource } => match (resource, method) {
            (Resource::Blob(digest), &Method::DELETE) => blob::delete(call, name, digest).await,
            (Resource::Blob(digest), _) if is_read(method) => blob::read(call, name, digest).await,
            (Resource::Uploads, &Method::POST) => upload::begin(call, name, body).await,
            (Resource::Upload(id), &Method::PATCH) => upload::append(call, name, id, body).await,
            (Resource::Upload(id), &Method::PUT) => upload::finish(call, name, id, body).await,
            (Resource::Upload(id), &Method::DELETE) => upload::cancel(call, name, id).await,
            (Resource::Upload(id), _) if is_read(method) => upload::status(call, name, id).await,
            (Resource::Manifest(reference), &Method::PUT) => {
                manifest::put(call, name, reference, body).await
            }
            (Resource::Manifest(reference), &Method::DELETE) => {
                manifest::delete(call, name, reference).await
            }
            (Resource::Manifest(reference), _) if is_read(method) => {
                manifest::read(call, name, reference).await
            }
            (Resource::Tags, _) if is_read(method) => tags::list(call, name).await,
            (Resource::Referrers(subject), _) if is_read(method) => {
                referrers::list(call, name, subject).await
            }
            _ => Err(no_method(route)),
        },
        _ => Err(no_method(route)),
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn no_method(route: &Route) -> Failure {
    let allow = route.allow();
    Failure::Method { allow }
}

impl<'a> Call<'a> {
    fn is_head(&self) -> bool {
        self.head.method == Method::HEAD
    }

    fn query(&self) -> Query<'a> {
        Query::new(self.head.uri.query())
    }

    async fn pull(&self, name: &RepositoryName) -> Result<Pull, Failure> {
        Ok(self.shared.registry.open(self.caller, name).pull().await?)
    }

    async fn push(&self, name: &RepositoryName) -> Result<Push, Failure> {
        Ok(self.shared.registry.open(self.caller, name).push().await?)
    }

    async fn delete(&self, name: &RepositoryName) -> Result<Delete, Failure> {
        Ok(self
            .shared
            .registry
            .open(self.caller, name)
            .delete()
            .await?)
    }

    /// Addresses as this client can use them.
    fn links(&self) -> Links {
        let forwarded = self.head.extensions.get::<PublicUrl>();
        self.shared.links.asked_at(forwarded)
    }

    /// Says where something now is, and what.
    fn created(&self, path: &str, digest: &Digest) -> Response<Body> {
        let mut response = empty(StatusCode::CREATED);
        let headers = response.headers_mut();
        headers.insert(LOCATION, self.links().location(path));
        headers.insert(CONTENT_DIGEST, text_value(digest.as_str().to_owned()));
        response
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
