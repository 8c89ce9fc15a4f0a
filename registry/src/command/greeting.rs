//! What a server says when it is ready, and what a person reads who starts one in a terminal.

use std::{
    fmt::Write,
    io::{self, IsTerminal, Write as _},
};

use registry_server::Endpoint;

use crate::config::Config;

/// The one line on standard output, and more for a person at a terminal. Whoever started the server may wait
/// for it, and need not.
pub(super) fn say_ready(config: &Config, endpoints: &[Endpoint]) {
    let listed: Vec<_> = endpoints.iter().map(Endpoint::to_string).collect();
    let address = listed.join(", ");
    let mut text = format!("registry: ready at {address}\n");
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        text.push_str(&greeting(config, endpoints));
    }
    let said = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = said {
        tracing::warn!(%error, "nobody reads the ready line");
    }
    tracing::info!(%address, "ready");
}

/// Where it listens, where the data is, and what to try.
fn greeting(config: &Config, endpoints: &[Endpoint]) -> String {
    let mut out = String::new();
    out.push('\n');
    for endpoint in endpoints {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  listening   {endpoint}");
    }
    let _ = match (&config.objects.bucket, config.storage.memory) {
        (Some(bucket), _) => writeln!(out, "  data        a database, and the bucket {bucket}"),
        (None, true) => writeln!(out, "  data        in memory, gone at the end"),
        (None, false) => writeln!(out, "  data        {}", config.storage.path.display()),
    };
    if let Some(host) = host(config, endpoints) {
        out.push_str("\nTry it:\n\n");
        if config.auth.htpasswd.is_some() {
            let _ = writeln!(out, "  docker login {host}");
        }
        let _ = writeln!(out, "  docker tag busybox {host}/try/busybox");
        let _ = writeln!(out, "  docker push {host}/try/busybox");
    }
    out.push('\n');
    out
}

/// What docker calls the registry.
fn host(config: &Config, endpoints: &[Endpoint]) -> Option<String> {
    if let Some(url) = &config.server.public_url {
        let url = url.to_string();
        let (_, host) = url.split_once("://")?;
        return Some(host.to_owned());
    }
    let mut ports = endpoints.iter().filter_map(|at| at.address.tcp());
    let port = ports.next()?.port();
    Some(format!("localhost:{port}"))
}

#[cfg(test)]
mod tests {
    use registry_server::Address;

    use super::*;
    use crate::config::Flags;

    fn at(address: Address) -> Endpoint {
        let secure = false;
        Endpoint { address, secure }
    }

    fn config(environment: &[(&str, &str)]) -> Config {
        let environment = environment.iter();
        let environment = environment.map(|(name, value)| (name.into(), value.into()));
        Config::from_parts(&Flags::default(), environment)
            .unwrap()
            .0
    }

    #[test]
    fn it_says_where_the_server_and_the_data_are_and_what_to_try() {
        let address = at(Address::Tcp(([127, 0, 0, 1], 5000).into()));
        let said = greeting(&config(&[]), &[address]);
        for line in [
            "  listening   http://127.0.0.1:5000",
            "  data        registry-data",
            "  docker tag busybox localhost:5000/try/busybox",
            "  docker push localhost:5000/try/busybox",
        ] {
            assert!(said.lines().any(|said| said == line), "{line} in {said}");
        }
        assert!(!said.contains("login"));
    }

    #[test]
    fn with_users_it_begins_with_a_login_under_the_public_name() {
        let config = config(&[
            ("REGISTRY_AUTH_HTPASSWD", "users"),
            ("REGISTRY_SERVER_PUBLIC_URL", "https://registry.example.com"),
        ]);
        let address = at(Address::Tcp(([10, 0, 0, 1], 5000).into()));
        let said = greeting(&config, &[address]);
        assert!(
            said.contains("docker login registry.example.com\n"),
            "{said}"
        );
        assert!(
            said.contains("docker push registry.example.com/try/busybox\n"),
            "{said}"
        );
    }

    #[test]
    fn over_a_unix_socket_there_is_nothing_to_try_with_docker() {
        let socket = at(Address::Unix("/run/registry.sock".into()));
        let said = greeting(&config(&[]), &[socket]);
        assert!(
            said.contains("unix:/run/registry.sock") && !said.contains("docker"),
            "{said}"
        );
    }
}
