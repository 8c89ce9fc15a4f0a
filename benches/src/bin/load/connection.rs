//! A connection that is kept open, and cheap to use.
//!
//! Servers may close one after an answer, after so many requests or after a while. It is then opened
//! again, and that is counted: it is part of what a server costs, and no failure.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::{Failure, Kind, Result};
use crate::http::{BodyLength, Head, end_of_head};
use crate::target::Target;

const BUFFER: usize = 256 << 10;
const LONGEST_HEAD: usize = 32 << 10;

/// A connection to the server that is measured.
pub(crate) struct Connection {
    target: Target,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    /// What was read and not yet used.
    start: usize,
    end: usize,
    /// Answers of this stream, and how often another one had to be opened.
    answers: u64,
    reopened: u64,
}

/// What to do with the body of an answer.
pub(crate) enum Body<'a> {
    Drop,
    Keep(&'a mut Vec<u8>),
}

impl Body<'_> {
    fn take(&mut self, bytes: &[u8]) {
        if let Self::Keep(kept) = self {
            kept.extend_from_slice(bytes);
        }
    }
}

/// An answer whose body was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) range_end: Option<u64>,
    /// The length of the body.
    pub(crate) bytes: u64,
}

impl Connection {
    pub(crate) async fn open(target: &Target) -> Result<Self> {
        Ok(Self {
            stream: Some(connect(target).await?),
            target: target.clone(),
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            answers: 0,
            reopened: 0,
        })
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// How often the server had closed it.
    pub(crate) fn reopened(&self) -> u64 {
        self.reopened
    }

    /// Closes it in the middle of whatever was sent. The next request goes over a new one.
    pub(crate) fn cut(&mut self) {
        self.stream = None;
        (self.start, self.end) = (0, 0);
    }

    /// Sends a request, or a part of one.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if self.stream.is_none() {
            self.stream = Some(connect(&self.target).await?);
            self.answers = 0;
        }
        self.stream()?.write_all(bytes).await?;
        Ok(())
    }

    /// Opens another one if it ended between two answers, as a server may end it at any time.
    pub(crate) fn renew(&mut self, failure: Failure) -> Result<()> {
        if failure.kind() != Kind::Closed || self.answers == 0 {
            return Err(failure);
        }
        self.reopened += 1;
        self.cut();
        Ok(())
    }

    /// Reads the answer to a request; `to_head` if it was a HEAD.
    pub(crate) async fn receive(&mut self, to_head: bool, mut body: Body<'_>) -> Result<Answer> {
        let mut head = self.head(to_head).await?;
        while head.status < 200 {
            head = self.head(to_head).await?;
        }
        let bytes = match head.body {
            BodyLength::Bytes(length) => self.read(length, &mut body).await?,
            BodyLength::Chunked => self.read_chunks(&mut body).await?,
            BodyLength::UntilClose => self.read_rest(&mut body).await?,
        };
        self.answers += 1;
        if head.closes {
            self.reopened += 1;
            self.cut();
        }
        Ok(Answer {
            status: head.status,
            location: head.location,
            range_end: head.range_end,
            bytes,
        })
    }

    async fn head(&mut self, to_head: bool) -> Result<Head> {
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(end) = end_of_head(unread) {
                let head = Head::parse(&unread[..end], to_head);
                self.start += end;
                return head;
            }
            if unread.len() > LONGEST_HEAD {
                return Err(Failure::new("the head of an answer does not end"));
            }
            let kind = if unread.is_empty() {
                Kind::Closed
            } else {
                Kind::Wrong
            };
            self.fill(kind).await?;
        }
    }

    async fn read(&mut self, length: u64, body: &mut Body<'_>) -> Result<u64> {
        let mut left = length;
        while left > 0 {
            if self.start == self.end {
                self.fill(Kind::Wrong).await?;
            }
            let unread = &self.buffer[self.start..self.end];
            let taken = usize::try_from(left).map_or(unread.len(), |most| most.min(unread.len()));
            body.take(&unread[..taken]);
            self.start += taken;
            left -= taken as u64;
        }
        Ok(length)
    }

    async fn read_chunks(&mut self, body: &mut Body<'_>) -> Result<u64> {
        let mut total = 0;
        loop {
            let size = self.chunk_size().await?;
            self.read(size, body).await?;
            self.line_end().await?;
            total += size;
            if size == 0 {
                return Ok(total);
            }
        }
    }

    async fn chunk_size(&mut self) -> Result<u64> {
        let end = self.line_end().await?;
        let line = std::str::from_utf8(&self.buffer[self.start - end - 2..self.start - 2]);
        let size = line.unwrap_or_default().split(';').next();
        u64::from_str_radix(size.unwrap_or_default().trim_ascii(), 16)
            .map_err(|_| Failure::new("the size of a chunk is no number"))
    }

    /// Goes behind the next end of a line; how long the line was.
    async fn line_end(&mut self) -> Result<usize> {
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(end) = unread.windows(2).position(|two| two == b"\r\n") {
                self.start += end + 2;
                return Ok(end);
            }
            self.fill(Kind::Wrong).await?;
        }
    }

    async fn read_rest(&mut self, body: &mut Body<'_>) -> Result<u64> {
        let mut total = 0;
        loop {
            body.take(&self.buffer[self.start..self.end]);
            total += (self.end - self.start) as u64;
            self.start = self.end;
            match self.fill(Kind::Closed).await {
                Err(failure) if failure.kind() == Kind::Closed => return Ok(total),
                other => other?,
            }
        }
    }

    /// Reads more behind what is unread; an end is a failure of this kind.
    async fn fill(&mut self, at_end: Kind) -> Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let stream = self.stream.as_mut().ok_or_else(closed)?;
        let read = stream.read(&mut self.buffer[self.end..]).await?;
        if read == 0 {
            return Err(Failure::of(at_end, "the server closed the connection"));
        }
        self.end += read;
        Ok(())
    }

    fn stream(&mut self) -> Result<&mut TcpStream> {
        self.stream.as_mut().ok_or_else(closed)
    }
}

async fn connect(target: &Target) -> Result<TcpStream> {
    let stream = TcpStream::connect(target.address()).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn closed() -> Failure {
    Failure::of(Kind::Closed, "the server closed the connection")
}
