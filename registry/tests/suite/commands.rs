//! Commands on a data directory, with a server that has it and without one.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::{
    data::Data,
    server::{Server, end, program, run},
};

fn gc(data: &Data) -> crate::server::Ended {
    run(&["gc", "--data", data.path()])
}

#[test]
fn a_command_works_in_the_server_that_has_the_directory() {
    let data = Data::new("commands-running");
    let server = Server::over(data.as_ref());
    let mode = fs::metadata(data.as_ref().join("control.sock")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);

    let ended = gc(&data);

    assert_eq!((ended.status.code(), ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.contains("files deleted: 0"), "{}", ended.out);
    server.signal("TERM");
    assert!(server.ended().err.contains("a command"));
}

#[test]
fn a_command_works_on_the_directory_itself_where_no_server_runs() {
    let data = Data::new("commands-alone");
    let server = Server::over(data.as_ref());
    server.signal("KILL");
    server.ended();

    let ended = gc(&data);

    assert_eq!((ended.status.code(), ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.contains("files deleted: 0"), "{}", ended.out);
}

#[test]
fn a_command_works_on_the_directory_that_is_configured() {
    let data = Data::new("commands-configured");
    let server = Server::over(data.as_ref());
    let mut command = program(&["gc"]);
    let ended = end(command.env("REGISTRY_STORAGE_PATH", data.path()));
    assert_eq!((ended.status.code(), ended.err.as_str()), (Some(0), ""));
    server.signal("TERM");
    assert!(server.ended().err.contains("a command"));
    let mut command = program(&["gc"]);
    let ended = end(command.env("REGISTRY_STORAGE_MEMORY", "true"));
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.err.contains("memory"), "{}", ended.err);
}

#[test]
fn a_command_on_what_is_no_registry_says_so_and_makes_none() {
    let data = Data::new("commands-none");
    let ended = gc(&data);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.err.contains("holds no registry"), "{}", ended.err);
    assert!(!data.as_ref().exists());
}

#[test]
fn a_path_too_long_for_a_socket_is_none_for_a_command() {
    let data = Data::new("commands-long");
    let long = data.as_ref().join("x".repeat(200));
    let server = Server::over(&long);
    let ended = run(&["gc", "--data", long.to_str().unwrap()]);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    server.signal("TERM");
    server.ended();
}

/// As many crashes leave, before their objects are named.
fn leave_unnamed(data: &Data, count: u8) -> Vec<std::path::PathBuf> {
    let directory = data.as_ref().join("content/blobs/sha256/aa");
    fs::create_dir_all(&directory).unwrap();
    let name = |number| format!("{}-{number:032x}", "a".repeat(64));
    let paths: Vec<_> = (0..count)
        .map(|number| directory.join(name(number)))
        .collect();
    paths
        .iter()
        .for_each(|path| fs::write(path, "unnamed").unwrap());
    paths
}

#[test]
fn hazard_41_many_files_that_nothing_names_go_only_when_that_is_accepted() {
    let data = Data::new("commands-unknown");
    let server = Server::over(data.as_ref());
    server.signal("TERM");
    server.ended();
    let files = leave_unnamed(&data, 20);
    let gc = |arguments: &[&str]| {
        let mut command = program(&[&["gc", "--data", data.path()], arguments].concat());
        let output = command.env("REGISTRY_COLLECTION_GRACE", "0s").output();
        let output = output.unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };

    let (code, said) = gc(&[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("20 of 20 objects are unknown"), "{said}");
    assert!(said.contains("--accept-unknown"), "{said}");
    assert!(files.iter().all(|file| file.exists()));

    assert_eq!(gc(&["--accept-unknown"]).0, Some(0));
    assert!(!files.iter().any(|file| file.exists()));
}
