//! Listening sockets that go from one process to another.
//!
//! The kernel passes handles along with a message (`SCM_RIGHTS`): both processes then have the same
//! socket with the same queue, and whoever waits in it is served by whichever accepts. Two processes with
//! sockets of their own on one port (`SO_REUSEPORT`) were the alternative; there each connection waits
//! for one of the two, and is refused when that one ends.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use tokio::{io::Interest, net::UnixStream};

use super::Listener;

/// The most sockets in one message. The kernel takes 253.
const MOST: usize = 64;

impl Listener {
    /// Sends handles of listeners to the process at the other end, in one message.
    ///
    /// # Errors
    /// Where there are more than 64, or the other end is gone.
    pub async fn send_all(listeners: &[Self], to: &UnixStream) -> io::Result<()> {
        let count = u8::try_from(listeners.len()).ok();
        let Some(count) = count.filter(|count| usize::from(*count) <= MOST) else {
            return Err(invalid("too many sockets to send"));
        };
        let handles: Vec<_> = listeners.iter().map(AsFd::as_fd).collect();
        to.async_io(Interest::WRITABLE, || send(to, count, &handles))
            .await
    }

    /// Receives the listeners that the process at the other end sends. Files of unix sockets are that
    /// process's until they are [taken](Self::own_file).
    ///
    /// # Errors
    /// Where it sends something else, or is gone.
    pub async fn receive_all(from: &UnixStream) -> io::Result<Vec<Self>> {
        let received = from.async_io(Interest::READABLE, || receive(from)).await?;
        received.into_iter().map(Self::inherit).collect()
    }
}

/// The message says how many handles there are, for one without any bytes is none.
fn send(to: &UnixStream, count: u8, handles: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !handles.is_empty() && !control.push(SendAncillaryMessage::ScmRights(handles)) {
        return Err(invalid("too many sockets to send"));
    }
    sendmsg(
        to,
        &[IoSlice::new(&[count])],
        &mut control,
        SendFlags::empty(),
    )?;
    Ok(())
}

fn receive(from: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut count = [0];
    let mut bytes = [IoSliceMut::new(&mut count)];
    let message = recvmsg(from, &mut bytes, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut handles = Vec::new();
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = part {
            handles.extend(received);
        }
    }
    if message.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if message.flags.contains(ReturnFlags::CTRUNC) || handles.len() != usize::from(count[0]) {
        return Err(invalid("not all sockets were received"));
    }
    Ok(handles)
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
