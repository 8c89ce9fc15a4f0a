//! Who fetches large blobs from the store itself.

use std::time::Duration;

use http::{HeaderMap, header::USER_AGENT};

use crate::{ClientAddress, Network};

/// Which reads of blobs are answered by sending the client to the store, where the registry
/// [makes links](registry_core::Builder::links) to it.
///
/// The bytes then go past this server. The client must be able to reach the store, and whoever it tells the link can
/// read the blob as well, until the link's life is over, also when the right to read it was taken away meanwhile.
///
/// Only what was asked for without conditions is answered so: a client repeats its headers to the store, which knows
/// nothing of our entity tags. A range it repeats as well, and the store has ranges.
///
/// ```
/// use registry_server::{Redirects, Selection};
///
/// let redirects = Redirects {
///     over: 10 << 20,
///     networks: Selection {
///         only: vec!["10.0.0.0/8".parse().unwrap()],
///         except: vec!["10.1.0.0/16".parse().unwrap()],
///     },
///     ..Redirects::default()
/// };
/// # drop(redirects);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirects {
    /// Blobs of at least so many bytes. What is small is sent sooner than a client follows.
    pub over: u64,
    /// How long a link is good for. A client follows at once; a transfer that has begun goes on after it.
    pub life: Duration,
    /// Clients by where they are. A client without an address is in no network.
    pub networks: Selection<Network>,
    /// Clients by what they say they are: how the first product of their `User-Agent` begins, `containerd/` for
    /// example, in letters of either case.
    pub clients: Selection<String>,
}

/// A choice of some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection<T> {
    /// These alone; all, where none is named.
    pub only: Vec<T>,
    /// But none of these.
    pub except: Vec<T>,
}

impl Default for Redirects {
    fn default() -> Self {
        Self {
            over: 1 << 20,
            life: Duration::from_secs(60),
            networks: Selection::default(),
            clients: Selection::default(),
        }
    }
}

impl<T> Default for Selection<T> {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            except: Vec::new(),
        }
    }
}

impl<T> Selection<T> {
    fn takes(&self, matches: impl Fn(&T) -> bool) -> bool {
        (self.only.is_empty() || self.only.iter().any(&matches))
            && !self.except.iter().any(&matches)
    }
}

impl Redirects {
    /// Whether such a client is sent to the store for a blob of that size.
    pub(crate) fn apply(
        &self,
        size: u64,
        client: Option<&ClientAddress>,
        headers: &HeaderMap,
    ) -> bool {
        let ip = client.and_then(ClientAddress::ip);
        let agent = headers.get(USER_AGENT).and_then(|name| name.to_str().ok());
        let agent = agent.unwrap_or_default().trim_start().as_bytes();
        let begins = |name: &String| {
            let begin = agent.get(..name.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(name.as_bytes()))
        };
        size >= self.over
            && self
                .networks
                .takes(|network| ip.is_some_and(|ip| network.contains(ip)))
            && self.clients.takes(begins)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn applies(redirects: &Redirects, client: &str, agent: &'static str) -> bool {
        let client = client.parse().ok().map(|ip: std::net::IpAddr| ip.into());
        let client = client.unwrap_or(ClientAddress::LOCAL);
        let headers = [(USER_AGENT, HeaderValue::from_static(agent))];
        redirects.apply(
            redirects.over,
            Some(&client),
            &headers.into_iter().collect(),
        )
    }

    fn networks(only: &[&str], except: &[&str]) -> Redirects {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Redirects {
            networks: Selection {
                only: parse(only),
                except: parse(except),
            },
            ..Redirects::default()
        }
    }

    fn clients(only: &[&str], except: &[&str]) -> Redirects {
        let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Redirects {
            clients: Selection {
                only: own(only),
                except: own(except),
            },
            ..Redirects::default()
        }
    }

    #[test]
    fn small_blobs_are_sent_from_here() {
        let redirects = Redirects::default();
        let applies = |size| redirects.apply(size, None, &HeaderMap::new());
        assert!(applies(redirects.over) && !applies(redirects.over - 1));
    }

    #[test]
    fn clients_are_chosen_by_where_they_are() {
        let inside = networks(&["10.0.0.0/8", "2001:db8::/32"], &["10.1.0.0/16"]);
        assert!(applies(&inside, "10.0.0.1", "") && applies(&inside, "2001:db8::1", ""));
        assert!(applies(&inside, "::ffff:10.0.0.1", ""));
        for other in ["10.1.0.1", "192.0.2.1", "unix"] {
            assert!(!applies(&inside, other, ""), "{other}");
        }
        let outside = networks(&[], &["10.0.0.0/8"]);
        assert!(applies(&outside, "192.0.2.1", "") && applies(&outside, "unix", ""));
        assert!(!applies(&outside, "10.0.0.1", ""));
    }

    #[test]
    fn clients_are_chosen_by_what_they_say_they_are() {
        let some = clients(&["containerd/", "crane"], &["crane/0.1"]);
        for agent in ["containerd/1.7", "Containerd/2 go/1.24", " crane/0.20"] {
            assert!(applies(&some, "unix", agent), "{agent}");
        }
        for agent in [
            "",
            "docker/29 containerd/1.7",
            "crane/0.19",
            "cran",
            "containerd-x/1",
        ] {
            assert!(!applies(&some, "unix", agent), "{agent}");
        }
        let all_but = clients(&[], &["helm"]);
        assert!(applies(&all_but, "unix", "") && !applies(&all_but, "unix", "Helm/3"));
    }
}
