//! What clients of a load were told, and when: what a copy of the registry is held against.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::{JoinHandle, spawn},
};

use crate::exchange::{Answer, content, exchange, manifest, sha256};

/// Clients of a load.
const CLIENTS: u64 = 3;

/// A digest that a tag had, or that it was gone; from some moment of its request on.
#[derive(Clone, Debug)]
struct Value {
    digest: Option<String>,
    asked: u64,
    /// None where no answer came.
    answered: Option<u64>,
}

/// Everything that was asked for and answered. Moments are numbers that only grow.
#[derive(Default)]
pub(crate) struct Ledger {
    now: AtomicU64,
    /// By repository and tag.
    tags: Mutex<BTreeMap<(String, String), Vec<Value>>>,
    /// By repository and digest: when the push was answered.
    blobs: Mutex<BTreeMap<(String, String), u64>>,
}

impl Ledger {
    /// The next moment.
    pub(crate) fn now(&self) -> u64 {
        self.now.fetch_add(1, Ordering::SeqCst)
    }

    /// Pushes a blob; whether it was answered.
    pub(crate) fn push_blob(&self, host: &str, repository: &str, bytes: &[u8]) -> bool {
        let digest = sha256(bytes);
        let path = format!("POST /v2/{repository}/blobs/uploads/?digest={digest}");
        let Some(answer) = exchange(host, &path, bytes) else {
            return false;
        };
        assert_eq!(answer.status, 201, "{path}");
        let key = (repository.to_owned(), digest);
        self.blobs.lock().unwrap().insert(key, self.now());
        true
    }

    /// Pushes an image of one layer under a tag; whether it was answered.
    pub(crate) fn push_image(&self, host: &str, repository: &str, tag: &str, layer: &[u8]) -> bool {
        if !self.push_blob(host, repository, b"{}") || !self.push_blob(host, repository, layer) {
            return false;
        }
        let manifest = manifest(layer);
        let digest = Some(sha256(manifest.as_bytes()));
        let path = format!("PUT /v2/{repository}/manifests/{tag}");
        self.set_tag(repository, tag, digest, 201, || {
            exchange(host, &path, manifest.as_bytes())
        })
    }

    /// Deletes a tag; whether it was answered.
    pub(crate) fn delete_tag(&self, host: &str, repository: &str, tag: &str) -> bool {
        let path = format!("DELETE /v2/{repository}/manifests/{tag}");
        self.set_tag(repository, tag, None, 202, || exchange(host, &path, b""))
    }

    fn set_tag(
        &self,
        repository: &str,
        tag: &str,
        digest: Option<String>,
        status: u16,
        request: impl FnOnce() -> Option<Answer>,
    ) -> bool {
        let asked = self.now();
        let answer = request();
        let answered = answer.as_ref().map(|_| self.now());
        if let Some(answer) = &answer {
            assert_eq!(answer.status, status, "{repository}:{tag}");
        }
        let key = (repository.to_owned(), tag.to_owned());
        let value = Value {
            digest,
            asked,
            answered,
        };
        self.tags
            .lock()
            .unwrap()
            .entry(key)
            .or_default()
            .push(value);
        answer.is_some()
    }

    /// Holds what a server has against what clients were told, for a copy made between two moments.
    /// Every byte that a tag leads to is hashed. It answers how many tags there are.
    pub(crate) fn compare(&self, host: &str, begun: u64, ended: u64) -> usize {
        for ((repository, digest), answered) in &*self.blobs.lock().unwrap() {
            if *answered < begun {
                let found = read(host, repository, "blobs", digest);
                assert!(found.is_some(), "{digest} of {repository}");
            }
        }
        let mut there = 0;
        for ((repository, tag), values) in &*self.tags.lock().unwrap() {
            let found = read(host, repository, "manifests", tag);
            let possible = possible(values, begun, ended);
            assert!(
                possible.contains(&found.as_ref().map(|(digest, _)| digest.clone())),
                "{repository}:{tag} is {found:?}, and was {possible:?}"
            );
            if let Some((_, manifest)) = found {
                read_layers(host, repository, &manifest);
                there += 1;
            }
        }
        there
    }
}

