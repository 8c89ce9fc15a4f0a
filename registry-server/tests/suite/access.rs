//! Who sees what.

use std::sync::Arc;

use registry_auth::ReadOnly;
use registry_core::{AllowAll, Caller, Digest, RepositoryName, Visibility};
use registry_storage::memory;

use crate::support::{Client, Harness, People, Reply, basic, escaped, image};

fn sign_in(harness: &Harness, name: &str) -> Client {
    harness.client().with("authorization", &basic(name))
}

/// `ann/private` and the public `ann/public`, each with `v1`.
async fn rooms() -> Harness {
    let harness = Harness::guarded().await;
    let ann = sign_in(&harness, "ann");
    for name in ["ann/private", "ann/public"] {
        image("a").push(&ann, name, "v1").await;
    }
    let name = RepositoryName::parse("ann/public").unwrap();
    let operator = Caller::named("operator");
    let administer = harness.registry.open(&operator, &name).administer().await;
    let visibility = Some(Visibility::Public);
    administer
        .unwrap()
        .set_visibility(visibility)
        .await
        .unwrap();
    harness
}

/// The Bearer challenge says this besides the realm and service.
#[track_caller]
fn challenged(reply: Reply, extra: &str) {
    let reply = reply.expect_error(401, "UNAUTHORIZED");
    let bearer = format!("Bearer realm=\"http://test/token\",service=\"test\"{extra}");
    let expected = [bearer.as_str(), "Basic realm=\"test\""];
    assert_eq!(reply.all("www-authenticate"), expected);
}

#[tokio::test]
async fn without_an_authenticator_everybody_is_welcome() {
    let client = Harness::open().await;
    let client = client.client();
    for client in [client.clone(), client.with("authorization", "nonsense")] {
        for path in ["/v2/", "/v2"] {
            let reply = client.get(path).await.expect(200).expect_body(b"{}");
            reply.expect_header("content-type", "application/json");
            let reply = client.head(path).await.expect(200);
            reply.expect_header("content-length", "2");
        }
    }
}

#[tokio::test]
async fn the_ping_tells_how_to_sign_in() {
    let harness = Harness::guarded().await;
    challenged(harness.client().get("/v2/").await, "");
    sign_in(&harness, "ann").get("/v2/").await.expect(200);
    let token = harness.client().with("authorization", "Bearer ann");
    token.get("/v2/").await.expect(200);
}

#[tokio::test]
async fn wrong_credentials_are_refused_even_where_none_are_needed() {
    let harness = rooms().await;
    let public = "/v2/ann/public/manifests/v1";
    harness.client().get(public).await.expect(200);
    for value in [
        basic("wrong"),
        "Basic YW5uOmJvYg==".to_owned(),
        "Basic !".to_owned(),
        "Bearer wrong".to_owned(),
        "Token ann".to_owned(),
    ] {
        let client = harness.client().with("authorization", &value);
        let scope = ",scope=\"repository:ann/public:pull\",error=\"invalid_token\"";
        challenged(client.get(public).await, scope);
    }
}

#[tokio::test]
async fn hazard_31_accounts_that_cannot_be_asked_are_our_trouble_and_our_secret() {
    let harness = Harness::guarded().await;
    let reply = sign_in(&harness, "down").get("/v2/").await;
    let reply = reply.expect_error(503, "UNAVAILABLE");
    reply.header("retry-after");
    assert!(!reply.message().contains("ldap"), "{}", reply.message());
}

#[tokio::test]
async fn anonymous_and_not_public_is_401_with_the_scope_to_ask_for() {
    let harness = rooms().await;
    let client = harness.client();
    let pull = |name| format!(",scope=\"repository:{name}:pull\"");
    let push = ",scope=\"repository:ann/public:pull,push\"";
    for name in ["ann/private", "ann/absent"] {
        for rest in ["manifests/v1", "tags/list"] {
            challenged(client.get(&format!("/v2/{name}/{rest}")).await, &pull(name));
        }
    }
    challenged(client.post("/v2/ann/public/blobs/uploads/").await, push);
    let manifest = client.put("/v2/ann/public/manifests/v1", b"{}");
    challenged(manifest.send().await, push);
    let delete = client.delete("/v2/ann/public/manifests/v1").await;
    challenged(delete, ",scope=\"repository:ann/public:delete\"");
    let mount = format!(
        "/v2/ann/public/blobs/uploads/?mount={}&from=ann%2Fprivate",
        escaped(&Digest::sha256(b""))
    );
    let both = ",scope=\"repository:ann/public:pull,push repository:ann/private:pull\"";
    challenged(client.post(&mount).await, both);
}

