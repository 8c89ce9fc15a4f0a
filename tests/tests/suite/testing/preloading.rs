//! Content put there before a client comes.

use registry_core::Digest;
use registry_server::testing::TestRegistry;
use serde_json::{Value, json};

fn get(url: &str) -> Value {
    reqwest::blocking::get(url)
        .unwrap()
        .text()
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn images_indexes_artifacts_and_referrers_are_served() {
    let registry = TestRegistry::blocking();
    let one = registry.push_image("team/app", "one", &[b"1"]);
    let two = registry.push_image("team/app", "two", &[b"2", b"3"]);
    let all = registry.push_index("team/app", "all", &[&one, &two]);
    let chart = registry.push_artifact("team/app", "chart", "application/vnd.example.chart", b"c");
    let kind = "application/vnd.example.signature";
    let signature = registry.push_referrer("team/app", one.descriptor(), kind, b"signed");
    let loose = registry.push_blob("team/app", b"loose");
    assert!(
        registry.requests().is_empty(),
        "preloading is not the client's doing"
    );

    let url = format!("{}/v2/team/app", registry.url());
    assert_eq!(
        get(&format!("{url}/tags/list"))["tags"],
        json!(["all", "chart", "one", "two"])
    );
    for pushed in [&one, &two, &all, &chart, &signature] {
        let answer =
            reqwest::blocking::get(format!("{url}/manifests/{}", pushed.digest())).unwrap();
        assert_eq!(answer.bytes().unwrap(), pushed.manifest());
    }
    let children = get(&format!("{url}/manifests/all"))["manifests"].clone();
    assert_eq!(children[1]["digest"], two.digest().as_str());
    let referrers = get(&format!("{url}/referrers/{}", one.digest()))["manifests"].clone();
    assert_eq!(referrers[0]["digest"], signature.digest().as_str());
    assert_eq!(referrers[0]["artifactType"], kind);
    let blob = reqwest::blocking::get(format!("{url}/blobs/{loose}")).unwrap();
    assert_eq!(blob.bytes().unwrap(), "loose");
    assert_eq!(two.layers().len(), 2);
    assert!(all.config().is_none() && one.config().is_some());
}

#[test]
fn an_oci_layout_is_loaded_with_its_tags() {
    let directory = std::env::temp_dir().join(format!("layout-{}", std::process::id()));
    let blobs = directory.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let write = |bytes: &[u8]| {
        let digest = Digest::sha256(bytes);
        std::fs::write(blobs.join(digest.encoded()), bytes).unwrap();
        json!({ "digest": digest, "size": bytes.len(), "mediaType": "application/octet-stream" })
    };
    let typed = |mut descriptor: Value, media_type: &str| {
        descriptor["mediaType"] = json!(media_type);
        descriptor
    };
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let image = json!({
        "schemaVersion": 2, "mediaType": manifest,
        "config": write(b"{}"), "layers": [write(b"layer")],
    });
    let child = typed(write(image.to_string().as_bytes()), manifest);
    let absent = json!({ "digest": Digest::sha256(b"absent"), "size": 6, "mediaType": manifest });
    let kind = "application/vnd.oci.image.index.v1+json";
    let index = json!({ "schemaVersion": 2, "mediaType": kind, "manifests": [child, absent] });
    let mut top = typed(write(index.to_string().as_bytes()), kind);
    top["annotations"] = json!({ "org.opencontainers.image.ref.name": "registry.example/app:v7" });
    let layout = json!({ "schemaVersion": 2, "manifests": [top] });
    std::fs::write(directory.join("index.json"), layout.to_string()).unwrap();

    let registry = TestRegistry::blocking();
    let loaded = registry.load_layout("team/app", &directory);
    std::fs::remove_dir_all(&directory).unwrap();
    assert_eq!(loaded, [Digest::sha256(index.to_string().as_bytes())]);
    let url = format!("{}/v2/team/app", registry.url());
    assert_eq!(get(&format!("{url}/manifests/v7")), index);
    let layer = format!("{url}/blobs/{}", Digest::sha256(b"layer"));
    assert_eq!(
        reqwest::blocking::get(layer).unwrap().bytes().unwrap(),
        "layer"
    );
}
