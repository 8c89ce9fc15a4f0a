//! Lines, and how they are written.

use std::{fs, time::Duration};

use http::{HeaderMap, HeaderValue, Method, header::USER_AGENT};
use registry_core::SystemClock;

use super::*;

fn entry(user_agent: &[u8]) -> AccessEntry {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_bytes(user_agent).unwrap());
    let mut entry = AccessEntry::begin("id-1", None, &Method::GET, &headers);
    entry.status = Some(StatusCode::OK);
    entry.ended_after = Duration::from_micros(1_234_567);
    entry
}

#[test]
fn a_line_is_as_documented() {
    let mut entry = entry(b"docker/29");
    entry.caller = Some("ann".to_owned());
    let line = line(&entry, Timestamp::from_millis(1_000_000_000_001));
    let expected = concat!(
        r#"{"time":"2001-09-09T01:46:40.001Z","id":"id-1","caller":"ann","method":"GET","#,
        r#""route":"other","status":200,"received":0,"sent":0,"complete":false,"#,
        r#""answered_after":0.000000,"ended_after":1.234567,"user_agent":"docker/29"}"#,
        "\n"
    );
    assert_eq!(line, expected);
}

#[test]
fn hazard_27_nothing_that_a_client_sends_leaves_its_place_in_the_line() {
    let agent = "a\"}\\\u{85}\u{1b}[31m\u{202e}\u{1f600}\t";
    let mut entry = entry("\u{85}x".as_bytes());
    entry.user_agent = Some(format!("{agent}\r\n{{"));
    let line = line(&entry, Timestamp::default());
    assert!(line.is_ascii() && line.ends_with("}\n"));
    assert!(line.trim_end().bytes().all(|byte| byte >= b' '), "{line}");
    let parsed: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(parsed["user_agent"], format!("{agent}\r\n{{"));
}

#[test]
fn a_file_that_was_moved_away_is_made_again() {
    let directory = std::env::temp_dir().join(format!("registry-log-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let (path, moved) = (directory.join("log"), directory.join("moved"));
    let log = JsonLog::start(LogTarget::File(path.clone()), Arc::new(SystemClock)).unwrap();
    log.record(&entry(b"first"));
    drop(log);
    let log = JsonLog::start(LogTarget::File(path.clone()), Arc::new(SystemClock)).unwrap();
    fs::rename(&path, &moved).unwrap();
    log.reopen();
    log.record(&entry(b"second"));
    drop(log);
    let lines = |path| fs::read_to_string(path).unwrap();
    assert!(lines(&moved).contains("first") && !lines(&moved).contains("second"));
    assert!(lines(&path).contains("second"));
    fs::remove_dir_all(&directory).unwrap();
}
