//! What must be there after a start.

use std::collections::BTreeSet;

use super::{
    client::{Client, Result, Stop, is_further, wrong},
    content::Manifest,
    http::Request,
    ledger::{Pending, Session},
    library::Library,
    moment::Moment,
};

/// Compares everything of a client's repository with its ledger.
///
/// # Errors
/// The first difference.
pub fn check(client: &mut Client, number: u64, library: &Library) -> Result<()> {
    settle(client, library)?;
    check_tags(client)?;
    check_manifests(client)?;
    for number in Library::numbers(number) {
        let blob = library.blob(number);
        match client.ledger.blobs.contains_key(&number) {
            true => client.read_blob(&blob).map(drop)?,
            false => client.head_blob(&blob)?,
        }
    }
    (0..client.ledger.sessions.len()).try_for_each(|session| client.find(session).map(drop))
}

/// Finds out what came of a request that was not answered.
///
/// # Errors
/// Where it was done by half.
pub fn settle(client: &mut Client, library: &Library) -> Result<()> {
    if let Some((pending, asked)) = client.ledger.pending.clone() {
        resolve(client, pending, asked, library)?;
        client.ledger.pending = None;
    }
    Ok(())
}

/// Compares one tag with the ledger.
///
/// # Errors
/// Where it differs.
pub fn check_tag(client: &mut Client, tag: &str) -> Result<()> {
    let is = client.read_manifest(tag)?;
    let should = client.ledger.tags.get(tag);
    match is.as_ref() == should {
        true => Ok(()),
        false => Err(wrong(format!(
            "{}: tag {tag} points to {is:?}, not {should:?}",
            client.ledger.name
        ))),
    }
}

fn check_tags(client: &mut Client) -> Result<()> {
    let listed: BTreeSet<_> = client.list_tags()?.into_iter().collect();
    let known: BTreeSet<_> = client.ledger.tags.keys().cloned().collect();
    if listed != known {
        let name = &client.ledger.name;
        return Err(wrong(format!("{name}: tags {listed:?}, not {known:?}")));
    }
    known.iter().try_for_each(|tag| check_tag(client, tag))
}

fn check_manifests(client: &mut Client) -> Result<()> {
    let there: Vec<_> = client.ledger.manifests.keys().cloned().collect();
    let gone: Vec<_> = client.ledger.deleted_manifests.iter().cloned().collect();
    for digest in &there {
        if client.read_manifest(digest)?.as_ref() != Some(digest) {
            return Err(wrong(format!(
                "{}: manifest {digest} is gone",
                client.ledger.name
            )));
        }
    }
    for digest in &gone {
        if client.read_manifest(digest)?.is_some() {
            return Err(wrong(format!(
                "{}: manifest {digest} is back",
                client.ledger.name
            )));
        }
    }
    Ok(())
}

/// Finds out whether what was asked for was done, and that it was not done by half.
fn resolve(client: &mut Client, pending: Pending, asked: Moment, library: &Library) -> Result<()> {
    match pending {
        Pending::Blob(number) => {
            if !client.ledger.blobs.contains_key(&number) && is_there(client, library, number)? {
                client.ledger.blob_stored(number, asked);
            }
            Ok(())
        }
        Pending::Finish(session) => resolve_finish(client, session, asked, library),
        Pending::Cancel(session) => {
            if client.status(&session)?.is_some() {
                client.ledger.sessions.push(session);
            }
            Ok(())
        }
        Pending::Manifest(manifest, tag) => resolve_manifest(client, *manifest, tag, asked),
        Pending::DeleteTag(tag) => {
            if client.read_manifest(&tag)?.is_none() {
                client.ledger.tags.remove(&tag);
            }
            Ok(())
        }
        Pending::DeleteManifest(digest) => {
            if client.read_manifest(&digest)?.is_none() {
                client.ledger.manifest_deleted(&digest, asked);
            }
            Ok(())
        }
        Pending::DeleteBlob(number) => {
            if !client.ledger.is_referenced(number) && !is_there(client, library, number)? {
                client.ledger.blob_deleted(number);
            }
            Ok(())
        }
    }
}

fn is_there(client: &mut Client, library: &Library, number: u64) -> Result<bool> {
    let path = client.path(&format!("blobs/{}", library.blob(number).digest));
    Ok(client.ask(Request::new("HEAD", &path))?.status == 200)
}

/// Asking again succeeds, or the session is gone: what was interrupted between its bytes and its row
/// cannot be gone on with.
fn resolve_finish(
    client: &mut Client,
    mut session: Session,
    asked: Moment,
    library: &Library,
) -> Result<()> {
    let blob = library.blob(session.number);
    session.sent = blob.bytes.len() as u64;
    let offset = client.status(&session)?.unwrap_or(session.sent);
    let body = &blob.bytes[usize::try_from(offset).unwrap_or(usize::MAX)..];
    let path = format!("{}?digest={}", session.path, blob.digest);
    let mut request = Request::with("PUT", &path, body);
    request.from = Some(offset);
    let answer = client.ask(request)?;
    match answer.status {
        _ if session.disturbed && is_further(&answer) => return Err(Stop::Unanswered(path)),
        201 => client.ledger.blob_stored(blob.number, asked),
        404 if client.ledger.blobs.contains_key(&blob.number) => {}
        404 if is_there(client, library, blob.number)? => {
            return Err(wrong(format!("{path}: 404, and the blob is there")));
        }
        404 => {}
        status => return Err(wrong(format!("{path}: {status} to what was interrupted"))),
    }
    Ok(())
}

/// The manifest and its tag are both there, or neither is.
fn resolve_manifest(
    client: &mut Client,
    manifest: Manifest,
    tag: Option<String>,
    asked: Moment,
) -> Result<()> {
    let known = client.ledger.manifests.contains_key(&manifest.digest);
    let there = client.read_manifest(&manifest.digest)?.is_some();
    let before = tag
        .as_ref()
        .and_then(|tag| client.ledger.tags.get(tag).cloned());
    let moved = match &tag {
        Some(tag) => {
            let now = client.read_manifest(tag)?;
            let moved = now.as_ref() == Some(&manifest.digest);
            if !moved && now != before {
                return Err(wrong(format!("tag {tag}: {now:?}, before {before:?}")));
            }
            moved
        }
        None => there,
    };
    if there && !moved && !known {
        let (digest, name) = (&manifest.digest, &client.ledger.name);
        return Err(wrong(format!(
            "{name}: {digest} was stored without its tag {tag:?}"
        )));
    }
    if moved {
        client.ledger.manifest_stored(manifest, tag, asked);
    }
    Ok(())
}
