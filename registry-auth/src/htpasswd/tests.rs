use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
};

use super::*;

/// Hashes of the least cost: tests need not wait.
fn line(name: &str, password: &str) -> String {
    format!("{name}:{}\n", bcrypt::hash(password, 4).unwrap())
}

fn users(text: &str) -> Htpasswd {
    let file = HtpasswdFile::parse(text).unwrap();
    Htpasswd::new("here", file, &|bytes: &mut [u8]| bytes.fill(7))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build();
    runtime.unwrap().block_on(future)
}

fn basic(name: &str, password: &str) -> Credentials {
    Credentials::Basic {
        name: name.to_owned(),
        password: Secret::new(password.to_owned()),
    }
}

async fn ask(users: &Htpasswd, name: &str, password: &str) -> Result<Caller, AuthenticateError> {
    users.authenticate(Some(&basic(name, password))).await
}

/// What apache's `htpasswd -bnB ada lovelace` printed.
const OF_APACHE: &str = "ada:$2y$05$VN0748/rcV7nvqm8C5LASuD9aBGlYMelXb4UqrcLGfqu90MFkidB6";

#[test]
fn a_line_that_apaches_htpasswd_wrote_names_its_user() {
    let users = users(OF_APACHE);
    run(async {
        assert_eq!(
            ask(&users, "ada", "lovelace").await,
            Ok(Caller::named("ada"))
        );
        assert_eq!(
            ask(&users, "ada", "wrong").await,
            Err(AuthenticateError::Refused)
        );
    });
}

#[test]
fn whatever_is_wrong_is_refused_and_never_anonymous() {
    let users = users(&(line("ada", "right") + &line("bob", "other")));
    run(async {
        assert_eq!(users.authenticate(None).await, Ok(Caller::anonymous()));
        // Twice: the second answer is remembered.
        for _ in 0..2 {
            assert_eq!(ask(&users, "ada", "right").await, Ok(Caller::named("ada")));
            for (name, password) in [
                ("ada", "other"),
                ("ada", ""),
                ("eve", "right"),
                ("", ""),
                ("ADA", "right"),
            ] {
                assert_eq!(
                    ask(&users, name, password).await,
                    Err(AuthenticateError::Refused),
                    "{name}"
                );
            }
        }
        let bearer = Credentials::Bearer(Secret::new("right".to_owned()));
        assert_eq!(
            users.authenticate(Some(&bearer)).await,
            Err(AuthenticateError::Refused)
        );
    });
}

#[test]
fn a_file_without_users_lets_nobody_in() {
    let users = users("# nobody yet\n\n");
    assert_eq!(run(ask(&users, "ada", "")), Err(AuthenticateError::Refused));
}

#[test]
fn another_file_counts_at_once() {
    let users = users(&line("ada", "before"));
    run(async {
        assert!(ask(&users, "ada", "before").await.is_ok());
        users.replace(HtpasswdFile::parse(&line("ada", "after")).unwrap());
        assert_eq!(
            ask(&users, "ada", "before").await,
            Err(AuthenticateError::Refused)
        );
        assert!(ask(&users, "ada", "after").await.is_ok());
    });
}

#[test]
fn hazard_35_a_password_is_computed_once_and_off_the_async_threads() {
    let users = users(&line("ada", "right"));
    run(async { assert!(ask(&users, "ada", "right").await.is_ok()) });
    // Without a runtime nothing can be computed: the answer is remembered, and there at the first poll.
    let credentials = basic("ada", "right");
    let again = pin!(users.authenticate(Some(&credentials)));
    let polled = again.poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, std::task::Poll::Ready(Ok(_))));
}

#[test]
fn hazard_35_wrong_passwords_by_the_thousand_are_told_to_come_again() {
    let users = Arc::new(users(&line("ada", "right")));
    run(async {
        let all_turns = users.computing.acquire_many(AT_ONCE as u32).await.unwrap();
        let waiting: Vec<_> = (0..WAITING)
            .map(|number| {
                let users = Arc::clone(&users);
                tokio::spawn(async move { ask(&users, "ada", &number.to_string()).await })
            })
            .collect();
        while users.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = ask(&users, "ada", "one more").await;
        assert!(
            matches!(refused, Err(AuthenticateError::Unavailable(_))),
            "{refused:?}"
        );
        drop(all_turns);
        for one in waiting {
            assert_eq!(one.await.unwrap(), Err(AuthenticateError::Refused));
        }
        assert!(ask(&users, "ada", "right").await.is_ok());
    });
}

#[test]
fn hazard_37_an_unknown_name_is_compared_with_a_users_hash_always_the_same() {
    let users = users(&(line("ada", "right") + &line("bob", "other")));
    let number = |name| users.number(name);
    assert_eq!(number("eve"), number("eve"));
    assert_ne!(number("eve"), number("mallory"));
    // The right password of whichever user it is compared with does not help.
    let file = &users.state().file;
    for other in 0..2 {
        for password in ["right", "other"] {
            assert!(!file.is_right("eve", &Secret::new(password.to_owned()), other));
        }
    }
}

#[test]
fn hazard_31_nothing_prints_a_password_or_a_hash() {
    let users = users(OF_APACHE);
    let file = HtpasswdFile::parse(OF_APACHE).unwrap();
    let printed = format!("{users:?} {file:?}");
    assert!(!printed.contains("$2y$"), "{printed}");
    for wrong in [
        "ada:hunter2",
        "ada:{SHA}hunter2=",
        "hunter2",
        "ada:$2y$31$hunter2",
    ] {
        let error = HtpasswdFile::parse(wrong).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_line() {
    let dear = OF_APACHE.replace("$05$", "$18$");
    for (text, words) in [
        ("# users\nada", "line 2: it must be NAME:HASH"),
        (
            "ada:$apr1$x$y",
            "line 1: the password of \"ada\" is not hashed by bcrypt",
        ),
        ("ada:$2y$05$tooshort", "not hashed by bcrypt"),
        (":x", "line 1: the name is missing"),
        (
            &format!("{OF_APACHE}\n{OF_APACHE}"),
            "line 2: \"ada\" is there already",
        ),
        (&dear, "has the cost 18"),
    ] {
        let error = HtpasswdFile::parse(text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
