//! A hook that vetoes: release tags do not move, and images need a licence label.
//!
//! `cargo run -p registry-examples --bin veto-a-push`

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    AllowAll, Caller, Hooks, ManifestPush, PushIntent, Reference, RepositoryName, TagIntent,
    Verdict, Veto, backend::TagCondition,
};
use registry_storage::memory;

struct Rules;

#[async_trait]
impl Hooks for Rules {
    async fn before_push(&self, intent: &PushIntent<'_>) -> Verdict {
        let licence = "org.opencontainers.image.licenses";
        if intent.manifest.annotations().contains_key(licence) {
            return Ok(());
        }
        Err(Veto::new(format!(
            "annotate the image with {licence} and push it again"
        )))
    }

    async fn before_tag(&self, intent: &TagIntent<'_>) -> Verdict {
        let moves = intent.from.is_some_and(|from| from != intent.to);
        if moves && intent.tag.as_str().starts_with('v') {
            return Err(Veto::new(format!(
                "{} is released: take another tag",
                intent.tag
            )));
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = memory::builder()
        .policy(AllowAll)
        .hooks(Rules)
        .build()
        .await?;
    let name = RepositoryName::parse("team/app")?;
    let empty = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]"#;
    let licensed = |text: &str| {
        format!(r#"{empty},"annotations":{{"org.opencontainers.image.licenses":"{text}"}}}}"#)
    };
    let pushes = [
        format!("{empty}}}"),
        licensed("MIT"),
        licensed("Apache-2.0"),
    ];
    for manifest in pushes {
        let push = registry.open(&Caller::named("ada"), &name).push().await?;
        let outcome = push
            .put_manifest(ManifestPush {
                reference: &Reference::parse("v1")?,
                tags: &[],
                content_type: None,
                bytes: Bytes::from(manifest),
                condition: TagCondition::Any,
            })
            .await;
        match outcome {
            Ok(pushed) => println!("pushed {}", pushed.digest),
            Err(error) => println!("refused: {error}"),
        }
    }
    Ok(())
}
