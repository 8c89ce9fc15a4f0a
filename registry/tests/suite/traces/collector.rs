//! A collector of a test's own: it takes what is sent to it, and keeps it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use serde_json::Value;

/// How long a span may take to come; only a bound against hanging.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Collector {
    pub(crate) endpoint: String,
    batches: Receiver<Batch>,
    spans: Vec<Span>,
}

/// A request of the server.
struct Batch {
    head: String,
    body: String,
}

/// A span that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Span(Value);

impl Collector {
    /// One that answers.
    pub(crate) fn start() -> Self {
        Self::answering("200 OK", 0)
    }

    /// One that answers so for so many times, and then as it should.
    pub(crate) fn answering(status: &'static str, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (sender, batches) = channel();
        thread::spawn(move || {
            let mut refusals = times;
            for stream in listener.incoming() {
                serve(stream.unwrap(), status, &mut refusals, &sender);
            }
        });
        Self {
            endpoint,
            batches,
            spans: Vec::new(),
        }
    }

    /// Waits for a span of this name that is so.
    #[track_caller]
    pub(crate) fn span(&mut self, name: &str, is: impl Fn(&Span) -> bool) -> Span {
        loop {
            let wanted = |span: &&Span| span.name() == name && is(span);
            if let Some(span) = self.spans.iter().find(wanted) {
                return span.clone();
            }
            self.receive();
        }
    }

    /// Every span so far, after the server has ended.
    pub(crate) fn all(&mut self) -> &[Span] {
        while let Ok(batch) = self.batches.try_recv() {
            self.take(&batch);
        }
        &self.spans
    }

    /// Takes the next batch, and answers its head.
    #[track_caller]
    pub(crate) fn receive(&mut self) -> String {
        let batch = self.batches.recv_timeout(PATIENCE);
        let batch = batch.unwrap_or_else(|_| panic!("no such span among {:?}", self.spans));
        self.take(&batch);
        batch.head
    }

    fn take(&mut self, batch: &Batch) {
        let body: Value = serde_json::from_str(&batch.body).unwrap();
        let resource = &body["resourceSpans"][0];
        let service = &resource["resource"]["attributes"][0];
        assert_eq!(service["key"], "service.name");
        let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
        self.spans.extend(spans.iter().cloned().map(Span));
    }
}

/// Answers the requests of a connection, one after the other.
fn serve(stream: TcpStream, status: &str, refusals: &mut usize, batches: &Sender<Batch>) {
    let mut stream = BufReader::new(stream);
    while let Some(batch) = read(&mut stream) {
        let refuse = *refusals > 0;
        let status = if refuse { status } else { "200 OK" };
        if !refuse && batches.send(batch).is_err() {
            return;
        }
        *refusals = refusals.saturating_sub(1);
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Batch> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    Some(Batch { head, body })
}

impl Span {
    pub(crate) fn name(&self) -> &str {
        self.text("name")
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.0[member].as_str().unwrap_or_default()
    }

    pub(crate) fn member(&self, member: &str) -> &Value {
        &self.0[member]
    }

    /// An attribute, as text.
    pub(crate) fn attribute(&self, key: &str) -> Option<&str> {
        let attributes = self.0["attributes"].as_array()?;
        let found = attributes.iter().find(|one| one["key"] == key)?;
        let value = &found["value"];
        value["stringValue"].as_str().or(value["intValue"].as_str())
    }

    pub(crate) fn is_part_of(&self, other: &Self) -> bool {
        self.text("traceId") == other.text("traceId")
            && self.text("parentSpanId") == other.text("spanId")
    }
}
