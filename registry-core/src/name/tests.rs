use proptest::prelude::*;

use super::*;
use crate::testing::cases;

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str, offset: usize, message: &str) {
    let error = RepositoryName::parse(text).unwrap_err();
    assert_eq!(error.offset(), offset, "{text}: {error}");
    assert!(error.to_string().contains(message), "{text}: {error}");
}

fn breaks(rules: &NamingRules, text: &str, message: &str) {
    assert_eq!(rules.check(&name(text)).unwrap_err().to_string(), message);
}

#[test]
fn names_of_the_grammar_parse() {
    for text in [
        "a",
        "alpine",
        "library/alpine",
        "team/app/part",
        "0/1",
        "a.b",
        "a_b",
        "a__b",
        "a-b",
        "a---b",
        "a.b_c__d--e",
        "xn--bcher-kva/app",
    ] {
        assert_eq!(name(text).as_str(), text);
    }
}

#[test]
fn hazard_13_words_of_the_protocol_are_names() {
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for text in [
        "blobs",
        "manifests/tags",
        "team/blobs/uploads",
        "v2/token",
        "a/manifests/latest",
        "referrers/tags/list",
        &format!("sha256/{hex}"),
        &format!("{hex}/blobs/{hex}"),
    ] {
        assert_eq!(name(text).as_str(), text);
    }
}

#[test]
fn what_is_no_name_is_refused_where_it_ends_to_be_one() {
    refused("", 0, "empty");
    refused("/a", 0, "component is empty");
    refused("a/", 2, "component is empty");
    refused("a//b", 2, "component is empty");
    refused("a/_b", 2, "begin and end");
    refused("a-/b", 1, "begin and end");
    refused("a..b", 1, "joined by");
    refused("a___b", 1, "joined by");
    refused("a-_b", 1, "joined by");
    refused("a/b:c", 3, "':' is not allowed");
    refused("a/../b", 2, "begin and end");
    refused("a%2fb", 1, "'%' is not allowed");
    refused("a\0b", 1, "'\\0' is not allowed");
    refused("a/\u{430}", 2, "is not allowed");
}

#[test]
fn upper_case_proposes_the_lower_case_name() {
    refused("team/App", 5, "use \"team/app\"");
    let proposal = |text: &str| {
        let error = RepositoryName::parse(text).unwrap_err();
        error.proposal().map(str::to_owned)
    };
    assert_eq!(proposal("TEAM/App"), Some("team/app".to_owned()));
    assert_eq!(
        proposal("Team/app:1"),
        None,
        "lower case alone would not make it a name"
    );
    assert_eq!(proposal("team/a b"), None);
}

#[test]
fn a_canonical_name_has_at_most_255_bytes() {
    let longest = format!("a/{}", "b".repeat(253));
    assert_eq!(name(&longest).as_str().len(), RepositoryName::MAX_LENGTH);
    refused(&format!("{longest}b"), 255, "longer than 255 bytes");
    let single = "a".repeat(247);
    let canonical = name(&single).canonical();
    assert_eq!(RepositoryName::parse(canonical.as_str()), Ok(canonical));
    refused(&format!("{single}a"), 247, "longer than 247 bytes");
}

#[test]
fn the_first_component_is_the_namespace() {
    for (text, namespace, path, canonical) in [
        ("alpine", "library", "alpine", "library/alpine"),
        ("library/alpine", "library", "alpine", "library/alpine"),
        ("library", "library", "library", "library/library"),
        ("team/app/part", "team", "app/part", "team/app/part"),
    ] {
        let name = name(text);
        assert_eq!(name.namespace().as_str(), namespace);
        assert_eq!(name.path(), path);
        assert_eq!(name.canonical().as_str(), canonical);
        assert_eq!(name.components().collect::<Vec<_>>().join("/"), text);
    }
}

#[test]
fn a_namespace_is_one_component() {
    assert_eq!(Namespace::parse("library"), Ok(Namespace::library()));
    let error = Namespace::parse("team/app").unwrap_err();
    assert_eq!(
        (error.offset(), error.to_string().contains("no '/'")),
        (4, true)
    );
    assert_eq!(
        Namespace::parse("Team").unwrap_err().proposal(),
        Some("team")
    );
}

#[test]
fn the_namespace_of_the_longest_name_parses() {
    let namespace = name(&format!("{}/b", "a".repeat(253))).namespace();
    assert_eq!(Namespace::parse(namespace.as_str()), Ok(namespace));
    assert!(Namespace::parse(&"a".repeat(256)).is_err());
}

#[test]
fn names_order_by_bytes_and_serialise_as_text() {
    assert!(name("a-b") < name("a.b") && name("a.b") < name("a/b") && name("a/b") < name("a0"));
    assert_eq!(serde_json::to_string(&name("a/b")).unwrap(), "\"a/b\"");
    assert_eq!(
        serde_json::from_str::<RepositoryName>("\"a\\u002fb\"").unwrap(),
        name("a/b")
    );
    let error = serde_json::from_str::<RepositoryName>("\"A\"").unwrap_err();
    assert!(error.to_string().contains("use \"a\""), "{error}");
}

#[test]
fn the_oci_rules_allow_every_name() {
    for text in ["a", "t/a", "a---b/c__d.e"] {
        assert_eq!(NamingRules::default().check(&name(text)), Ok(()));
    }
}

#[test]
fn the_managed_rules_name_what_is_broken() {
    let rules = NamingRules::managed();
    for text in ["alpine", "ab/cd", "my-team_1/app.v1/part"] {
        assert_eq!(rules.check(&name(text)), Ok(()), "{text}");
    }
    breaks(
        &rules,
        "a/app",
        "the namespace \"a\" is too short: it needs at least 2 characters",
    );
    breaks(
        &rules,
        &format!("{}/app", "a".repeat(31)),
        &format!(
            "the namespace {:?} is too long: it may have at most 30 characters",
            "a".repeat(31)
        ),
    );
    breaks(
        &rules,
        "my.team/app",
        "the namespace \"my.team\" contains '.': only \"abcdefghijklmnopqrstuvwxyz0123456789-_\" may occur in it",
    );
    breaks(
        &rules,
        "team/app/x",
        "the repository component \"x\" is too short: it needs at least 2 characters",
    );
    assert!(
        rules
            .check(&name(&format!("team/{}", "a".repeat(65))))
            .is_err()
    );
    assert!(
        rules
            .check_namespace(&Namespace::parse("t").unwrap())
            .is_err()
    );
}

#[test]
fn rules_are_settings() {
    let rules = NamingRules::managed();
    let json = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<NamingRules>(&json).unwrap(), rules);
    let unknown = r#"{"namespace": {"min_length": 1, "max_length": 2, "maximum": 3}}"#;
    assert!(serde_json::from_str::<NamingRules>(unknown).is_err());
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_name_of_the_grammar_parses(
        text in "[a-z0-9]{1,5}((\\.|_|__|-{1,4})[a-z0-9]{1,5}){0,3}(/[a-z0-9]{1,5}((\\.|_|__|-{1,4})[a-z0-9]{1,5}){0,3}){0,3}"
    ) {
        let name = name(&text);
        prop_assert_eq!(name.as_str(), &text);
        prop_assert_eq!(name.canonical().namespace(), name.namespace());
    }
}
