//! A connection that is kept open, and cheap to use.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::{Failure, Result};
use crate::http::{BodyLength, Head, end_of_head};
use crate::target::Target;

const BUFFER: usize = 256 << 10;
const LONGEST_HEAD: usize = 32 << 10;

/// A connection to the server that is measured.
pub(crate) struct Connection {
    target: Target,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What was read and not yet used.
    start: usize,
    end: usize,
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
    /// The length of the body.
    pub(crate) bytes: u64,
}

impl Connection {
    pub(crate) async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.address()).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            target: target.clone(),
            stream,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
        })
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Sends a request, or a part of one.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        Ok(())
    }

    /// Reads the answer to a request; `to_head` if it was a HEAD.
    pub(crate) async fn receive(&mut self, to_head: bool, mut body: Body<'_>) -> Result<Answer> {
        let head = self.head(to_head).await?;
        let bytes = match head.body {
            BodyLength::Bytes(length) => {
                self.read(length, &mut body).await?;
                length
            }
            BodyLength::Chunked => self.read_chunks(&mut body).await?,
        };
        Ok(Answer {
            status: head.status,
            location: head.location,
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
            self.fill().await?;
        }
    }

    async fn read(&mut self, mut length: u64, body: &mut Body<'_>) -> Result<()> {
        while length > 0 {
            if self.start == self.end {
                self.fill().await?;
            }
            let unread = &self.buffer[self.start..self.end];
            let taken = usize::try_from(length).map_or(unread.len(), |most| most.min(unread.len()));
            body.take(&unread[..taken]);
            self.start += taken;
            length -= taken as u64;
        }
        Ok(())
    }

    async fn read_chunks(&mut self, body: &mut Body<'_>) -> Result<u64> {
        let mut total = 0;
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default().trim_ascii();
            let size = u64::from_str_radix(size, 16)
                .map_err(|_| Failure::new("the size of a chunk is no number"))?;
            self.read(size, body).await?;
            self.line().await?;
            total += size;
            if size == 0 {
                return Ok(total);
            }
        }
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(end) = unread.windows(2).position(|two| two == b"\r\n") {
                let line = String::from_utf8_lossy(&unread[..end]).into_owned();
                self.start += end + 2;
                return Ok(line);
            }
            self.fill().await?;
        }
    }

    /// Reads more behind what is unread.
    async fn fill(&mut self) -> Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let read = self.stream.read(&mut self.buffer[self.end..]).await?;
        if read == 0 {
            return Err(Failure::new("the server closed the connection"));
        }
        self.end += read;
        Ok(())
    }
}
