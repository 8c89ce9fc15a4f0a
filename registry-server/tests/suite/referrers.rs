//! What refers to a manifest.

use std::collections::BTreeSet;

use registry_core::{Digest, References, Settings};
use serde_json::{Value, json};

use crate::support::{Client, Harness, Image, OCI_INDEX, Reply, image};

async fn sparse(page_limit: usize) -> Harness {
    let references = References::Sparse;
    let settings = Settings {
        references,
        page_limit,
        ..Settings::default()
    };
    Harness::with(settings, |service| service).await
}

async fn push(client: &Client, image: &Image) -> String {
    let digest = image.digest();
    let target = format!("/v2/a/manifests/{digest}");
    client.put(&target, &image.bytes()).send().await.expect(201);
    digest.to_string()
}

/// An artifact of this type about the subject.
fn artifact(name: &str, subject: &Image, artifact_type: &str) -> Image {
    image(name)
        .with("artifactType", json!(artifact_type))
        .with("subject", subject.descriptor())
        .with("annotations", json!({ "org.example.name": name }))
}

/// Checks what every list has, and answers its descriptors.
fn listed(reply: Reply) -> Vec<Value> {
    let reply = reply.expect(200).expect_header("content-type", OCI_INDEX);
    let json = reply.json();
    assert_eq!(json["schemaVersion"], 2);
    assert_eq!(json["mediaType"], OCI_INDEX);
    json["manifests"].as_array().unwrap().clone()
}

fn path(subject: &Digest) -> String {
    format!("/v2/a/referrers/{subject}")
}

#[tokio::test]
async fn nothing_is_an_empty_list_even_of_no_repository() {
    let client = sparse(100).await;
    let client = client.client();
    for digest in [Digest::sha256(b"x"), Digest::sha512(b"x")] {
        assert!(listed(client.get(&path(&digest)).await).is_empty());
        client.head(&path(&digest)).await.expect(200);
    }
    for bad in ["sha256:ab", "latest"] {
        let reply = client.get(&format!("/v2/a/referrers/{bad}")).await;
        reply.expect_error(400, "DIGEST_INVALID");
    }
}

#[tokio::test]
async fn a_referrer_is_described_as_it_describes_itself() {
    let harness = sparse(100).await;
    let client = harness.client();
    let subject = image("subject");
    let artifact = artifact("a", &subject, "application/x");
    let plain = image("plain").with("subject", subject.descriptor());
    let index = Image {
        manifest: json!({
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [],
            "subject": subject.descriptor(),
        }),
        blobs: Vec::new(),
    };
    for referrer in [&artifact, &plain, &index] {
        push(&client, referrer).await;
    }
    let found = listed(client.get(&path(&subject.digest())).await);
    assert_eq!(found.len(), 3);
    let of = |image: &Image| {
        let digest = image.digest().to_string();
        found
            .iter()
            .find(|it| it["digest"] == digest)
            .unwrap()
            .clone()
    };
    for image in [&artifact, &plain, &index] {
        assert_eq!(of(image)["mediaType"], image.manifest["mediaType"]);
        assert_eq!(of(image)["size"], image.bytes().len());
    }
    assert_eq!(of(&artifact)["artifactType"], "application/x");
    assert_eq!(
        of(&artifact)["annotations"],
        artifact.manifest["annotations"]
    );
    let config = "application/vnd.oci.image.config.v1+json";
    assert_eq!(of(&plain)["artifactType"], config);
    assert_eq!(of(&index).get("artifactType"), None);
}

#[tokio::test]
async fn a_list_is_filtered_by_type_and_says_so() {
    let harness = sparse(100).await;
    let client = harness.client();
    let subject = image("subject");
    let one = push(&client, &artifact("1", &subject, "application/x+json")).await;
    push(&client, &artifact("2", &subject, "application/y")).await;
    let path = path(&subject.digest());
    client
        .get(&path)
        .await
        .expect(200)
        .expect_no("oci-filters-applied");
    for filter in ["application%2Fx%2Bjson", "application/x+json"] {
        let reply = client.get(&format!("{path}?artifactType={filter}")).await;
        let reply = reply.expect_header("oci-filters-applied", "artifactType");
        let found = listed(reply);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["digest"], one);
    }
    let none = client
        .get(&format!("{path}?artifactType=application/z"))
        .await;
    let none = none.expect_header("oci-filters-applied", "artifactType");
    assert!(listed(none).is_empty());
}

#[tokio::test]
async fn a_long_list_comes_in_pages_that_keep_the_filter() {
    let harness = sparse(3).await;
    let client = harness.client();
    let subject = image("subject");
    let mut pushed = BTreeSet::new();
    for name in 0..8 {
        let artifact = artifact(&name.to_string(), &subject, "application/x+y");
        pushed.insert(push(&client, &artifact).await);
    }
    push(&client, &artifact("other", &subject, "application/z")).await;
    let mut found = BTreeSet::new();
    let filtered = format!("{}?artifactType=application/x%2By", path(&subject.digest()));
    let mut next = Some(filtered);
    while let Some(target) = next {
        let reply = client.get(&target).await;
        let reply = reply.expect_header("oci-filters-applied", "artifactType");
        let link = reply.all("link").first().map(|link| {
            let target = link.strip_prefix('<').unwrap();
            target.strip_suffix(">; rel=\"next\"").unwrap().to_owned()
        });
        let page = listed(reply);
        assert!(page.len() == 3 || link.is_none());
        let digests = page
            .iter()
            .map(|it| it["digest"].as_str().unwrap().to_owned());
        found.extend(digests);
        next = link;
    }
    assert_eq!(found, pushed);
}

#[tokio::test]
async fn a_deleted_referrer_is_listed_no_more() {
    let harness = sparse(100).await;
    let client = harness.client();
    let subject = image("subject");
    push(&client, &subject).await;
    let digest = push(&client, &artifact("a", &subject, "application/x")).await;
    assert_eq!(listed(client.get(&path(&subject.digest())).await).len(), 1);
    let subject_path = format!("/v2/a/manifests/{}", subject.digest());
    client.delete(&subject_path).await.expect(202);
    assert_eq!(listed(client.get(&path(&subject.digest())).await).len(), 1);
    client
        .delete(&format!("/v2/a/manifests/{digest}"))
        .await
        .expect(202);
    assert!(listed(client.get(&path(&subject.digest())).await).is_empty());
}

#[tokio::test]
async fn hazard_15_a_list_is_of_its_own_repository() {
    let harness = sparse(100).await;
    let client = harness.client();
    let subject = image("subject");
    push(&client, &artifact("a", &subject, "application/x")).await;
    let elsewhere = format!("/v2/b/referrers/{}", subject.digest());
    assert!(listed(client.get(&elsewhere).await).is_empty());
    client.push_blob("b", b"content").await;
    assert!(listed(client.get(&elsewhere).await).is_empty());
}
