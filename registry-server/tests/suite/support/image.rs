//! Small images.

use registry_core::Digest;
use serde_json::{Value, json};

use super::Client;

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A manifest and the blobs it refers to.
pub(crate) struct Image {
    pub(crate) manifest: Value,
    pub(crate) blobs: Vec<Vec<u8>>,
}

/// An image with a config and one layer, all its own.
pub(crate) fn image(name: &str) -> Image {
    let config = format!("{{\"name\":\"{name}\"}}").into_bytes();
    let layer = format!("the layer of {name}").into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
    });
    let blobs = vec![config, layer];
    Image { manifest, blobs }
}

impl Image {
    /// The same with another field.
    pub(crate) fn with(mut self, field: &str, value: Value) -> Self {
        self.manifest[field] = value;
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.manifest.to_string().into_bytes()
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::sha256(&self.bytes())
    }

    /// A descriptor of it.
    pub(crate) fn descriptor(&self) -> Value {
        descriptor(OCI_MANIFEST, &self.bytes())
    }

    /// Pushes blobs and manifest.
    pub(crate) async fn push(&self, client: &Client, name: &str, reference: &str) -> Digest {
        for blob in &self.blobs {
            client.push_blob(name, blob).await;
        }
        let target = format!("/v2/{name}/manifests/{reference}");
        let request = client.put(&target, &self.bytes());
        let reply = request.header("content-type", OCI_MANIFEST).send().await;
        let digest = reply.expect(201).header("docker-content-digest").to_owned();
        Digest::parse(&digest).unwrap()
    }
}

fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({
        "mediaType": media_type,
        "digest": Digest::sha256(content),
        "size": content.len(),
    })
}