/// What a tag may have been at a moment between the two.
fn possible(values: &[Value], begun: u64, ended: u64) -> Vec<Option<String>> {
    let mut possible = vec![];
    let absent = [(None, 0)].into_iter();
    let set = values
        .iter()
        .map(|value| (value.digest.clone(), value.asked));
    for (index, (digest, from)) in absent.chain(set).enumerate() {
        let until = values
            .get(index)
            .map_or(Some(u64::MAX), |next| next.answered);
        if from <= ended && until.is_none_or(|until| until >= begun) {
            possible.push(digest);
        }
    }
    possible
}

/// Content and its digest, checked; `None` where there is none.
fn read(host: &str, repository: &str, kind: &str, what: &str) -> Option<(String, Vec<u8>)> {
    let answer = exchange(host, &format!("GET /v2/{repository}/{kind}/{what}"), b"").unwrap();
    if answer.status == 404 {
        return None;
    }
    assert_eq!(answer.status, 200, "{repository} {what}");
    let digest = answer.field("docker-content-digest").unwrap().to_owned();
    assert_eq!(sha256(&answer.body), digest, "{repository} {what}");
    Some((digest, answer.body))
}

fn read_layers(host: &str, repository: &str, manifest: &[u8]) {
    let text = std::str::from_utf8(manifest).unwrap();
    for (at, _) in text.match_indices("sha256:") {
        let digest = &text[at..at + 71];
        let found = read(host, repository, "blobs", digest);
        assert_eq!(found.map(|(found, _)| found).as_deref(), Some(digest));
    }
}

/// Clients that push, move tags and delete, until they are told to stop.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
    done: Receiver<()>,
}

impl Load {
    pub(crate) fn start(host: &str, ledger: &Arc<Ledger>) -> Self {
        let (stop, (tell, done)) = (Arc::new(AtomicBool::new(false)), channel());
        let clients = (0..CLIENTS).map(|client| {
            let (host, ledger) = (host.to_owned(), Arc::clone(ledger));
            let (stop, tell) = (Arc::clone(&stop), tell.clone());
            spawn(move || run(client, &host, &ledger, &stop, &tell))
        });
        let clients = clients.collect();
        Self {
            stop,
            clients,
            done,
        }
    }

    /// Waits until so many more requests were answered.
    pub(crate) fn wait_for(&self, requests: usize) {
        self.done.iter().take(requests).for_each(drop);
    }

    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.join().unwrap();
        }
    }
}

/// One client: a repository of its own, tags of its own in it, and one tag that moves.
fn run(client: u64, host: &str, ledger: &Ledger, stop: &AtomicBool, tell: &Sender<()>) {
    let repository = format!("team/app-{client}");
    let mut round = 0;
    while !stop.load(Ordering::SeqCst) {
        round += 1;
        let number = client * 1_000_000 + round;
        let length = if round % 3 == 0 { 100 } else { 40_000 };
        let tag = match round % 4 {
            0 => "moving".to_owned(),
            _ => format!("tag-{round}"),
        };
        let mut answered = ledger.push_image(host, &repository, &tag, &content(number, length));
        if round % 5 == 0 {
            let old = format!("tag-{}", round - 2);
            if ledger.has(&repository, &old) {
                answered &= ledger.delete_tag(host, &repository, &old);
            }
        }
        // Nobody waits any more at the end.
        let _ = tell.send(());
        if !answered {
            return;
        }
    }
}

impl Ledger {
    fn has(&self, repository: &str, tag: &str) -> bool {
        let tags = self.tags.lock().unwrap();
        let values = tags.get(&(repository.to_owned(), tag.to_owned()));
        values.is_some_and(|values| values.last().is_some_and(|value| value.digest.is_some()))
    }
}
