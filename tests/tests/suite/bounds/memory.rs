//! Hazard 34: memory that grows with the size of a blob or the number of clients.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use registry_core::{Algorithms, Digest};
use registry_server::testing::{BlockingTestRegistry, TestRegistry};

use super::store::{PIECE, Zeros};

const MIB: usize = 1 << 20;

fn registry() -> (BlockingTestRegistry, Arc<Zeros>) {
    let zeros = Arc::new(Zeros::default());
    (
        TestRegistry::builder()
            .blobs(Arc::clone(&zeros) as _)
            .blocking(),
        zeros,
    )
}

/// The digest of so many zeros.
fn digest(size: usize) -> Digest {
    let algorithms = Algorithms::standard();
    let mut hasher = algorithms.get("sha256").unwrap().hasher();
    let piece = vec![0; MIB];
    (0..size / MIB).for_each(|_| hasher.update(&piece));
    hasher.finish()
}

/// Pushes so many zeros in one request, a piece at a time.
fn push(registry: &BlockingTestRegistry, size: usize) -> Digest {
    let digest = digest(size);
    let mut stream = TcpStream::connect(registry.host()).unwrap();
    let path = format!("/v2/team/app/blobs/uploads/?digest={digest}");
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let piece = vec![0; MIB];
    (0..size / MIB).for_each(|_| stream.write_all(&piece).unwrap());
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    digest
}

#[test]
fn hazard_34_a_read_holds_a_few_pieces_of_a_large_blob() {
    let (registry, zeros) = registry();
    let blob = push(&registry, 256 * MIB);
    let mut stream = TcpStream::connect(registry.host()).unwrap();
    write!(
        stream,
        "GET /v2/team/app/blobs/{blob} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let read = std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    assert!(read > 256 << 20, "{read}");
    assert!(
        zeros.most_held() <= 16 * PIECE as u64,
        "{} bytes at once",
        zeros.most_held()
    );
}

#[test]
fn hazard_34_a_client_that_does_not_read_holds_a_few_pieces_and_no_more() {
    let (registry, zeros) = registry();
    let blob = push(&registry, 64 * MIB);
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(registry.host()).unwrap();
            write!(
                stream,
                "GET /v2/team/app/blobs/{blob} HTTP/1.1\r\nhost: x\r\n\r\n"
            )
            .unwrap();
            // The first byte has come, so the server has begun to send; then nobody reads.
            stream.read_exact(&mut [0]).unwrap();
            stream
        })
        .collect();
    // An answer to another client shows that the server has had its turn since.
    for _ in 0..20 {
        reqwest::blocking::get(format!("{}/v2/", registry.url())).unwrap();
    }
    let bound = clients.len() as u64 * 16 * PIECE as u64;
    assert!(
        zeros.most_held() <= bound,
        "{} bytes at once",
        zeros.most_held()
    );
}
