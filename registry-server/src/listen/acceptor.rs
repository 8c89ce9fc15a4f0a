//! Taking connections from several sockets in turn.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll, ready},
};

use tokio::net::TcpListener;

use super::{
    address::Endpoint,
    listener::{Listener, Socket},
    reception::Reception,
    stream::Stream,
};
use crate::ClientAddress;

/// Sockets on the runtime.
#[derive(Debug)]
pub(super) struct Acceptor {
    doors: Vec<Door>,
    turn: usize,
}

/// A connection that nothing has been read from.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) stream: Stream,
    pub(super) peer: ClientAddress,
    pub(super) reception: Reception,
}

/// One of the sockets.
#[derive(Debug)]
struct Door {
    endpoint: Endpoint,
    socket: Accepting,
    reception: Reception,
}

#[derive(Debug)]
enum Accepting {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: tokio::net::UnixListener,
        _file: std::sync::Arc<super::unix::SocketFile>,
    },
}

impl Acceptor {
    pub(super) fn new(listeners: Vec<Listener>) -> io::Result<Self> {
        let doors = listeners.into_iter().map(Door::new);
        Ok(Self {
            doors: doors.collect::<io::Result<_>>()?,
            turn: 0,
        })
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.doors.iter().map(|door| &door.endpoint)
    }

    /// There is always one.
    pub(super) fn first(&self) -> &Endpoint {
        &self.doors[0].endpoint
    }

    /// The next connection to any of the sockets.
    pub(super) async fn accept(&mut self) -> io::Result<Arrival> {
        poll_fn(|context| self.poll_accept(context)).await
    }

    /// Asks the sockets in turn, each time another one first: none can keep the others waiting.
    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let count = self.doors.len();
        self.turn = self.turn.wrapping_add(1);
        for index in 0..count {
            let door = &self.doors[self.turn.wrapping_add(index) % count];
            if let Poll::Ready(arrival) = door.poll_accept(context) {
                return Poll::Ready(arrival);
            }
        }
        Poll::Pending
    }
}

impl Door {
    fn new(listener: Listener) -> io::Result<Self> {
        let endpoint = listener.endpoint();
        let socket = match listener.socket {
            Socket::Tcp(socket) => Accepting::Tcp(TcpListener::from_std(socket)?),
            #[cfg(unix)]
            Socket::Unix(socket) => {
                let (listener, _file) = socket.into_tokio()?;
                Accepting::Unix { listener, _file }
            }
        };
        Ok(Self {
            endpoint,
            socket,
            reception: listener.reception,
        })
    }

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let (stream, peer) = match &self.socket {
            Accepting::Tcp(socket) => {
                let (stream, peer) = ready!(socket.poll_accept(context))?;
                // Without it, small answers wait for the client's acknowledgement.
                stream.set_nodelay(true)?;
                (Stream::Tcp(stream), peer.into())
            }
            #[cfg(unix)]
            Accepting::Unix { listener, .. } => {
                let (stream, _) = ready!(listener.poll_accept(context))?;
                (Stream::Unix(stream), ClientAddress::LOCAL)
            }
        };
        Poll::Ready(Ok(Arrival {
            stream,
            peer,
            reception: self.reception.clone(),
        }))
    }
}
