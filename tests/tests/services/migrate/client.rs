//! Who pushes to a server while its registry moves, and reads what became of that.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread::sleep,
    time::Duration,
};

use reqwest::blocking::{Client, Response};

use crate::replica::{MANIFEST, Replica, content, sha256};

const NAME: &str = "team/app";

/// A server and a client of it.
pub(super) struct At {
    pub(super) server: Replica,
    client: Client,
}

impl At {
    pub(super) fn new(server: Replica) -> Self {
        let client = Client::new();
        Self { server, client }
    }

    fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.server.url);
        self.client.get(url).send().unwrap()
    }

    /// Pushes a blob, and answers what was said where it was not taken.
    pub(super) fn push(&self, bytes: &[u8]) -> Result<String, Box<Response>> {
        let digest = sha256(bytes);
        let path = format!("/v2/{NAME}/blobs/uploads/?digest={digest}");
        let post = self.client.post(format!("{}{path}", self.server.url));
        let answer = post.body(bytes.to_vec()).send().unwrap();
        match answer.status().as_u16() {
            201 => Ok(digest),
            _ => Err(Box::new(answer)),
        }
    }

    /// The same of an image of one layer and its tag; the digest of its manifest.
    pub(super) fn push_image(&self, tag: &str, layer: &[u8]) -> Result<String, Box<Response>> {
        let (config, digest) = (self.push(b"{}")?, self.push(layer)?);
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{digest}","size":{}}}]}}"#,
            layer.len()
        );
        let url = format!("{}/v2/{NAME}/manifests/{tag}", self.server.url);
        let put = self.client.put(url).header("content-type", MANIFEST);
        let answer = put.body(manifest.clone()).send().unwrap();
        match answer.status().as_u16() {
            201 => Ok(sha256(manifest.as_bytes())),
            _ => Err(Box::new(answer)),
        }
    }

    pub(super) fn blob(&self, digest: &str) -> Vec<u8> {
        let answer = self.get(&format!("/v2/{NAME}/blobs/{digest}"));
        assert_eq!(answer.status(), 200, "{digest}");
        answer.bytes().unwrap().to_vec()
    }

    /// The manifest that a tag leads to.
    pub(super) fn tagged(&self, tag: &str) -> String {
        let answer = self.get(&format!("/v2/{NAME}/manifests/{tag}"));
        assert_eq!(answer.status(), 200, "{tag}");
        sha256(&answer.bytes().unwrap())
    }

    pub(super) fn tags(&self) -> String {
        self.get(&format!("/v2/{NAME}/tags/list")).text().unwrap()
    }

    /// Has every push refused, with the reason, while reads go on.
    pub(super) fn assert_closed(&self, why: &str) {
        let answer = self.push(b"too late").unwrap_err();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        let text = answer.text().unwrap();
        assert!(text.contains(why), "{text}");
        assert_eq!(self.get(&format!("/v2/{NAME}/tags/list")).status(), 200);
    }
}

/// What was told done.
#[derive(Default)]
pub(super) struct Acknowledged {
    pub(super) layers: Vec<Vec<u8>>,
    tags: BTreeMap<String, String>,
}

impl Acknowledged {
    pub(super) fn assert_served(&self, by: &At) {
        for layer in &self.layers {
            assert!(by.blob(&sha256(layer)) == *layer);
        }
        for (tag, digest) in &self.tags {
            assert_eq!(by.tagged(tag), *digest, "{tag}");
        }
    }

    /// Pushes small images and now and then a large one, until told to stop or until nothing is taken any more.
    pub(super) fn push_on(&mut self, at: &At, seed: &str, stop: &AtomicBool) {
        for turn in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let mut layer = format!("{seed} {turn} ").into_bytes();
            layer.extend(content(if turn % 8 == 0 { 6 << 20 } else { 20_000 }));
            let tag = format!("{seed}-{}", turn % 3);
            match at.push_image(&tag, &layer) {
                Ok(digest) => {
                    self.layers.push(layer);
                    self.tags.insert(tag, digest);
                }
                Err(answer) => {
                    assert_eq!(answer.status(), 503);
                    let text = answer.text().unwrap();
                    assert!(text.contains("registry"), "{text}");
                    sleep(Duration::from_millis(20));
                }
            }
        }
    }
}
