//! The error body, whatever is in it.

use async_trait::async_trait;
use registry_core::{AllowAll, Hooks, PushIntent, TagIntent, Verdict, Veto};
use registry_storage::memory;

use crate::support::{Harness, image};

/// Refuses with words of its own.
struct Picky;

const WORDS: &str = "no \"latest\" here,\n\tuse \\ a version \u{1f40b}";

#[async_trait]
impl Hooks for Picky {
    async fn before_push(&self, _: &PushIntent<'_>) -> Verdict {
        Ok(())
    }

    async fn before_tag(&self, intent: &TagIntent<'_>) -> Verdict {
        match intent.tag.as_str() {
            "latest" => Err(Veto::new(WORDS)),
            _ => Ok(()),
        }
    }

    async fn before_delete(&self, _: &registry_core::DeleteIntent<'_>) -> Verdict {
        Err(Veto::new("nothing is deleted here"))
    }
}

#[tokio::test]
async fn a_hooks_words_reach_the_client_as_they_are() {
    let builder = memory::builder().policy(AllowAll).hooks(Picky);
    let harness = Harness::serve(builder.build().await.unwrap(), |service| service);
    let client = harness.client();
    let image = image("a");
    image.push(&client, "a", "v1").await;
    let reply = client
        .put("/v2/a/manifests/latest", &image.bytes())
        .send()
        .await;
    assert_eq!(reply.expect_error(403, "DENIED").message(), WORDS);
    let reply = client.delete("/v2/a/manifests/v1").await;
    reply.expect_error(403, "DENIED");
    client.head("/v2/a/manifests/v1").await.expect(200);
}

#[tokio::test]
async fn hostile_input_does_not_break_the_body() {
    let client = Harness::open().await;
    let client = client.client();
    for path in [
        "/v2/a%22%5C%0A%3Cb%3E/tags/list",
        "/v2/a/manifests/%22%7D%5D",
        "/v2/a/blobs/%3Cscript%3E:x",
    ] {
        let reply = client.get(path).await.expect(400);
        assert!(reply.json()["errors"][0]["code"].is_string());
    }
}

#[tokio::test]
async fn an_error_of_a_head_request_has_no_body() {
    let client = Harness::open().await;
    let reply = client.client().head("/v2/a/manifests/v1").await.expect(404);
    let length: usize = reply.header("content-length").parse().unwrap();
    assert!(length > 0);
    let reply = reply.expect_header("content-type", "application/json");
    reply.expect_body(b"");
}
