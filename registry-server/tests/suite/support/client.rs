//! A client that sends what it is told, byte for byte.

use std::net::SocketAddr;

use registry_core::Digest;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use super::{Reply, escaped};

/// Makes requests, each on a connection of its own.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

/// A request to be sent.
pub(crate) struct Request {
    address: SocketAddr,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Body,
}

enum Body {
    None,
    Sized(Vec<u8>),
    Chunked(Vec<Vec<u8>>),
}

/// A connection.
pub(crate) struct Connection<T = TcpStream> {
    stream: T,
    unread: Vec<u8>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let headers = Vec::new();
        Self { address, headers }
    }

    /// The same client with a header on every request.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> Request {
        Request {
            address: self.address,
            method: method.to_owned(),
            target: target.to_owned(),
            headers: self.headers.clone(),
            body: Body::None,
        }
    }

    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.request("GET", target).send().await
    }

    pub(crate) async fn head(&self, target: &str) -> Reply {
        self.request("HEAD", target).send().await
    }

    pub(crate) async fn delete(&self, target: &str) -> Reply {
        self.request("DELETE", target).send().await
    }

    pub(crate) async fn post(&self, target: &str) -> Reply {
        self.request("POST", target).body(b"").send().await
    }

    pub(crate) fn put(&self, target: &str, body: &[u8]) -> Request {
        self.request("PUT", target).body(body)
    }

    pub(crate) fn patch(&self, target: &str, body: &[u8]) -> Request {
        self.request("PATCH", target).body(body)
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// Opens an upload session and answers its Location.
    pub(crate) async fn begin(&self, name: &str) -> String {
        let reply = self.post(&format!("/v2/{name}/blobs/uploads/")).await;
        reply.expect(202).header("location").to_owned()
    }

    /// Pushes a blob in one go.
    pub(crate) async fn push_blob(&self, name: &str, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        let location = self.begin(name).await;
        let target = format!("{location}?digest={}", escaped(&digest));
        self.put(&target, content).send().await.expect(201);
        digest
    }
}

impl Request {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body with a Content-Length.
    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = Body::Sized(body.to_vec());
        self
    }

    /// The body in chunks, without a Content-Length.
    pub(crate) fn chunked(mut self, chunks: &[&[u8]]) -> Self {
        self.body = Body::Chunked(chunks.iter().map(|chunk| chunk.to_vec()).collect());
        self
    }

    pub(crate) async fn send(self) -> Reply {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let mut connection = Connection::new(stream);
        connection.write(&self.bytes()).await;
        let reply = connection.reply(self.method == "HEAD").await;
        let usual = [
            ("docker-distribution-api-version", "registry/2.0"),
            ("x-content-type-options", "nosniff"),
        ];
        let reply = usual.into_iter().fold(reply, |reply, (name, value)| {
            reply.expect_header(name, value)
        });
        assert!(reply.header("x-request-id").len() > 16);
        reply
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { method, target, .. } = self;
        let mut bytes = format!("{method} {target} HTTP/1.1\r\nhost: test\r\n").into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").bytes());
        }
        match &self.body {
            Body::None => bytes.extend(b"\r\n"),
            Body::Sized(body) => {
                bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
                bytes.extend(body);
            }
            Body::Chunked(chunks) => {
                bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
                for chunk in chunks {
                    bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    bytes.extend(chunk);
                    bytes.extend(b"\r\n");
                }
                bytes.extend(b"0\r\n\r\n");
            }
        }
        bytes
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    pub(crate) fn new(stream: T) -> Self {
        let unread = Vec::new();
        Self { stream, unread }
    }

    /// Writes; that the server no longer reads is for the reply to show.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Reads an answer to its end.
    pub(crate) async fn reply(&mut self, to_head: bool) -> Reply {
        let reply = self.head().await;
        self.rest(reply, to_head).await
    }

    /// Reads the head of an answer.
    pub(crate) async fn head(&mut self) -> Reply {
        let end = loop {
            match self
                .unread
                .windows(4)
                .position(|found| found == b"\r\n\r\n")
            {
                Some(end) => break end,
                None => assert!(self.fill().await, "no answer: {:?}", self.text()),
            }
        };
        let head: Vec<u8> = self.unread.drain(..end + 4).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Reply {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: Vec::new(),
        }
    }

    /// Whether the server ends the connection, having sent nothing more.
    pub(crate) async fn is_ended(&mut self) -> bool {
        self.unread.is_empty() && !self.fill().await
    }

    async fn rest(&mut self, mut reply: Reply, to_head: bool) -> Reply {
        if to_head || matches!(reply.status, 100..200 | 204 | 304) {
            return reply;
        }
        let length: usize = reply.header("content-length").parse().unwrap();
        while self.unread.len() < length {
            assert!(self.fill().await, "the answer broke off");
        }
        reply.body = self.unread.drain(..length).collect();
        reply
    }

    /// Reads what there is. False at the end.
    async fn fill(&mut self) -> bool {
        let mut buffer = [0; 16 << 10];
        let read = self.stream.read(&mut buffer).await.unwrap_or(0);
        self.unread.extend(&buffer[..read]);
        read > 0
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.unread).into_owned()
    }
}
