use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, FromArgMatches};
use registry_core::{References, Secret};
use registry_storage::Durability;

use super::{raw::Raw, *};

/// A file of a test's own, gone at its end.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("registry-config-{name}-{}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn flags(arguments: &[&str]) -> Flags {
    let command = Flags::augment_args(clap::Command::new("test").no_binary_name(true));
    let matches = command.try_get_matches_from(arguments).unwrap();
    Flags::from_arg_matches(&matches).unwrap()
}

fn load(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(Config, Written), String> {
    let environment = environment
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::from_parts(&flags(arguments), environment).map_err(|problems| problems.join("\n"))
}

fn problems_of(text: &str, name: &str) -> Vec<String> {
    let file = File::new(name, text);
    let problems = load(&["--config", file.path()], &[]).unwrap_err();
    let shown = format!("{}:", file.path());
    problems
        .lines()
        .map(|line| line.replace(&shown, ""))
        .collect()
}

#[test]
fn without_anything_it_listens_on_loopback_and_keeps_data_here() {
    let (config, _) = load(&[], &[]).unwrap();
    assert_eq!(config.server.listen, [Listen::default()]);
    assert_eq!(config.storage.path, Path::new("registry-data"));
    assert_eq!(config.storage.durability, Durability::Strict);
    assert_eq!(config.log.level.write().unwrap(), "\"info\"");
}

#[test]
fn a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default() {
    let file = File::new(
        "precedence",
        "[server]\ndrain = 1\n[collection]\ngrace = \"1m\"\n[push]\nreferences = \"sparse\"\n",
    );
    let environment = [
        ("REGISTRY_CONFIG", file.path()),
        ("REGISTRY_SERVER_DRAIN", "2"),
        ("REGISTRY_COLLECTION_GRACE", "2m"),
    ];
    let (config, written) = load(&["--drain", "3"], &environment).unwrap();
    assert_eq!(config.server.drain, Duration::from_secs(3));
    assert_eq!(config.collection.grace, Duration::from_secs(120));
    assert_eq!(config.push.references, References::Sparse);
    for (section, name, origin) in [
        ("server", "drain", "flag --drain".to_owned()),
        (
            "collection",
            "grace",
            "environment REGISTRY_COLLECTION_GRACE".to_owned(),
        ),
        ("push", "references", format!("{}:6:14", file.path())),
        ("log", "level", "default".to_owned()),
    ] {
        assert_eq!(written.origin(section, name).to_string(), origin);
    }
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let problem = load(&["--config", "/does/not/exist.toml"], &[]).unwrap_err();
    assert!(problem.contains("/does/not/exist.toml"), "{problem}");
}

#[test]
fn the_flag_names_the_file_before_the_environment() {
    let file = File::new("named", "[server]\ndrain = 1\n");
    let elsewhere = [("REGISTRY_CONFIG", "/does/not/exist.toml")];
    let (config, _) = load(&["--config", file.path()], &elsewhere).unwrap();
    assert_eq!(config.server.drain, Duration::from_secs(1));
}

#[test]
fn everything_wrong_in_a_file_is_told_at_once_with_its_place() {
    let text = "level = \"debug\"\n[storrage]\npath = \"x\"\n[server]\nlisten = [\"nowhere\"]\n  lisen = 1\n\
                [push]\nreferences = 7\n[log]\nlevel = 3.5\n[limits]\nmanifest_bytes = \"4M\"\n";
    let expected = [
        "1:1: there is no key level; did you mean log.level?",
        "2:2: there is no section [storrage]; did you mean [storage]?",
        "5:10: server.listen = [\"nowhere\"]: it must be an address, IP:PORT or unix:PATH, \
         and after it the words that are wanted of tls, proxy-protocol, mode=660",
        "6:3: there is no key server.lisen; did you mean server.listen?",
        "8:14: push.references = 7: it must be one of strict, indexes, sparse",
        "10:9: log.level = a number with a fraction: it must be one of error, warn, info, debug, trace",
        "12:18: limits.manifest_bytes = \"4M\": it must be a size, as in 64KiB, 4MiB or 1GB, or a number of bytes",
    ];
    let mut problems = problems_of(text, "wrong");
    problems.sort_by_key(|problem| problem.split(':').next().unwrap().parse::<usize>().unwrap());
    assert_eq!(problems, expected);
}

#[test]
fn what_is_not_toml_is_told_with_its_place_and_the_rest_as_well() {
    let problems = problems_of("[server]\ndrain = = 3\n[storrage]\nx = 1\n", "syntax");
    assert!(problems.len() >= 2, "{problems:?}");
    assert!(problems[0].starts_with("2:"), "{problems:?}");
    assert!(
        problems.iter().any(|problem| problem.contains("storrage")),
        "{problems:?}"
    );
}

#[test]
fn a_section_is_a_table() {
    assert_eq!(
        problems_of("storage = 1\n", "table"),
        ["1:1: storage must be a section: write [storage]"]
    );
}

#[test]
fn a_value_that_another_one_wins_over_must_be_right_all_the_same() {
    let file = File::new("hidden", "[server]\ndrain = \"soon\"\n");
    assert!(load(&["--config", file.path(), "--drain", "3"], &[]).is_err());
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest_one() {
    let environment = [
        ("REGISTRY_SERVER_LISEN", "x"),
        ("REGISTRY_LOG_LEVEL", "loud"),
    ];
    let problems = load(&[], &environment).unwrap_err();
    let problems: Vec<_> = problems.lines().collect();
    assert_eq!(
        problems,
        [
            "environment REGISTRY_LOG_LEVEL: log.level = \"loud\": it must be one of error, warn, info, debug, trace",
            "environment REGISTRY_SERVER_LISEN: there is no such setting; did you mean REGISTRY_SERVER_LISTEN?",
        ]
    );
}

#[test]
fn what_an_orchestrator_sets_for_a_service_of_our_name_is_not_for_us() {
    let environment = [
        ("REGISTRY_PORT", "tcp://10.0.0.1:5000"),
        ("REGISTRY_PORT_5000_TCP_ADDR", "10.0.0.1"),
        ("REGISTRY_SERVICE_HOST", "10.0.0.1"),
        ("REGISTRY_SERVICE_PORT_HTTP", "5000"),
        ("REGISTRYX", "1"),
    ];
    assert!(load(&[], &environment).is_ok());
}

#[test]
fn a_list_is_written_as_in_toml_or_with_commas_or_by_repeating_the_flag() {
    let two = ["127.0.0.1:1", "unix:/run/r.sock"].map(|text| text.parse::<Listen>().unwrap());
    for text in [
        "127.0.0.1:1,unix:/run/r.sock",
        " 127.0.0.1:1 , unix:/run/r.sock ,",
        "[\"127.0.0.1:1\", 'unix:/run/r.sock']",
    ] {
        let (config, _) = load(&[], &[("REGISTRY_SERVER_LISTEN", text)]).unwrap();
        assert_eq!(config.server.listen, two, "{text}");
    }
    let repeated = ["--listen", "127.0.0.1:1", "--listen", "unix:/run/r.sock"];
    assert_eq!(load(&repeated, &[]).unwrap().0.server.listen, two);
}

#[test]
fn an_empty_variable_takes_back_what_need_not_be_set() {
    let file = File::new("back", "[server]\npublic_url = \"https://example.com\"\n");
    let arguments = ["--config", file.path()];
    assert!(load(&arguments, &[]).unwrap().0.server.public_url.is_some());
    let empty = [("REGISTRY_SERVER_PUBLIC_URL", "")];
    assert!(
        load(&arguments, &empty)
            .unwrap()
            .0
            .server
            .public_url
            .is_none()
    );
}

#[test]
fn memory_excludes_a_directory_unless_it_is_said_on_a_stronger_word() {
    let file = File::new("memory", "[storage]\npath = \"/data\"\n");
    let named = ["--config", file.path(), "--memory"];
    assert!(load(&named, &[]).unwrap().0.storage.memory);
    for (arguments, environment) in [
        (&["--memory", "--relaxed"][..], &[][..]),
        (&["--data", "x"], &[("REGISTRY_STORAGE_MEMORY", "true")]),
    ] {
        let problem = load(arguments, environment).unwrap_err();
        assert!(
            problem.contains("storage.memory excludes storage."),
            "{problem}"
        );
    }
}

#[test]
fn hazard_36_nobody_listens_openly_by_mistake() {
    for open in [
        "0.0.0.0:5000",
        "[::]:5000",
        "192.0.2.1:5000",
        "127.0.0.1:1,10.0.0.1:1",
    ] {
        let problem = load(&["--listen", open], &[]).unwrap_err();
        assert!(
            problem.contains("--open") && problem.contains("--htpasswd"),
            "{problem}"
        );
        assert!(load(&["--listen", open, "--open"], &[]).is_ok());
        assert!(load(&["--listen", open, "--htpasswd", "users"], &[]).is_ok());
    }
    for local in [
        "127.0.0.1:1",
        "127.9.9.9:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
        "unix:/run/r.sock",
    ] {
        assert!(load(&["--listen", local], &[]).is_ok(), "{local}");
    }
}

#[test]
fn anonymous_callers_are_told_apart_only_where_there_are_users() {
    let pull = [("REGISTRY_AUTH_ANONYMOUS", "pull")];
    let problem = load(&[], &pull).unwrap_err();
    assert!(problem.contains("auth.htpasswd"), "{problem}");
    assert!(load(&["--htpasswd", "users"], &pull).is_ok());
}

#[test]
fn changes_are_told_by_key() {
    let (before, _) = load(&[], &[]).unwrap();
    let (after, _) = load(&["--log", "warn", "--drain", "1"], &[]).unwrap();
    let changes = before.changes(&after);
    let names: Vec<_> = changes
        .iter()
        .map(|key| (key.full_name(), key.reloaded))
        .collect();
    assert_eq!(
        names,
        [("server.drain".into(), false), ("log.level".into(), true)]
    );
}

#[test]
fn what_is_shown_can_be_read_and_comes_to_the_same() {
    let arguments = [
        "--relaxed",
        "--listen",
        "unix:/tmp/a \"b\".sock",
        "--grace",
        "90",
    ];
    let (config, written) = load(&arguments, &[]).unwrap();
    let shown = show(&config, &written);
    assert!(
        shown.contains("durability = \"relaxed\" # flag --relaxed\n"),
        "{shown}"
    );
    assert!(
        shown.contains("grace = \"90s\" # flag --grace\n"),
        "{shown}"
    );
    assert!(shown.contains("memory = false # default\n"), "{shown}");
    assert!(
        shown.contains("# public_url is not set (default)\n"),
        "{shown}"
    );
    let file = File::new("shown", &shown);
    let (again, _) = load(&["--config", file.path()], &[]).unwrap();
    assert_eq!(again.values(), config.values());
}

#[test]
fn hazard_31_a_secret_is_not_printed() {
    let secret = Secret::read(&Raw::Text("hunter2".into())).unwrap();
    assert_eq!(secret.write().unwrap(), "\"(hidden)\"");
    assert_eq!(
        Secret::<String>::read(&Raw::Integer(1)),
        Err("it must be text, in quotes".into())
    );
}

#[test]
fn every_key_is_documented_and_its_default_can_be_read() {
    for key in keys() {
        assert!(key.text().ends_with('.'), "{}", key.full_name());
        if let Some(default) = (key.default)() {
            let parsed = toml::de::DeValue::parse(&default).unwrap();
            assert_eq!(
                (key.check)(&Raw::of(parsed.get_ref())),
                Ok(()),
                "{}",
                key.full_name()
            );
        }
    }
}

#[test]
fn the_reference_in_the_documentation_is_the_one_that_is_generated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == reference(),
        "docs/configuration.md is not what `cargo run -- config reference` prints: write it anew"
    );
}

