//! Everything that happens in a registry, sent to a channel.
//!
//! `cargo run -p registry-examples --bin events-to-a-channel`

use async_trait::async_trait;
use futures_util::stream;
use registry_core::{
    AllowAll, Caller, Change, ChangeSink, DeliverError, Digest, Registry, RepositoryName,
};
use registry_storage::memory;
use tokio::sync::mpsc;

struct Channel(mpsc::Sender<Change>);

#[async_trait]
impl ChangeSink for Channel {
    async fn deliver(&self, change: &Change) -> Result<(), DeliverError> {
        // A change that was not taken is told again, before any later one.
        self.0
            .send(change.clone())
            .await
            .map_err(|error| DeliverError(error.to_string()))
    }
}

/// Tells changes for as long as somebody listens.
async fn tell(registry: Registry, sink: Channel) {
    loop {
        // Asked for before looking, so that nothing that comes in between is slept through.
        let changed = registry.changed();
        match registry.deliver_changes(&sink, 100).await {
            Ok((0, None)) => changed.await,
            Ok((_, None)) => {}
            Ok((_, Some(refused))) => return eprintln!("nobody listens: {refused}"),
            Err(error) => return eprintln!("the registry is gone: {error}"),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = memory::builder()
        .policy(AllowAll)
        .record_changes(true)
        .build()
        .await?;
    let (sender, mut changes) = mpsc::channel(16);
    tokio::spawn(tell(registry.clone(), Channel(sender)));

    let push = registry
        .open(&Caller::named("ada"), &RepositoryName::parse("team/app")?)
        .push()
        .await?;
    let mut body = stream::iter([Ok(bytes::Bytes::from("content"))]);
    push.put_blob(&Digest::sha256(b"content"), &mut body)
        .await?;

    for _ in 0..3 {
        let change = changes.recv().await.ok_or("the channel closed")?;
        println!("{}: {:?}", change.id, change.event);
    }
    Ok(())
}
