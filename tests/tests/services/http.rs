//! HTTP as far as tests need to see it or to answer it: a request for each connection.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A request or an answer: its first line and its fields, in lower case but for values.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) line: String,
    fields: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn read(from: &mut impl BufRead) -> Option<Self> {
        let mut lines = from.by_ref().lines().map_while(Result::ok);
        let line = lines.next()?;
        let fields = lines.take_while(|line| !line.is_empty());
        let fields = fields.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        });
        let fields = fields.collect();
        Some(Self { line, fields })
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(field, _)| field == name);
        found.map(|(_, value)| &**value)
    }

    /// As it is sent on a connection that ends after it.
    fn text(&self) -> String {
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.fields {
            if name != "connection" {
                text += &format!("{name}: {value}\r\n");
            }
        }
        text + "connection: close\r\n\r\n"
    }
}

/// Listens, and has each connection in a thread of its own for as long as the test runs.
pub(crate) fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    format!("http://{address}")
}

/// A server with an answer to each request, which gets the request's head; none is 404.
pub(crate) fn answering(
    answer: impl Fn(&Head) -> Option<String> + Send + Sync + 'static,
) -> String {
    listen(move |stream| {
        let mut client = BufReader::new(&stream);
        let Some(head) = Head::read(&mut client) else {
            return;
        };
        let body = answer(&head);
        let status = if body.is_some() {
            "200 OK"
        } else {
            "404 Not Found"
        };
        let body = body.unwrap_or_default();
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        (&stream).write_all(text.as_bytes()).ok();
    })
}

/// A proxy of plain HTTP that notes what goes through it. All servers that it knows are on this machine.
pub(crate) struct Proxy {
    pub(crate) url: String,
    noted: Arc<Mutex<Vec<(Head, Head)>>>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let noted = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&noted);
        let url = listen(move |client| {
            let exchange = pass(&client);
            notes.lock().unwrap().extend(exchange);
        });
        Self { url, noted }
    }

    /// The requests whose first line has all these words, each with its answer.
    pub(crate) fn noted(&self, words: &[&str]) -> Vec<(Head, Head)> {
        let noted = self.noted.lock().unwrap();
        let of = |line: &str| words.iter().all(|word| line.contains(word));
        noted
            .iter()
            .filter(|(asked, _)| of(&asked.line))
            .cloned()
            .collect()
    }
}

/// Passes one request on to the server that it names, and its answer back.
fn pass(client: &TcpStream) -> Option<(Head, Head)> {
    let mut client = BufReader::new(client);
    let mut asked = Head::read(&mut client)?;
    let (method, rest) = asked.line.split_once(" http://")?;
    let (address, path) = rest.split_once('/')?;
    let (_, port) = address.rsplit_once(':')?;
    let (port, line) = (port.parse().ok()?, format!("{method} /{path}"));
    let named = std::mem::replace(&mut asked.line, line);
    let (mut asked, answered) = forward(&mut client, asked, port)?;
    asked.line = named;
    Some((asked, answered))
}

/// Passes one request on whose head was read, and its answer back.
pub(crate) fn forward(
    client: &mut BufReader<impl Read + Write>,
    asked: Head,
    port: u16,
) -> Option<(Head, Head)> {
    let server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    (&server).write_all(asked.text().as_bytes()).ok()?;
    let length = asked.field("content-length").unwrap_or("0").parse().ok()?;
    std::io::copy(&mut client.by_ref().take(length), &mut &server).ok()?;

    let mut from_server = BufReader::new(&server);
    let answered = Head::read(&mut from_server)?;
    let to_client = client.get_mut();
    to_client.write_all(answered.text().as_bytes()).ok()?;
    std::io::copy(&mut from_server, to_client).ok()?;
    Some((asked, answered))
}
