//! Images moved in and out as an operator does it.

use std::{
    fs,
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::{
    backup::ledger::Ledger,
    data::Data,
    exchange::{content, sha256},
    listening::Place,
    server::{Ended, Server, program, run},
};

/// `ada` with the password `lovelace`, as apache's `htpasswd -bnB` printed it.
const ADA: &str = "ada:$2y$05$VN0748/rcV7nvqm8C5LASuD9aBGlYMelXb4UqrcLGfqu90MFkidB6";

/// Images of three repositories; two share a layer.
fn stock(server: &Server) -> Ledger {
    let ledger = Ledger::default();
    let images = [
        ("team/app", "v1", 1),
        ("team/app", "v2", 2),
        ("other", "v1", 1),
        ("x/y/z", "w", 3),
    ];
    for (repository, tag, layer) in images {
        assert!(ledger.push_image(server.host(), repository, tag, &content(layer, 60_000)));
    }
    ledger
}

fn has_all(server: &Server, ledger: &Ledger) {
    let now = ledger.now();
    assert_eq!(ledger.compare(server.host(), now, now), 4);
}

fn layout(data: &Data) -> String {
    format!("oci:{}", data.path())
}

#[track_caller]
fn ends(ended: &Ended, code: i32, said: &[&str]) {
    let Ended { status, out, err } = ended;
    assert_eq!(status.code(), Some(code), "{out}{err}");
    for words in said {
        assert!(
            out.contains(words) || err.contains(words),
            "{words}: {out}{err}"
        );
    }
}

/// A data directory without a server, with nothing in it.
fn fresh(name: &str) -> Data {
    let data = Data::new(name);
    stop(Server::over(data.as_ref()));
    data
}

fn stop(server: Server) -> Ended {
    server.signal("TERM");
    let ended = server.ended();
    assert_eq!(ended.status.code(), Some(0));
    ended
}

#[test]
fn images_go_through_a_layout_from_a_server_to_a_directory_without_one() {
    let (from, to, place) = (
        Data::new("export"),
        fresh("import"),
        Data::new("export-layout"),
    );
    let server = Server::over(from.as_ref());
    let ledger = stock(&server);
    let exported = run(&["export", &layout(&place), "--data", from.path()]);
    ends(
        &exported,
        0,
        &["team/app:v1: copied", "images: 4 copied, 0", "failed: 0"],
    );
    let imported = run(&["import", &layout(&place), "--data", to.path()]);
    ends(
        &imported,
        0,
        &[
            "images: 4 copied, 0 already there",
            "blobs: 1 copied, 3 linked",
        ],
    );
    assert!(!imported.out.contains('\x1b'), "{}", imported.out);
    let again = run(&["import", &layout(&place), "--data", to.path()]);
    ends(
        &again,
        0,
        &["images: 0 copied, 4 already there", "bytes copied: 0"],
    );
    has_all(&Server::over(to.as_ref()), &ledger);
}

/// How many names a file has.
fn names(path: &Path) -> u64 {
    fs::metadata(path).unwrap().nlink()
}

fn blob(layout: &Data, bytes: &[u8]) -> PathBuf {
    let blobs = layout.as_ref().join("blobs");
    blobs.join(sha256(bytes).replace(':', "/"))
}

#[test]
fn layers_come_by_hard_link_and_are_believed_only_where_that_is_said() {
    let (from, place) = (Data::new("link"), Data::new("link-layout"));
    let ledger = stock(&Server::over(from.as_ref()));
    ends(
        &run(&["export", &layout(&place), "--data", from.path()]),
        0,
        &[],
    );
    let to = fresh("link-to");
    let import = |to: &Data, more: &[&str]| {
        let arguments = ["import", &layout(&place), "--data", to.path()];
        run(&[&arguments[..], more].concat())
    };
    ends(&import(&to, &[]), 0, &["3 linked", "bytes copied: 2\n"]);
    assert_eq!(names(&blob(&place, &content(3, 60_000))), 2);
    ends(&import(&to, &[]), 0, &["images: 0 copied, 4 already"]);
    let server = Server::over(to.as_ref());
    has_all(&server, &ledger);
    stop(server);
    // In a file of its own, so that what was linked stays as it is.
    let damaged = blob(&place, &content(3, 60_000));
    fs::remove_file(&damaged).unwrap();
    fs::write(&damaged, content(4, 60_000)).unwrap();
    let (careful, trusting) = (fresh("link-careful"), fresh("link-trusting"));
    ends(
        &import(&careful, &[]),
        1,
        &["x/y/z:w: failed", "digest", "images: 3 copied"],
    );
    assert_eq!(names(&damaged), 1);
    ends(&import(&trusting, &["--trust"]), 0, &["images: 4 copied"]);
    assert_eq!(names(&damaged), 2);
    let scrubbed = run(&["scrub", "--anew", "--data", trusting.path()]);
    ends(&scrubbed, 1, &[&sha256(&content(3, 60_000))]);
    let said = run(&["import", "https://host", "--trust", "--data", to.path()]);
    ends(&said, 2, &["--trust is for directories"]);
}

#[test]
fn an_import_makes_a_registry_where_there_is_none_and_an_export_does_not() {
    let (from, to, place) = (
        Data::new("make"),
        Data::new("make-to"),
        Data::new("make-layout"),
    );
    let ledger = stock(&Server::over(from.as_ref()));
    ends(
        &run(&["export", &layout(&place), "--data", from.path()]),
        0,
        &[],
    );
    let export = run(&["export", &layout(&place), "--data", to.path()]);
    ends(&export, 2, &["holds no registry"]);
    assert!(!to.as_ref().exists());
    let import = run(&["import", &layout(&place), "--data", to.path()]);
    ends(
        &import,
        0,
        &["a new registry in", to.path(), "images: 4 copied"],
    );
    let again = run(&["import", &layout(&place), "--data", to.path()]);
    ends(&again, 0, &["images: 0 copied, 4 already"]);
    assert!(!again.out.contains("a new registry"), "{}", again.out);
    has_all(&Server::over(to.as_ref()), &ledger);
}

#[test]
fn images_go_through_a_storage_directory_by_hard_link() {
    let (from, to, place) = (
        Data::new("dist"),
        Data::new("dist-to"),
        Data::new("dist-place"),
    );
    let ledger = stock(&Server::over(from.as_ref()));
    let storage = format!("distribution:{}", place.path());
    let export = || run(&["export", &storage, "--data", from.path()]);
    ends(&export(), 0, &["images: 4 copied", "1 copied, 3 linked"]);
    ends(&export(), 0, &["images: 0 copied, 4 already"]);
    let digest = sha256(&content(3, 60_000));
    let encoded = digest.strip_prefix("sha256:").unwrap();
    let blobs = place.as_ref().join("docker/registry/v2/blobs/sha256");
    let data = blobs.join(&encoded[..2]).join(encoded).join("data");
    assert_eq!(names(&data), 2);
    let import = run(&["import", &storage, "--data", to.path()]);
    ends(&import, 0, &["images: 4 copied", "3 linked"]);
    assert_eq!(names(&data), 3);
    has_all(&Server::over(to.as_ref()), &ledger);
}

#[test]
fn images_go_through_a_tar() {
    let (from, to, place) = (Data::new("tar"), fresh("tar-to"), Data::new("tar-file"));
    let server = Server::over(from.as_ref());
    let ledger = stock(&server);
    let archive = format!("oci-archive:{}", place.path());
    let exported = run(&["export", &archive, "--data", from.path(), "--jobs", "8"]);
    ends(&exported, 0, &["images: 4 copied, 0", "failed: 0"]);
    let imported = run(&["import", &archive, "--data", to.path()]);
    ends(&imported, 0, &["images: 4 copied, 0 already there"]);
    let again = run(&["import", &archive, "--data", to.path()]);
    ends(&again, 0, &["images: 0 copied, 4 already there"]);
    has_all(&Server::over(to.as_ref()), &ledger);
    let bytes = fs::read(place.as_ref()).unwrap();
    fs::remove_file(place.as_ref()).unwrap();
    fs::write(place.as_ref(), &bytes[..bytes.len() / 2]).unwrap();
    let cut = run(&["import", &archive, "--data", to.path()]);
    ends(&cut, 2, &["cut short"]);
    fs::remove_file(place.as_ref()).unwrap();
}

#[test]
fn images_come_from_another_registry_and_go_there_while_servers_run() {
    let (data, other) = (
        Data::new("import-running"),
        Server::start(&["--listen", "127.0.0.1:0"]),
    );
    let ledger = stock(&other);
    let server = Server::over(data.as_ref());
    let named = ["--repository", "team/app", "--tag", "v1", "--jobs", "2"];
    let arguments = [
        &["import", &other.address, "--data", data.path()][..],
        &named,
    ]
    .concat();
    ends(&run(&arguments), 0, &["images: 1 copied"]);
    ends(
        &run(&["import", &other.address, "--data", data.path()]),
        0,
        &["images: 3 copied, 1 already there"],
    );
    has_all(&server, &ledger);
    let third = Server::start(&["--listen", "127.0.0.1:0"]);
    ends(
        &run(&["export", &third.address, "--data", data.path()]),
        0,
        &["images: 4 copied"],
    );
    has_all(&third, &ledger);
}

#[test]
fn a_damaged_image_is_told_and_the_rest_is_moved() {
    let (from, to, place) = (
        Data::new("damaged"),
        fresh("damaged-to"),
        Data::new("damaged-layout"),
    );
    let server = Server::over(from.as_ref());
    stock(&server);
    ends(
        &run(&["export", &layout(&place), "--data", from.path()]),
        0,
        &[],
    );
    let digest = sha256(&content(3, 60_000));
    let file: PathBuf = Path::new(place.path())
        .join("blobs")
        .join(digest.replace(':', "/"));
    fs::write(file, content(4, 60_000)).unwrap();
    let imported = run(&["import", &layout(&place), "--data", to.path()]);
    let said = [
        "x/y/z:w: failed",
        &digest,
        "images: 3 copied",
        "failed: 1",
        "not all",
    ];
    ends(&imported, 1, &said);
}

#[test]
fn the_certificate_of_another_registry_is_looked_at_unless_that_is_said() {
    let (data, place) = (fresh("moving-tls"), Place::new("moving"));
    let other = place.serve();
    let host = other.address.replace("127.0.0.1", "localhost");
    let import = |source: &str, more: &[&str]| {
        run(&[&["import", source, "--data", data.path()], more].concat())
    };
    let ca = place.path("ca.pem");
    ends(&import(&host, &[]), 2, &["certificate"]);
    ends(&import(&host, &["--ca", &ca]), 0, &["images: 0 copied"]);
    let other_name = import(&other.address, &["--ca", &ca]);
    ends(&other_name, 2, &["certificate"]);
    let warned = import(&other.address, &["--insecure"]);
    ends(&warned, 0, &["warning: --insecure", "images: 0 copied"]);
    ends(
        &import(&host, &["--ca", data.path()]),
        2,
        &["cannot be read"],
    );
    let key = place.path("server.key");
    ends(&import(&host, &["--ca", &key]), 2, &["no certificate"]);
    ends(
        &import("http://host", &["--insecure"]),
        2,
        &["behind https"],
    );
    let both = import(&host, &["--insecure", "--ca", &ca]);
    ends(&both, 2, &["cannot be used with"]);
}

#[test]
fn what_cannot_be_begun_is_told_with_another_exit_code() {
    let (data, place) = (fresh("moving-none"), Data::new("moving-none-layout"));
    let import = |source: &str| run(&["import", source, "--data", data.path()]);
    ends(&import(&layout(&place)), 2, &["is no OCI layout"]);
    ends(&import("distribution:/proc"), 2, &["no storage directory"]);
    ends(&import("http://127.0.0.1:1"), 2, &["127.0.0.1:1"]);
    ends(&import("/srv/images"), 2, &["it begins with oci:"]);
    ends(&import("https://ann:hunter2@host"), 2, &["by options"]);
    let export = run(&["export", "distribution:/tmp", "--data", data.path()]);
    ends(&export, 2, &["neither empty nor a storage directory"]);
    fs::create_dir(place.as_ref()).unwrap();
    fs::write(place.as_ref().join("letter"), "").unwrap();
    let export = run(&["export", &layout(&place), "--data", data.path()]);
    ends(&export, 2, &["neither empty nor"]);
}

#[test]
fn a_password_goes_to_the_other_registry_and_into_no_log() {
    let (data, users) = (Data::new("moving-password"), Data::new("moving-users"));
    fs::write(users.as_ref(), ADA).unwrap();
    let other = Server::start(&["--listen", "127.0.0.1:0", "--htpasswd", users.path()]);
    let server = Server::over(data.as_ref());
    let import = |password: &str| {
        let arguments = [
            "import",
            &other.address,
            "--username",
            "ada",
            "--password-stdin",
        ];
        let mut command = program(&[&arguments[..], &["--data", data.path()]].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "{password}").unwrap();
        drop(input);
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended {
            status: output.status,
            out: text(output.stdout),
            err: text(output.stderr),
        }
    };
    ends(&import("lovelace"), 0, &["images: 0 copied"]);
    ends(&import("hunter2"), 2, &["401"]);
    let log = stop(server).err;
    assert!(log.contains("Password(…)"), "{log}");
    assert!(
        !log.contains("lovelace") && !log.contains("hunter2"),
        "{log}"
    );
}
