//! Something between a client and its server that does to requests what a test wants.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// A request on its way.
pub(crate) struct Request {
    /// Its lines, without the empty one.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// What becomes of a request.
pub(crate) enum Fate {
    Passed,
    /// Nothing comes back, until its client goes away.
    Held,
}

/// Listens, and passes requests on to a server's port as they are after `on_the_way`.
pub(crate) fn proxy(
    server: u16,
    on_the_way: impl Fn(&mut Request) -> Fate + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let on_the_way = Arc::new(on_the_way);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let on_the_way = Arc::clone(&on_the_way);
            thread::spawn(move || {
                let mut request = Request::read(&client)?;
                match on_the_way(&mut request) {
                    Fate::Passed => request.pass(&client, server),
                    Fate::Held => io::copy(&mut &client, &mut io::sink()).map(drop),
                }
            });
        }
    });
    port
}

impl Request {
    fn read(client: &TcpStream) -> io::Result<Self> {
        let mut from = BufReader::new(client);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            if line.trim().is_empty() {
                break;
            }
            head += &line;
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        Ok(Self { head, body })
    }

    /// Passes it on, and its answer back. A connection is of one request.
    fn pass(&self, client: &TcpStream, server: u16) -> io::Result<()> {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
        server.write_all(self.head.as_bytes())?;
        server.write_all(b"connection: close\r\n\r\n")?;
        server.write_all(&self.body)?;
        io::copy(&mut server, &mut &*client).map(drop)
    }
}