#[test]
fn words_after_an_address_say_how_it_is_listened_at() {
    for text in [
        "127.0.0.1:443 tls",
        "[::1]:443 tls proxy-protocol",
        "unix:/run/r.sock mode=660",
        "unix:/run/r.sock proxy-protocol mode=600",
    ] {
        let listen: Listen = text.parse().ok().unwrap();
        assert_eq!(listen.to_string(), text);
    }
    for wrong in [
        "",
        "tls",
        "unix:",
        "127.0.0.1:443 ssl",
        "127.0.0.1:443 mode=660",
        "unix:/run/r.sock mode=",
        "unix:/run/r.sock mode=888",
        "unix:/run/r.sock mode=1777",
    ] {
        assert!(wrong.parse::<Listen>().is_err(), "{wrong}");
    }
}

#[test]
fn a_certificate_needs_its_key_and_a_listener_and_they_need_it() {
    let certificate = ["--tls-certificate", "a.pem"];
    let key = ["--tls-key", "a.key"];
    let listen = ["--listen", "127.0.0.1:443 tls"];
    for (arguments, word) in [
        (&listen[..], "tls.certificate"),
        (&certificate, "tls.key"),
        (&key, "tls.certificate"),
        (&[&certificate[..], &key].concat(), "no listener speaks TLS"),
        (&[&certificate[..], &listen].concat(), "tls.key"),
        (&[&key[..], &listen].concat(), "tls.certificate"),
    ] {
        let problem = load(arguments, &[]).unwrap_err();
        assert!(problem.contains(word), "{word:?} in {problem}");
    }
    assert!(load(&[&certificate[..], &key, &listen].concat(), &[]).is_ok());
}

