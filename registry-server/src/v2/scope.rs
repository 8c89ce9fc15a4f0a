//! What a token must be asked for, so that a request can be answered.

use http::{Method, request::Parts};
use registry_core::RepositoryName;

use crate::route::{Query, Resource, Route};

/// The scope of a request, in the grammar of the Docker token protocol. A mount needs two.
pub(crate) fn scope(head: &Parts) -> Option<String> {
    match Route::parse(head.uri.path()).ok()? {
        Route::Ping => None,
        Route::Catalog => Some("registry:catalog:*".to_owned()),
        Route::Repository { name, resource } => {
            let actions = actions(&head.method, &resource);
            let mut scope = format!("repository:{name}:{actions}");
            if let Some(source) = mount_source(head, &resource) {
                scope.push_str(&format!(" repository:{source}:pull"));
            }
            Some(scope)
        }
    }
}

fn actions(method: &Method, resource: &Resource) -> &'static str {
    match (resource, method) {
        (Resource::Uploads | Resource::Upload(_), _) | (_, &Method::PUT) => "pull,push",
        (_, &Method::DELETE) => "delete",
        _ => "pull",
    }
}

fn mount_source(head: &Parts, resource: &Resource) -> Option<RepositoryName> {
    let query = Query::new(head.uri.query());
    if *resource != Resource::Uploads || !matches!(query.first("mount"), Ok(Some(_))) {
        return None;
    }
    RepositoryName::parse(&query.first("from").ok()??).ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn check(method: Method, target: &str, expected: Option<&str>) {
        let request = Request::builder().method(method).uri(target).body(());
        let (head, ()) = request.unwrap().into_parts();
        assert_eq!(scope(&head).as_deref(), expected, "{target}");
    }

    #[test]
    fn scopes_follow_method_and_resource() {
        check(Method::GET, "/v2/", None);
        check(Method::GET, "/nowhere", None);
        check(Method::GET, "/v2/_catalog", Some("registry:catalog:*"));
        let tags = "/v2/a/b/tags/list";
        check(Method::GET, tags, Some("repository:a/b:pull"));
        let manifest = "/v2/a/manifests/v1";
        check(Method::HEAD, manifest, Some("repository:a:pull"));
        check(Method::PUT, manifest, Some("repository:a:pull,push"));
        check(Method::DELETE, manifest, Some("repository:a:delete"));
        let upload = "/v2/a/blobs/uploads/x";
        check(Method::GET, upload, Some("repository:a:pull,push"));
        check(Method::DELETE, upload, Some("repository:a:pull,push"));
    }

    #[test]
    fn a_mount_asks_for_two() {
        let both = "repository:a:pull,push repository:b/c:pull";
        check(
            Method::POST,
            "/v2/a/blobs/uploads/?mount=sha256:x&from=b%2Fc",
            Some(both),
        );
        let one = "repository:a:pull,push";
        check(Method::POST, "/v2/a/blobs/uploads/?from=b", Some(one));
        check(Method::POST, "/v2/a/blobs/uploads/?mount=x", Some(one));
        let hostile = "/v2/a/blobs/uploads/?mount=x&from=b%22";
        check(Method::POST, hostile, Some(one));
    }
}
