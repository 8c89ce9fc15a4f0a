//! A disk that turns read-only, and permissions that are lost, while the server runs.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    assert_there, content,
    disk::Disk,
    manifest, push_blob, push_manifest,
    server::{Server, program},
    tagged,
};

const LARGE: usize = 300_000;
const SMALL: usize = 4_000;

/// Blobs of which the first three are large, and the others small.
fn acknowledge(server: &Server) {
    assert_eq!(push_blob(server, b"{}"), 201);
    for (number, length) in [(0, LARGE), (1, LARGE), (2, LARGE), (3, SMALL), (4, SMALL)] {
        assert_eq!(push_blob(server, &content(number, length)), 201, "{number}");
    }
    assert_eq!(push_manifest(server, "v1", &content(0, LARGE)), 201);
}

fn assert_whole(server: &Server) {
    assert_there(server, 0..3, LARGE);
    assert_there(server, 3..5, SMALL);
    assert_eq!(
        tagged(server, "v1"),
        manifest(&content(0, LARGE)).as_bytes()
    );
}

fn status(server: &Server, path: &str) -> u16 {
    server.exchange(&format!("GET {path}"), b"").status
}

/// Waits until the parts have been tried again: an outcome is kept for a moment.
fn wait_until_ready(server: &Server) {
    for _ in 0..600 {
        if status(server, "/readyz") == 200 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it does not get ready");
}

fn wait_until_not_ready(server: &Server) {
    for _ in 0..600 {
        if status(server, "/readyz") == 503 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it stays ready");
}

/// Nothing that was not read is taken for wrong.
fn assert_nothing_quarantined(server: &Server) {
    let page = server.exchange("GET /metrics", b"").body;
    let page = String::from_utf8(page).unwrap();
    let quarantined = page
        .lines()
        .find(|line| line.starts_with("registry_quarantined_total"));
    assert_eq!(quarantined, Some("registry_quarantined_total 0"));
}

#[test]
fn hazard_41_a_disk_that_turns_read_only_refuses_pushes_and_loses_nothing() {
    let disk = Disk::mount("read-only");
    let data = disk.path().join("data");
    let server = Server::over(&data);
    acknowledge(&server);
    wait_until_ready(&server);

    disk.fail();
    for number in 10..14 {
        let refused = [
            push_blob(&server, &content(number, LARGE)),
            push_blob(&server, &content(number, SMALL)),
            push_manifest(&server, "v1", &content(1, LARGE)),
            push_manifest(&server, "v2", &content(2, LARGE)),
        ];
        assert_eq!(refused, [503; 4]);
        assert_whole(&server);
    }
    wait_until_not_ready(&server);
    assert_eq!(status(&server, "/healthz"), 200);
    assert_nothing_quarantined(&server);
    drop(server);

    disk.mend();
    let server = Server::over(&data);
    wait_until_ready(&server);
    assert_whole(&server);
    assert_eq!(push_blob(&server, &content(10, LARGE)), 201);
    assert_eq!(push_manifest(&server, "v1", &content(1, LARGE)), 201);
    assert_nothing_quarantined(&server);
}

/// A directory that belongs to somebody who is not root, with the program in it.
struct Home(PathBuf);

/// Whoever it is; the system need not know a name.
const SOMEBODY: u32 = 65_534;

impl Home {
    fn make() -> Self {
        let name = format!("registry-somebody-{}", std::process::id());
        let home = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&home.0).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_registry"), home.program()).unwrap();
        for path in [&home.0, &home.program()] {
            chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
            allow(path, 0o755);
        }
        home
    }

    fn program(&self) -> PathBuf {
        self.0.join("registry")
    }

    fn serve(&self) -> Server {
        let mut command = Command::new("setpriv");
        let id = SOMEBODY.to_string();
        command
            .args(["--reuid", &id, "--regid", &id, "--clear-groups"])
            .arg(self.program());
        Server::of(program(&mut command, &self.0.join("data")))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn hazard_41_content_that_may_not_be_read_is_not_taken_for_wrong_or_absent() {
    let home = Home::make();
    let server = home.serve();
    acknowledge(&server);
    wait_until_ready(&server);
    let blobs = home.0.join("data/content/blobs");

    allow(&blobs, 0);
    for number in 0..3 {
        let digest = crate::sha256(&content(number, LARGE));
        let path = format!("/v2/team/app/blobs/{digest}");
        assert_eq!(status(&server, &path), 503, "{number}");
    }
    assert_eq!(push_blob(&server, &content(10, LARGE)), 503);
    assert_there(&server, 3..5, SMALL);
    wait_until_not_ready(&server);
    assert_eq!(status(&server, "/healthz"), 200);
    assert_nothing_quarantined(&server);

    allow(&blobs, 0o700);
    wait_until_ready(&server);
    assert_whole(&server);
    assert_eq!(push_blob(&server, &content(10, LARGE)), 201);
    assert_nothing_quarantined(&server);
}