#[test]
fn the_proxy_protocol_needs_proxies() {
    let listen = ["--listen", "127.0.0.1:1 proxy-protocol"];
    let problem = load(&listen, &[]).unwrap_err();
    assert!(problem.contains("server.trusted_proxies"), "{problem}");
    let proxies = [("REGISTRY_SERVER_TRUSTED_PROXIES", "10.0.0.0/8,::1,unix")];
    assert_eq!(
        load(&listen, &proxies)
            .unwrap()
            .0
            .server
            .trusted_proxies
            .len(),
        3
    );
    let slip = ["--trusted-proxies", "10.1.0.0/8"];
    let command = Flags::augment_args(clap::Command::new("test").no_binary_name(true));
    assert!(command.try_get_matches_from(slip).is_err());
}

#[test]
fn settings_of_a_bucket_that_make_no_sense_together_are_refused() {
    let refused = [
        (
            "ACCESS_KEY=a",
            "objects.access_key needs objects.secret_key",
        ),
        (
            "SECRET_KEY=a",
            "objects.secret_key needs objects.access_key",
        ),
        (
            "ACCESS_KEY=a SECRET_KEY=b CREDENTIALS=c",
            "objects.credentials excludes objects.access_key",
        ),
        (
            "PROFILE=a",
            "objects.profile means nothing without objects.credentials",
        ),
        (
            "ENCRYPTION_KEY=a",
            "objects.encryption_key needs objects.encryption",
        ),
        (
            "ENCRYPTION_KEY=a ENCRYPTION=store",
            "objects.encryption_key needs objects.encryption",
        ),
        ("ENDPOINT=http://a", "objects.endpoint is not encrypted"),
        ("PROVIDER=azure", "needs objects.account"),
        (
            "PROVIDER=azure ACCOUNT=a ACCOUNT_KEY=b SHARED_ACCESS=c",
            "objects.shared_access excludes objects.account_key",
        ),
        (
            "ACCOUNT=a",
            "objects.account needs objects.provider = \"azure\", and it is \"s3\"",
        ),
        ("HEDGE=49", "it must be a whole number from 50 to 99"),
        ("HEDGE=100", "it must be a whole number from 50 to 99"),
        ("HEDGE=95%", "it must be a whole number from 50 to 99"),
        (
            "PROVIDER=azure ACCOUNT=a STORAGE_CLASS=b",
            "objects.storage_class needs objects.provider = \"s3\" or \"gcs\", and it is \"azure\"",
        ),
        (
            "SERVICE_ACCOUNT=a",
            "objects.service_account needs objects.provider = \"gcs\", and it is \"s3\"",
        ),
        (
            "PROVIDER=gcs ACCOUNT=a",
            "objects.account needs objects.provider = \"azure\", and it is \"gcs\"",
        ),
        (
            "PROVIDER=gcs ENDPOINT=http://a",
            "objects.endpoint is not encrypted",
        ),
    ];
    for (settings, words) in refused {
        let problem = told_of(settings).expect(settings);
        assert!(problem.contains(words), "{settings}: {problem}");
    }
    for settings in [
        "",
        "CREDENTIALS=a PROFILE=b",
        "ENCRYPTION_KEY=a ENCRYPTION=kms-twice",
        "ENDPOINT=http://a PLAIN_HTTP=true",
        "HEDGE=50",
        "HEDGE=99",
        "PROVIDER=azure ACCOUNT=a",
        "PROVIDER=azure ACCOUNT=a SHARED_ACCESS=b",
        "PROVIDER=gcs",
        "PROVIDER=gcs SERVICE_ACCOUNT=a STORAGE_CLASS=b ENDPOINT=https://c PREFIX=d",
    ] {
        assert_eq!(told_of(settings), None, "{settings}");
    }
}