#[tokio::test]
async fn hazard_18_without_read_nothing_tells_whether_it_exists() {
    let harness = rooms().await;
    let bob = sign_in(&harness, "bob");
    let digest = Digest::sha256(b"the layer of a");
    for rest in [
        "manifests/v1".to_owned(),
        "manifests/absent".to_owned(),
        "tags/list".to_owned(),
        format!("blobs/{digest}"),
        format!("referrers/{digest}"),
    ] {
        let private = bob.get(&format!("/v2/ann/private/{rest}")).await;
        let absent = bob.get(&format!("/v2/ann/absent/{rest}")).await;
        let private = private.expect_error(404, "NAME_UNKNOWN");
        let absent = absent.expect_error(404, "NAME_UNKNOWN");
        let renamed = absent.message().replace("ann/absent", "ann/private");
        assert_eq!(private.message(), renamed);
    }
    for name in ["ann/private", "ann/absent", "ann/public"] {
        let post = bob.post(&format!("/v2/{name}/blobs/uploads/")).await;
        post.expect_error(403, "DENIED");
        let put = bob.put(&format!("/v2/{name}/manifests/v1"), b"{}");
        put.send().await.expect_error(403, "DENIED");
        let delete = bob.delete(&format!("/v2/{name}/manifests/v1")).await;
        delete.expect_error(403, "DENIED");
    }
    bob.get("/v2/ann/public/manifests/v1").await.expect(200);
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_which_to_ask_for() {
    let harness = rooms().await;
    let scoped = harness.client().with("authorization", "Bearer scoped");
    let reply = scoped.get("/v2/ann/private/tags/list").await;
    let extra = ",scope=\"repository:ann/private:pull\",error=\"insufficient_scope\"";
    challenged(reply, extra);
}

#[tokio::test]
async fn where_nobody_can_sign_in_nobody_is_asked_to() {
    let builder = memory::builder().policy(ReadOnly(AllowAll));
    let harness = Harness::serve(builder.build().await.unwrap(), |service| service);
    let client = harness.client();
    client.get("/v2/").await.expect(200);
    let reply = client.post("/v2/a/blobs/uploads/").await;
    let reply = reply.expect_error(403, "DENIED");
    reply.expect_no("www-authenticate");
}

#[tokio::test]
async fn hazard_22_a_right_to_push_does_not_delete() {
    let harness = rooms().await;
    let creator = sign_in(&harness, "creator");
    let digest = image("a").digest();
    for path in [
        "manifests/v1".to_owned(),
        format!("manifests/{digest}"),
        format!("blobs/{}", Digest::sha256(b"the layer of a")),
    ] {
        let reply = creator.delete(&format!("/v2/ann/public/{path}")).await;
        reply.expect_error(403, "DENIED");
    }
}

#[tokio::test]
async fn hazard_22_a_right_to_create_does_not_move_a_tag() {
    let harness = rooms().await;
    let creator = sign_in(&harness, "creator");
    let other = image("b");
    other.push(&creator, "ann/public", "new").await;
    let by_tag = creator.put("/v2/ann/public/manifests/v1", &other.bytes());
    by_tag.send().await.expect_error(403, "DENIED");
    let target = format!(
        "/v2/ann/public/manifests/{}?tag=newer&tag=v1",
        other.digest()
    );
    let by_parameter = creator.put(&target, &other.bytes());
    by_parameter.send().await.expect_error(403, "DENIED");
    let ann = sign_in(&harness, "ann");
    let v1 = ann.get("/v2/ann/public/manifests/v1").await.expect(200);
    v1.expect_header("docker-content-digest", image("a").digest().as_str());
    ann.get("/v2/ann/public/manifests/newer").await.expect(404);
}

#[tokio::test]
async fn hazard_17_an_upload_belongs_to_its_repository_and_caller() {
    let harness = Harness::guarded().await;
    let ann = sign_in(&harness, "ann");
    let location = ann.begin("ann/a").await;
    ann.patch(&location, b"abc").send().await.expect(202);
    let elsewhere = location.replace("ann/a", "ann/b");
    let operator = sign_in(&harness, "operator");
    for (client, location) in [(&ann, &elsewhere), (&operator, &location)] {
        let reply = client.get(location).await;
        reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        let reply = client.patch(location, b"def").send().await;
        reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        let reply = client.delete(location).await;
        reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        let target = format!("{location}?digest={}", escaped(&Digest::sha256(b"abc")));
        let reply = client.put(&target, b"").send().await;
        reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    }
    ann.get(&location)
        .await
        .expect(204)
        .expect_header("range", "0-2");
}

#[tokio::test]
async fn hazard_18_the_catalogue_lists_what_the_caller_may_see() {
    let harness = rooms().await;
    let bob = sign_in(&harness, "bob");
    image("b").push(&bob, "bob/b", "v1").await;
    let list = async |client: Client| {
        let reply = client.get("/v2/_catalog").await.expect(200);
        reply.json()["repositories"].to_string()
    };
    assert_eq!(list(harness.client()).await, r#"["ann/public"]"#);
    assert_eq!(list(bob).await, r#"["ann/public","bob/b"]"#);
    let ann = list(sign_in(&harness, "ann")).await;
    assert_eq!(ann, r#"["ann/private","ann/public"]"#);
    let operator = list(sign_in(&harness, "operator")).await;
    assert_eq!(operator, r#"["ann/private","ann/public","bob/b"]"#);
}

#[tokio::test]
async fn hazard_31_a_password_never_comes_back() {
    let registry = memory::registry();
    let harness = Harness::serve(registry, |it| it.authenticator(Arc::new(People)));
    let client = sign_in(&harness, "wrong");
    let reply = client.get("/v2/").await.expect(401);
    assert!(!format!("{reply:?}{}", reply.message()).contains("wrong:wrong"));
}
