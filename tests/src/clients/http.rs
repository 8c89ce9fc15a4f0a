//! One request, one answer, and nothing by itself.
//!
//! A client that retries or follows would hide which requests were sent and not answered; the ledger has
//! to know just that.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

/// A connection, made when it is needed.
#[derive(Debug)]
pub struct Connection {
    host: String,
    patience: Duration,
    stream: Option<BufReader<TcpStream>>,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'static str,
    /// The path and query.
    pub path: &'a str,
    /// The type of the body.
    pub content_type: Option<&'static str>,
    /// Where in an upload the body begins.
    pub from: Option<u64>,
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// One without a body.
    #[must_use]
    pub fn new(method: &'static str, path: &'a str) -> Self {
        Self::with(method, path, &[])
    }

    /// One with a body.
    #[must_use]
    pub fn with(method: &'static str, path: &'a str, body: &'a [u8]) -> Self {
        Self {
            method,
            path,
            content_type: None,
            from: None,
            body,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The path that a `Location` leads to.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        let location = self.header("location")?;
        location.find("/v2/").map(|start| &location[start..])
    }

    /// How many bytes an upload's `Range` says there are.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        let (start, last) = self.header("range")?.split_once('-')?;
        let last: u64 = last.parse().ok()?;
        // The specification cannot say "nothing" and says "0-0", as for one byte.
        (start == "0").then_some(if last == 0 { 0 } else { last + 1 })
    }
}

impl Connection {
    /// A connection to HOST:PORT. A server that says nothing for so long hangs.
    #[must_use]
    pub fn new(host: &str, patience: Duration) -> Self {
        Self {
            host: host.to_owned(),
            patience,
            stream: None,
        }
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// The answer did not arrive; what was asked may have been done or not.
    pub fn send(&mut self, request: Request<'_>) -> io::Result<Answer> {
        let sent = self.try_send(request);
        let closes = |answer: &Answer| answer.header("connection") == Some("close");
        if sent.as_ref().map_or(true, closes) {
            self.stream = None;
        }
        sent
    }

    /// Sends a request but only so many bytes of its body, and goes away when the server has noticed: what
    /// is sent next would otherwise come before what was broken off.
    ///
    /// # Errors
    /// Where even that could not be sent.
    pub fn break_off(&mut self, request: Request<'_>, bytes: usize) -> io::Result<()> {
        let head = self.head(request);
        let mut stream = self.stream()?.get_ref();
        stream.write_all(head.as_bytes())?;
        stream.write_all(&request.body[..bytes])?;
        stream.shutdown(Shutdown::Write)?;
        let noticed = io::copy(&mut stream, &mut io::sink());
        self.stream = None;
        noticed.map(drop)
    }

    fn try_send(&mut self, request: Request<'_>) -> io::Result<Answer> {
        let head = self.head(request);
        let stream = self.stream()?;
        stream.get_ref().write_all(head.as_bytes())?;
        stream.get_ref().write_all(request.body)?;
        read_answer(stream, request.method == "HEAD")
    }

    fn head(&self, request: Request<'_>) -> String {
        let Request { method, path, .. } = request;
        let (host, length) = (&self.host, request.body.len());
        let content_type = request
            .content_type
            .map(|value| format!("content-type: {value}\r\n"));
        let content_type = content_type.unwrap_or_default();
        let range = request.from.filter(|_| length > 0).map(|from| {
            let last = from + length as u64 - 1;
            format!("content-range: {from}-{last}\r\n")
        });
        let range = range.unwrap_or_default();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\n{content_type}{range}\
             content-length: {length}\r\n\r\n"
        )
    }

    fn stream(&mut self) -> io::Result<&mut BufReader<TcpStream>> {
        if !self
            .stream
            .as_ref()
            .is_some_and(|stream| is_open(stream.get_ref()))
        {
            let stream = TcpStream::connect(&self.host)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(self.patience))?;
            stream.set_write_timeout(Some(self.patience))?;
            self.stream = Some(BufReader::new(stream));
        }
        self.stream
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// Whether the server has not ended the connection meanwhile.
fn is_open(stream: &TcpStream) -> bool {
    let look = || {
        stream.set_nonblocking(true)?;
        let said = stream.peek(&mut [0]);
        stream.set_nonblocking(false)?;
        said
    };
    matches!(look(), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

fn read_answer(stream: &mut impl BufRead, headless: bool) -> io::Result<Answer> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let first = line(stream)?;
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| broken("no status"))?;
    let mut headers = Vec::new();
    loop {
        let line = line(stream)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| broken("no header"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer {
        status,
        headers,
        body: Vec::new(),
    };
    if answer.header("transfer-encoding").is_some() {
        return Err(broken("an answer without a length"));
    }
    let length = answer.header("content-length").unwrap_or("0").parse();
    let length: usize = length.map_err(|_| broken("no length"))?;
    if !headless {
        answer.body = vec![0; length];
        stream.read_exact(&mut answer.body)?;
    }
    Ok(answer)
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