#[test]
fn settings_of_s3_are_refused_for_a_bucket_of_googles() {
    for setting in [
        "REGION=a",
        "ACCESS_KEY=a",
        "SECRET_KEY=a",
        "CREDENTIALS=a",
        "PROFILE=a",
        "PATH_STYLE=false",
        "ENCRYPTION=kms",
        "ENCRYPTION_KEY=a",
        "CHECKSUM=sha256",
    ] {
        let problem = told_of(&format!("PROVIDER=gcs {setting}")).expect(setting);
        let name = setting.split('=').next().unwrap().to_lowercase();
        let words = format!("objects.{name} needs objects.provider = \"s3\", and it is \"gcs\"");
        assert!(problem.contains(&words), "{setting}: {problem}");
    }
}

/// What is wrong with a bucket that is set to this: words of `NAME=VALUE`.
fn told_of(settings: &str) -> Option<String> {
    let pairs = settings
        .split_whitespace()
        .filter_map(|word| word.split_once('='));
    let named: Vec<_> = pairs
        .map(|(name, value)| (format!("REGISTRY_OBJECTS_{name}"), value))
        .collect();
    let mut all = vec![
        ("REGISTRY_DATABASE_URL", "postgres://db/registry"),
        ("REGISTRY_OBJECTS_BUCKET", "registry"),
    ];
    all.extend(named.iter().map(|(name, value)| (&**name, *value)));
    load(&[], &all).err()
}

