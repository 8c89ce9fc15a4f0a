//! A way to the database that counts what the database answers.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// What was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Statements that were run, those that begin and end transactions included.
    pub(crate) statements: u64,
    /// Times that somebody waited for an answer.
    pub(crate) trips: u64,
}

/// A port before the server's socket.
pub(crate) struct Counter {
    port: u16,
    counted: Arc<Counted>,
}

#[derive(Default)]
struct Counted {
    statements: AtomicU64,
    trips: AtomicU64,
}

impl Counter {
    /// One before the server that has this socket. It ends with the process.
    pub(crate) fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let counted = Arc::<Counted>::default();
        let counter = Arc::clone(&counted);
        thread::spawn(move || {
            for client in listener.incoming() {
                let server = UnixStream::connect(&socket).unwrap();
                relay(client.unwrap(), server, Arc::clone(&counter));
            }
        });
        Self { port, counted }
    }

    /// How a database is connected to through it.
    pub(crate) fn address(&self, database: &str) -> String {
        let port = self.port;
        format!("host=127.0.0.1 port={port} user=registry dbname={database}")
    }

    /// What was answered since this was asked before.
    pub(crate) fn take(&self) -> Counts {
        Counts {
            statements: self.counted.statements.swap(0, Ordering::SeqCst),
            trips: self.counted.trips.swap(0, Ordering::SeqCst),
        }
    }
}

fn relay(client: TcpStream, server: UnixStream, counted: Arc<Counted>) {
    client.set_nodelay(true).unwrap();
    let (mut asks, mut asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        drop(io::copy(&mut asks, &mut asked));
        drop(asked.shutdown(Shutdown::Write));
    });
    thread::spawn(move || {
        // It ends where one of the two is closed.
        drop(answers(server, &client, &counted));
        drop(client.shutdown(Shutdown::Both));
    });
}

/// Hands on message by message: a letter, and a length that counts itself.
fn answers(mut server: UnixStream, mut client: &TcpStream, counted: &Counted) -> io::Result<()> {
    loop {
        let mut message = vec![0; 5];
        server.read_exact(&mut message)?;
        let length = u32::from_be_bytes(message[1..5].try_into().unwrap()) as usize;
        message.resize(1 + length, 0);
        server.read_exact(&mut message[5..])?;
        match message[0] {
            // A statement is complete.
            b'C' => counted.statements.fetch_add(1, Ordering::SeqCst),
            // The server waits for what comes next.
            b'Z' => counted.trips.fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
        client.write_all(&message)?;
    }
}
