use serde_json::{Value, json};

use super::*;
use crate::Digest;

fn descriptor(media_type: &str, content: &str) -> Value {
    json!({
        "mediaType": media_type,
        "digest": Digest::sha256(content.as_bytes()),
        "size": content.len(),
    })
}

fn image() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", "config"),
        "layers": [descriptor("application/vnd.foo.v1.tar+gzip", "one"), descriptor("text/plain", "two")],
    })
}

fn index() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX,
        "manifests": [descriptor("application/vnd.oci.image.manifest.v1+json", "child")],
    })
}

/// A manifest with some fields replaced; `null` takes the field out.
fn with(mut manifest: Value, changes: Value) -> Value {
    let object = manifest.as_object_mut().unwrap();
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(object.remove(key)),
            value => drop(object.insert(key.clone(), value.clone())),
        }
    }
    manifest
}

fn parse(manifest: &Value) -> Result<Manifest, ParseManifestError> {
    Manifest::parse(None, manifest.to_string().into())
}

fn parse_as(content_type: &MediaType, manifest: &Value) -> Result<Manifest, ParseManifestError> {
    Manifest::parse(Some(content_type), manifest.to_string().into())
}

fn refused(manifest: &Value, message: &str) {
    let error = parse(manifest).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

fn refused_text(text: &'static str, message: &str) {
    let error = Manifest::parse(None, text.into()).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[test]
fn an_image_refers_to_its_config_and_layers() {
    let manifest = parse(&image()).unwrap();
    assert_eq!(manifest.kind(), ManifestKind::Image);
    let sizes: Vec<_> = manifest.blobs().map(|blob| blob.size).collect();
    assert_eq!(sizes, [6, 3, 3]);
    assert_eq!(manifest.layers().len(), 2);
    assert_eq!(manifest.config().unwrap().digest, Digest::sha256(b"config"));
    assert!(manifest.manifests().is_empty() && manifest.subject().is_none());
}

#[test]
fn an_index_lists_manifests() {
    let manifest = parse(&index()).unwrap();
    assert_eq!(manifest.kind(), ManifestKind::Index);
    assert_eq!(manifest.manifests()[0].digest, Digest::sha256(b"child"));
    assert_eq!(manifest.blobs().count(), 0);
}

#[test]
fn the_bytes_are_kept_as_they_were_pushed() {
    let text = " {\n\"schemaVersion\":2 , \"x\":{\"y\":[1.50]}, \"manifests\":null}\n";
    assert_eq!(Manifest::parse(None, text.into()).unwrap().bytes(), text);
}

#[test]
fn fields_that_are_not_known_are_ignored() {
    let mut manifest = with(
        image(),
        json!({"org.example.new": {"deep": [1, {}]}, "blobs": 7}),
    );
    manifest["layers"][0]["newField"] = json!([null]);
    manifest["config"]["platform"] = json!({"newField": true});
    assert_eq!(parse(&manifest).unwrap().blobs().count(), 3);
}

#[test]
fn lists_that_are_null_are_empty() {
    // Go writes a nil slice so.
    let text = r#"{"schemaVersion":2,"manifests":null,"annotations":null,"subject":null}"#;
    let manifest = Manifest::parse(None, text.into()).unwrap();
    assert_eq!(manifest.manifests().len(), 0);
    let text = image()
        .to_string()
        .replace("\"layers\":[", "\"layers\":null,\"was\":[");
    assert_eq!(
        Manifest::parse(None, text.into()).unwrap().layers().len(),
        0
    );
}

#[test]
fn the_type_is_stated_by_the_request_or_the_body_or_the_fields() {
    let bare = json!({"mediaType": null});
    let docker = MediaType::DOCKER_MANIFEST;
    for (manifest, content_type, media_type) in [
        (image(), None, MediaType::OCI_MANIFEST),
        (
            image(),
            Some(MediaType::OCI_MANIFEST),
            MediaType::OCI_MANIFEST,
        ),
        (with(image(), bare.clone()), None, MediaType::OCI_MANIFEST),
        (
            with(image(), bare.clone()),
            Some(docker.clone()),
            docker.clone(),
        ),
        (with(image(), json!({"mediaType": docker})), None, docker),
        (with(index(), bare), None, MediaType::OCI_INDEX),
    ] {
        let bytes = manifest.to_string().into();
        let parsed = Manifest::parse(content_type.as_ref(), bytes).unwrap();
        assert_eq!(*parsed.media_type(), media_type);
    }
}

#[test]
fn the_request_and_the_body_must_agree() {
    let error = parse_as(&MediaType::DOCKER_MANIFEST, &image()).unwrap_err();
    assert!(error.to_string().contains("must agree"), "{error}");
}

#[test]
fn a_type_that_nothing_states_is_refused() {
    refused(&json!({}), "type is not known");
    refused(
        &json!({"schemaVersion": 2, "layers": []}),
        "type is not known",
    );
}

#[test]
fn hazard_46_a_manifest_is_application_something() {
    let html = MediaType::parse("text/html").unwrap();
    let error = parse_as(&html, &with(image(), json!({"mediaType": null}))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a manifest must be of a type application/*, not text/html"
    );
}

#[test]
fn schema_1_is_refused_by_name() {
    let body = json!({"schemaVersion": 1, "name": "a", "fsLayers": [], "signatures": []});
    for error in [
        parse(&body).unwrap_err(),
        parse_as(&MediaType::DOCKER_MANIFEST_V1_SIGNED, &body).unwrap_err(),
        parse_as(&MediaType::DOCKER_MANIFEST_V1, &json!({})).unwrap_err(),
        parse(&json!({"mediaType": MediaType::DOCKER_MANIFEST_V1})).unwrap_err(),
    ] {
        assert!(error.to_string().contains("schema 1"), "{error}");
    }
}

#[test]
fn the_schema_version_is_2() {
    refused(
        &with(image(), json!({"schemaVersion": null})),
        "needs the field schemaVersion",
    );
    refused(
        &with(index(), json!({"schemaVersion": 3})),
        "schemaVersion: it must be 2, not 3",
    );
    refused(
        &with(index(), json!({"schemaVersion": "2"})),
        "schemaVersion: invalid type",
    );
}

#[test]
fn a_known_type_has_its_fields() {
    refused(
        &with(image(), json!({"config": null})),
        "needs the field config",
    );
    refused(
        &with(image(), json!({"layers": null})),
        "needs the field layers",
    );
    refused(
        &with(index(), json!({"manifests": null})),
        "needs the field manifests",
    );
    let text = r#"{"schemaVersion":2,"config":null,"layers":[]}"#;
    refused_text(text, "config: it must be a descriptor, not null");
}

#[test]
fn cve_2021_41190_an_image_is_not_an_index_too() {
    refused(
        &with(image(), json!({"manifests": []})),
        "may not have the field manifests",
    );
    refused(
        &with(index(), json!({"layers": []})),
        "may not have the field layers",
    );
    refused(
        &with(index(), json!({"config": {}})),
        "may not have the field config",
    );
    let both = with(image(), json!({"mediaType": null, "manifests": []}));
    refused(&both, "an image and an index at once");
}

#[test]
fn a_field_that_occurs_twice_is_refused() {
    refused_text(
        r#"{"schemaVersion":2,"manifests":[],"\u006danifests":[]}"#,
        "duplicate field `manifests`",
    );
    refused_text(
        r#"{"schemaVersion":2,"manifests":[{"digest":"a:b","digest":"a:c","size":1}]}"#,
        "manifests[0]: duplicate field `digest`",
    );
}

#[test]
fn errors_say_where() {
    let wrong = |pointer: &str, value: Value| {
        let mut manifest = image();
        *manifest.pointer_mut(pointer).unwrap() = value;
        parse(&manifest).unwrap_err()
    };
    for (pointer, value, field, message) in [
        (
            "/layers/1/digest",
            json!("sha256:1"),
            "layers[1].digest",
            "needs exactly 64",
        ),
        (
            "/layers/1/mediaType",
            json!("text"),
            "layers[1].mediaType",
            "no '/'",
        ),
        (
            "/layers/0/size",
            json!(-1),
            "layers[0].size",
            "invalid value",
        ),
        (
            "/layers/0/size",
            json!(1.5),
            "layers[0].size",
            "invalid type",
        ),
        (
            "/layers/0/size",
            json!(1_u64 << 63),
            "layers[0].size",
            "9223372036854775807",
        ),
        (
            "/layers/0",
            json!([]),
            "layers[0]",
            "a descriptor, which is an object",
        ),
        (
            "/layers/0",
            json!({}),
            "layers[0]",
            "missing field `mediaType`",
        ),
        ("/layers", json!({}), "layers", "a list of descriptors"),
        (
            "/config/digest",
            json!(7),
            "config.digest",
            "expected a digest",
        ),
        ("/mediaType", json!("json"), "mediaType", "no '/'"),
    ] {
        let error = wrong(pointer, value);
        assert_eq!(error.field(), Some(field), "{error}");
        assert!(error.to_string().contains(message), "{error}");
        assert!(!error.to_string().contains("column"), "{error}");
    }
}

#[test]
fn what_is_no_json_object_is_refused() {
    refused_text("", "not a JSON object");
    refused_text("[2, \"application/json\"]", "not a JSON object");
    refused_text(
        "{\"schemaVersion\":2,}",
        "not valid JSON: trailing comma at line 1",
    );
    refused_text("{} {}", "not valid JSON: trailing characters");
    let error = Manifest::parse(None, Bytes::from_static(b"{\"a\":\"\xff\"}")).unwrap_err();
    assert_eq!(error.to_string(), "the manifest is not UTF-8, at byte 6");
}

#[test]
fn hazard_31_a_message_repeats_little_of_what_was_sent() {
    let noise = "\u{1b}[31m".repeat(10_000);
    for manifest in [
        with(image(), json!({"annotations": {noise.clone(): 1}})),
        with(image(), json!({"schemaVersion": noise})),
    ] {
        let message = parse(&manifest).unwrap_err().to_string();
        assert!(message.len() < 2_000, "{} bytes", message.len());
        assert!(!message.contains('\u{1b}'), "{message:?}");
    }
}

#[test]
fn hazard_32_a_manifest_keeps_to_its_limits() {
    let limits = ManifestLimits {
        max_bytes: 2_000,
        max_descriptors: 3,
        max_depth: 4,
        max_annotation_bytes: 4,
    };
    let parse = |manifest: Value| {
        Manifest::parse_with(&limits, None, manifest.to_string().into()).map_err(|e| e.to_string())
    };
    let subject = descriptor("application/vnd.oci.image.manifest.v1+json", "subject");
    assert!(
        parse(with(
            image(),
            json!({"annotations": {"ab": "cde"}, "x": [[[]]]})
        ))
        .is_ok()
    );
    for (change, message) in [
        (json!({"x": "x".repeat(2_000)}), "at most 2000 are taken"),
        (json!({"subject": subject}), "more than 3 descriptors"),
        (json!({"x": [[[[]]]]}), "deeper than 4 levels"),
        (
            json!({"annotations": {"ab": "cde"}, "layers": [], "subject": subject}),
            "annotations: they have 5 bytes; at most 4",
        ),
        (
            json!({"artifactType": "x".repeat(256)}),
            "artifactType: it has more than 255",
        ),
    ] {
        let error = parse(with(image(), change)).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn only_too_many_bytes_are_too_large() {
    let large = Manifest::parse(None, vec![b' '; (4 << 20) + 1].into()).unwrap_err();
    assert!(large.is_too_large());
    assert!(!parse(&json!({})).unwrap_err().is_too_large());
}

#[test]
fn hazard_32_deep_json_does_not_reach_the_parser() {
    let text = format!("{{\"x\":{}", "[".repeat(1 << 20));
    let error = Manifest::parse(None, text.into()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the manifest nests deeper than 64 levels"
    );
    let brackets_in_text = json!({"x": "\"[[[[[[[[[[\\".repeat(20)});
    assert!(parse(&with(index(), brackets_in_text)).is_ok());
}

#[test]
fn the_artifact_type_is_the_manifest_s_or_the_config_s() {
    let own = json!({"artifactType": "example/sbom"});
    let shown = |manifest: &Value| parse(manifest).unwrap().artifact_type().map(str::to_owned);
    let config = Some("application/vnd.oci.image.config.v1+json".to_owned());
    assert_eq!(shown(&image()), config);
    assert_eq!(shown(&with(image(), json!({"artifactType": ""}))), config);
    assert_eq!(
        shown(&with(image(), own.clone())),
        Some("example/sbom".to_owned())
    );
    assert_eq!(shown(&index()), None);
    assert_eq!(shown(&with(index(), own)), Some("example/sbom".to_owned()));
}

#[test]
fn an_artifact_with_an_empty_config_needs_no_artifact_type() {
    let empty = descriptor("application/vnd.oci.empty.v1+json", "{}");
    let manifest = parse(&with(image(), json!({"config": empty, "layers": [empty]}))).unwrap();
    assert_eq!(
        manifest.artifact_type(),
        Some(MediaType::OCI_EMPTY.as_str())
    );
}

#[test]
fn a_subject_and_annotations_are_read_of_both_kinds() {
    let subject = descriptor("application/vnd.oci.image.manifest.v1+json", "subject");
    let more = json!({"subject": subject, "annotations": {"a": "1"}});
    for manifest in [image(), index()] {
        let manifest = parse(&with(manifest, more.clone())).unwrap();
        assert_eq!(
            manifest.subject().unwrap().digest,
            Digest::sha256(b"subject")
        );
        assert_eq!(manifest.annotations()["a"], "1");
    }
    refused(
        &with(image(), json!({"annotations": {"a": 1}})),
        "annotations.a: invalid type",
    );
}

#[test]
fn types_that_are_not_known_are_kept_if_they_refer_to_something() {
    let oras = MediaType::parse("application/vnd.cncf.oras.artifact.manifest.v1+json").unwrap();
    let body = json!({
        "mediaType": oras,
        "artifactType": "example/signature",
        "blobs": [descriptor("application/octet-stream", "blob")],
        "subject": descriptor("application/vnd.oci.image.manifest.v1+json", "subject"),
    });
    let manifest = parse(&body).unwrap();
    assert_eq!(
        (manifest.media_type(), manifest.kind()),
        (&oras, ManifestKind::Image)
    );
    assert_eq!(manifest.blobs().count(), 1);
    let list = json!({"mediaType": "application/x", "manifests": [], "config": body["subject"]});
    let manifest = parse(&list).unwrap();
    assert_eq!(
        (manifest.kind(), manifest.blobs().count()),
        (ManifestKind::Index, 1)
    );
    refused(&json!({"mediaType": "application/x"}), "refers to nothing");
}