#[test]
fn a_standby_needs_a_database_and_is_always_behind() {
    let standby = "[database]\nlistings = \"postgres://copy/registry\"\n";
    assert_eq!(
        problems_of(standby, "standby"),
        ["2:12: database.listings needs database.url: what a standby copies is asked first"]
    );
    let current = "[database]\nlistings_lag = \"999ms\"\n";
    assert_eq!(
        problems_of(current, "current"),
        ["2:16: database.listings_lag must be at least 1s"]
    );
    let both = [
        ("REGISTRY_DATABASE_URL", "postgres://db/registry"),
        ("REGISTRY_DATABASE_LISTINGS", "postgres://copy/registry"),
        ("REGISTRY_OBJECTS_BUCKET", "registry"),
    ];
    assert!(load(&[], &both).is_ok());
}

#[test]
fn redirects_and_a_cache_need_a_bucket_and_redirects_end_soon() {
    let enabled = "[redirects]\nenabled = true\n";
    assert_eq!(
        problems_of(enabled, "redirects"),
        ["2:11: redirects.enabled needs objects.bucket: only a bucket can be redirected to"]
    );
    let of_another = |provider| {
        let mut settings = vec![
            ("REGISTRY_DATABASE_URL", "postgres://db/registry"),
            ("REGISTRY_OBJECTS_PROVIDER", provider),
            ("REGISTRY_OBJECTS_BUCKET", "registry"),
            ("REGISTRY_REDIRECTS_ENABLED", "true"),
        ];
        if provider == "azure" {
            settings.push(("REGISTRY_OBJECTS_ACCOUNT", "example"));
        }
        load(&[], &settings).unwrap_err()
    };
    let ways_out = ["needs objects.account_key", "another provider than"];
    for (provider, way_out) in ["azure", "gcs"].into_iter().zip(ways_out) {
        let refused = of_another(provider);
        assert!(refused.contains(way_out), "{refused}");
    }
    assert_eq!(
        problems_of("[cache]\npath = \"x\"\n", "cache"),
        ["2:8: cache.path needs objects.bucket: a disk needs no cache on a disk"]
    );
    for expires in ["0s", "301s", "1h"] {
        let text = format!("[redirects]\nexpires = \"{expires}\"\n");
        let problems = problems_of(&text, "expires");
        assert_eq!(problems, ["2:11: redirects.expires must be from 1s to 5m"]);
    }
}
