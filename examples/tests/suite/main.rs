//! Every example runs to its end and shows what it says.

use std::process::Command;

#[track_caller]
fn shows(binary: &str, expected: &[&str]) {
    let output = Command::new(binary).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for expected in expected {
        assert!(text.contains(expected), "{expected:?} in {text}");
    }
}

#[test]
fn a_registry_stands_beside_routes_of_axum() {
    shows(
        env!("CARGO_BIN_EXE_embed-in-axum"),
        &["/ says hello", "/v2/ says 200 OK"],
    );
}

#[test]
fn own_users_and_policy_decide() {
    let expected = [
        "ada pushes to ada/app: 202",
        "bob pushes to ada/app: 403",
        "nobody pushes to ada/app: 401",
    ];
    shows(env!("CARGO_BIN_EXE_own-users-and-policy"), &expected);
}

#[test]
fn a_hook_vetoes() {
    let expected = [
        "refused: annotate",
        "pushed sha256:",
        "refused: v1 is released",
    ];
    shows(env!("CARGO_BIN_EXE_veto-a-push"), &expected);
}

#[test]
fn a_test_has_a_registry() {
    let expected = [
        "GET /v2/library/app/manifests/v1 429",
        "GET /v2/library/app/manifests/v1 200",
        "pulled sha256:",
    ];
    shows(env!("CARGO_BIN_EXE_registry-in-a-test"), &expected);
}

#[test]
fn events_arrive_in_a_channel() {
    let expected = ["NamespaceCreated", "RepositoryCreated", "BlobPushed"];
    shows(env!("CARGO_BIN_EXE_events-to-a-channel"), &expected);
}
