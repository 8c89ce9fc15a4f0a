//! What the caller of the program can mend is one sentence and exit code 2.

use crate::server::{Ended, Server, run};

#[track_caller]
fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.status.code(), Some(2), "{}", ended.err);
    assert_eq!(ended.out, "");
    let said: Vec<_> = ended
        .err
        .lines()
        .filter(|line| line.starts_with("registry: "))
        .collect();
    let [sentence] = said[..] else {
        panic!("not one sentence: {}", ended.err)
    };
    for word in words {
        assert!(sentence.contains(word), "{word:?} in {sentence}");
    }
}

#[test]
fn a_wrong_flag_names_itself_and_the_nearest_right_one() {
    refused(
        &run(&["serve", "--memory", "--lisen", "x"]),
        &["--lisen", "--listen"],
    );
    refused(
        &run(&["serve", "--memory", "--references", "some"]),
        &["some", "--references"],
    );
    refused(
        &run(&["serve", "--memory", "--listen", "nowhere"]),
        &["nowhere", "IP:PORT"],
    );
    refused(
        &run(&["serve", "--memory", "--public-url", "ftp://x"]),
        &["--public-url"],
    );
    refused(&run(&["serv"]), &["serv", "serve"]);
    refused(
        &run(&["serve", "--memory", "--data", "x", "--relaxed"]),
        &["--memory", "--data"],
    );
}

#[test]
fn an_address_in_use_is_named() {
    let first = Server::start(&["--listen", "127.0.0.1:0"]);
    let ended = run(&["serve", "--memory", "--listen", first.host()]);
    refused(&ended, &[first.host(), "in use", "or set another address"]);
}

#[test]
fn help_and_version_are_no_failures() {
    for arguments in [&["--help"][..], &["serve", "--help"], &["--version"]] {
        let ended = run(arguments);
        assert_eq!((ended.status.code(), ended.err.as_str()), (Some(0), ""));
        assert!(ended.out.contains("registry"));
    }
    let help = run(&["serve", "--help"]).out;
    for flag in [
        "--memory",
        "--listen",
        "--references",
        "--grace",
        "--drain",
        "--log",
    ] {
        assert!(help.contains(flag), "{flag}");
    }
}
