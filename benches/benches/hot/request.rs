//! Whole requests without a socket: parsed and routed, answered from memory, rendered.

use criterion::Criterion;
use http_body_util::BodyExt;
use hyper::Request;
use registry_server::RegistryService;
use tokio::runtime::Runtime;

use crate::sample::{Sample, runtime};

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = runtime();
    let sample = Sample::in_memory(&runtime);
    let service = RegistryService::builder(sample.registry.clone()).build();
    let requests = [
        ("GET /v2/", "GET", "/v2/".to_owned(), 200),
        (
            "no such route",
            "GET",
            "/v2/team/app/nothing/here".to_owned(),
            404,
        ),
        (
            "manifest by tag",
            "GET",
            "/v2/team/app/manifests/v100".to_owned(),
            200,
        ),
        (
            "HEAD blob",
            "HEAD",
            format!("/v2/team/app/blobs/{}", sample.blob),
            200,
        ),
        (
            "page of 100 tags",
            "GET",
            "/v2/team/app/tags/list?n=100".to_owned(),
            200,
        ),
        (
            "begin an upload",
            "POST",
            "/v2/team/app/blobs/uploads/".to_owned(),
            202,
        ),
    ];
    let mut group = criterion.benchmark_group("request");
    for (name, method, path, status) in requests {
        group.bench_function(name, |bencher| {
            bencher.iter(|| assert_eq!(ask(&runtime, &service, method, &path), status));
        });
    }
    group.finish();
}

fn ask(runtime: &Runtime, service: &RegistryService, method: &str, path: &str) -> u16 {
    runtime.block_on(async {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(String::new()).expect("a request");
        let Ok(response) = service.respond(request).await;
        let status = response.status().as_u16();
        response.into_body().collect().await.expect("a body");
        status
    })
}
