//! What a checksum sees that goes with the bytes: a byte that changed on the way to the store.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
};

use bytes::Bytes;
use futures_util::TryStreamExt;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey, StoreError},
};
use registry_storage::{
    contract::run,
    object::object_store::aws::{AmazonS3Builder, Checksum},
};

use super::{Bucket, Program, open};

/// Listens, and passes requests on to a server's port with one bit of each body changed.
fn spoiling(server: u16) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || pass(&client, server));
        }
    });
    port
}

/// Passes one request on, and its answer back.
fn pass(client: &TcpStream, server: u16) -> Option<()> {
    let mut from = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    let mut is_part = false;
    loop {
        let mut line = String::new();
        from.read_line(&mut line).ok()?;
        is_part |= line.starts_with("PUT ");
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    if is_part && length > 0 {
        body[length / 2] ^= 1;
    }
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).ok()?;
    (&server).write_all(head.as_bytes()).ok()?;
    (&server).write_all(b"connection: close\r\n\r\n").ok()?;
    (&server).write_all(&body).ok()?;
    std::io::copy(&mut &server, &mut &*client).ok()?;
    Some(())
}

async fn push(client: AmazonS3Builder, bytes: &Bytes) -> Result<ObjectKey, StoreError> {
    let blobs = open(client.build().unwrap());
    let mut write = blobs.begin().await?;
    write.append(bytes.clone()).await?;
    write.commit(&Digest::sha256(bytes)).await
}

/// An object of one part, and one of several.
fn contents() -> [Bytes; 2] {
    [1 << 20, 6 << 20].map(|length| Bytes::from(vec![7; length]))
}

#[test]
fn a_byte_that_changed_on_the_way_is_seen_by_its_checksum() {
    run(async {
        let bucket = Bucket::start(Program::Minio).await;
        let port = spoiling(bucket.port());
        for checksum in [Checksum::CRC64NVME, Checksum::SHA256] {
            for bytes in contents() {
                let client = || bucket.builder("content").with_checksum_algorithm(checksum);
                push(client(), &bytes).await.unwrap();
                let spoilt = client().with_endpoint(format!("http://127.0.0.1:{port}"));
                push(spoilt, &bytes).await.unwrap_err();
            }
        }
    });
}

/// The signature alone does not see it here: it leaves the bytes out, as with TLS.
#[test]
fn without_a_checksum_it_is_not_seen() {
    run(async {
        let bucket = Bucket::start(Program::Minio).await;
        let port = spoiling(bucket.port());
        for bytes in contents() {
            let client = bucket.builder("content");
            let spoilt = client.with_endpoint(format!("http://127.0.0.1:{port}"));
            let key = push(spoilt, &bytes).await.unwrap();
            let read = pull(&bucket, &key).await;
            assert!(read.len() == bytes.len() && read != bytes);
        }
    });
}

async fn pull(bucket: &Bucket, key: &ObjectKey) -> Bytes {
    let blobs = open(bucket.builder("content").build().unwrap());
    let read = blobs.read(key, None).await.unwrap();
    let pieces: Vec<_> = read.bytes.try_collect().await.unwrap();
    pieces.concat().into()
}
