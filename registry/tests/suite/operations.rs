//! What operators see of a running server.

use std::{
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use crate::server::{Server, ask};

/// A directory of a test's own, gone at its end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("registry-operations-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A server in memory with this configuration.
    fn configured(&self, configuration: &str) -> Server {
        let path = self.join("registry.toml");
        fs::write(&path, configuration).unwrap();
        let path = path.to_str().unwrap();
        Server::start(&["--listen", "127.0.0.1:0", "--config", path])
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn get(server: &Server, path: &str) -> String {
    ask(&mut server.connect(), &format!("GET {path}"))
}

#[track_caller]
fn assert_status(answer: &str, status: u16) {
    let expected = format!("HTTP/1.1 {status} ");
    assert!(answer.starts_with(&expected), "{answer}");
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn figures_tell_of_requests_the_database_the_disk_and_the_process() {
    let place = Place::new("figures");
    let server = Server::over(&place.join("data"));
    assert_status(&get(&server, "/v2/"), 200);
    let figures = get(&server, "/metrics");
    assert_status(&figures, 200);
    for line in [
        "registry_requests_total{route=\"ping\",method=\"GET\",status=\"200\"} 1",
        "registry_database_commits_total{outcome=\"done\"} ",
        "registry_database_group_size_bucket{le=\"1\"} ",
        "registry_database_commit_seconds_count ",
        "registry_storage_available_bytes ",
        "registry_connections_open ",
        "registry_collection_failures_total 0",
        "registry_build_info{version=",
        "process_resident_memory_bytes ",
    ] {
        assert!(figures.contains(&format!("\n{line}")), "{line}: {figures}");
    }
}

#[test]
fn a_server_is_ready_while_its_disk_and_its_database_are_written_to() {
    let place = Place::new("ready");
    let server = Server::over(&place.join("data"));
    let ready = get(&server, "/readyz");
    assert_status(&ready, 200);
    assert!(
        ready.contains(r#""content":"works","database":"works","storage":"works""#),
        "{ready}"
    );
    // As where the disk was unmounted.
    let marker = place.join("data/content/layout");
    fs::rename(&marker, marker.with_extension("aside")).unwrap();
    let red = until(&server, "HTTP/1.1 503 ");
    assert!(
        red.contains(r#""content":"works","database":"works","storage":"fails""#),
        "{red}"
    );
    let path = place.0.to_str().unwrap();
    assert!(!red.contains(path) && !red.contains("layout"), "{red}");
    assert_status(&get(&server, "/healthz"), 200);
    fs::rename(marker.with_extension("aside"), &marker).unwrap();
    until(&server, "HTTP/1.1 200 ");
}

/// Asks whether it is ready until the answer is another.
fn until(server: &Server, status: &str) -> String {
    loop {
        let answer = get(server, "/readyz");
        if answer.starts_with(status) {
            return answer;
        }
    }
}

#[test]
fn operators_may_have_a_listener_of_their_own() {
    let place = Place::new("listener");
    let socket = place.join("operators.sock");
    let address = format!("unix:{}", socket.display());
    let configuration = format!("[operations]\nlisten = [\"{address}\"]\n");
    let server = place.configured(&configuration);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_status(&get(&server, path), 404);
        let mut stream = UnixStream::connect(&socket).unwrap();
        assert_status(&ask(&mut stream, &format!("GET {path}")), 200);
    }
    let mut stream = UnixStream::connect(&socket).unwrap();
    assert_status(&ask(&mut stream, "GET /v2/"), 404);
    server.signal("TERM");
    assert_eq!(server.ended().status.code(), Some(0));
}

#[test]
fn requests_are_logged_to_a_file_that_can_be_moved_away() {
    let place = Place::new("log");
    let (log, moved) = (place.join("access.log"), place.join("access.log.1"));
    let configuration = format!("[access_log]\nto = \"{}\"\n", log.display());
    let mut server = place.configured(&configuration);
    let first = get(&server, "/v2/team/app/tags/list");
    while lines(&log).is_empty() {}
    fs::rename(&log, &moved).unwrap();
    server.signal("HUP");
    server.log_says(&["\"reloaded\""]);
    assert_status(&get(&server, "/v2/"), 200);
    server.signal("TERM");
    assert_eq!(server.ended().status.code(), Some(0));
    let (moved, log) = (lines(&moved), lines(&log));
    assert_eq!((moved.len(), log.len()), (1, 1), "{moved:?} {log:?}");
    let id = first
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "));
    let id = format!("\"id\":\"{}\"", id.unwrap());
    assert!(moved[0].contains(&id), "{moved:?}");
    assert!(
        moved[0].contains("\"repository\":\"team/app\""),
        "{moved:?}"
    );
    assert!(log[0].contains("\"route\":\"ping\""), "{log:?}");
}

#[test]
fn rates_are_kept_as_configured() {
    let place = Place::new("rates");
    let server = place.configured("[limits]\naddress_rate = \"2/h\"\n");
    assert_status(&get(&server, "/v2/"), 200);
    assert_status(&get(&server, "/v2/"), 200);
    let refused = get(&server, "/v2/");
    assert_status(&refused, 429);
    assert!(refused.contains("\r\nretry-after: ") && refused.contains("TOOMANYREQUESTS"));
    assert_status(&get(&server, "/healthz"), 200);
}
