use super::*;

fn refused(text: &str, offset: usize, message: &str) {
    let error = MediaType::parse(text).unwrap_err();
    assert_eq!(error.offset(), offset, "{text}: {error}");
    assert!(error.to_string().contains(message), "{text}: {error}");
}

#[test]
fn odd_types_of_clients_parse() {
    for text in [
        "application/vnd.foo.v1.tar+gzip",
        "text/plain",
        "a/b",
        "x-world/3d!#$&-^_.+",
        "Application/JSON",
    ] {
        assert_eq!(MediaType::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn parameters_and_space_around_it_are_dropped() {
    for text in [
        "text/plain;charset=utf-8",
        " text/plain ; a=\"b;c\"",
        "text/plain;",
    ] {
        assert_eq!(MediaType::parse(text).unwrap().as_str(), "text/plain");
    }
}

#[test]
fn what_is_no_media_type_is_refused_where_it_ends_to_be_one() {
    refused("", 0, "empty");
    refused(" ; charset=utf-8", 1, "empty");
    refused("json", 4, "no '/'");
    refused("/json", 0, "begin with");
    refused("text/", 5, "begin with");
    refused("text/+x", 5, "begin with");
    refused("text/a/b", 6, "'/' is not allowed");
    refused(" text/a\r\nX: y", 7, "'\\r' is not allowed");
    refused("*/*", 0, "begin with");
    refused(&format!("a/{}", "b".repeat(254)), 255, "longer than 255");
}

#[test]
fn every_constant_is_a_media_type_and_is_found() {
    for constant in &CONSTANTS {
        let parsed = MediaType::parse(constant.as_str()).unwrap();
        assert!(matches!(parsed.0, Text::Constant(_)), "{parsed}");
        assert_eq!(parsed, *constant);
    }
}

#[test]
fn a_constant_equals_the_same_text_in_every_way() {
    let shared = MediaType(Text::Shared(MediaType::OCI_INDEX.as_str().into()));
    let hash = |it: &MediaType| {
        let mut hasher = std::hash::DefaultHasher::new();
        it.hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(shared, MediaType::OCI_INDEX);
    assert_eq!(shared.cmp(&MediaType::OCI_INDEX), Ordering::Equal);
    assert_eq!(hash(&shared), hash(&MediaType::OCI_INDEX));
}

#[test]
fn the_four_manifests_are_known() {
    let known: Vec<_> = CONSTANTS.iter().filter(|it| it.is_manifest()).collect();
    let index: Vec<_> = CONSTANTS.iter().filter(|it| it.is_index()).collect();
    assert_eq!(known.len(), 4);
    assert_eq!(
        index,
        [&MediaType::OCI_INDEX, &MediaType::DOCKER_MANIFEST_LIST]
    );
    assert!(known.iter().all(|it| it.is_application()));
    assert!(
        !MediaType::parse("text/application")
            .unwrap()
            .is_application()
    );
}

#[test]
fn layers_that_are_fetched_from_elsewhere_are_known() {
    let is = |text: &str| MediaType::parse(text).unwrap().is_nondistributable();
    for suffix in ["", "+gzip", "+zstd"] {
        assert!(is(&format!(
            "application/vnd.oci.image.layer.nondistributable.v1.tar{suffix}"
        )));
        assert!(!is(&format!(
            "application/vnd.oci.image.layer.v1.tar{suffix}"
        )));
    }
    for suffix in ["", ".gzip", ".zstd"] {
        assert!(is(&format!(
            "application/vnd.docker.image.rootfs.foreign.diff.tar{suffix}"
        )));
    }
    assert!(!is(
        "application/vnd.oci.image.layer.nondistributable.v1.tar+other"
    ));
    assert!(!is(MediaType::DOCKER_LAYER_GZIP.as_str()));
}
