//! Who is where, and what is on the way between them.

use std::{net::SocketAddr, sync::Arc};

use bytes::{Bytes, BytesMut};
use parlor::{
    transport::{BoxFuture, Connection, Error, Expect, Kind, Listener, Transport, memory::Memory},
    wire::{FromMember, frame, message::Hello},
};

/// Dials the host wherever it is thought to be.
pub(crate) struct Dialler(pub(crate) Memory);

impl Transport for Dialler {
    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn listen(&self, address: SocketAddr) -> std::io::Result<Box<dyn Listener>> {
        self.0.listen(address)
    }

    fn dial(&self, _: SocketAddr, expect: Expect) -> BoxFuture<'_, Result<Arc<dyn Connection>, Error>> {
        self.0.dial(home(), expect)
    }
}

/// What was sent as a greeting, if it was whole: after the one byte that goes out with the dial.
pub(crate) fn greeting(sent: &Bytes) -> Option<(Bytes, Hello)> {
    let mut buffer = BytesMut::from(sent.get(1..)?);
    let frame = frame::take(&mut buffer).ok()??;
    match FromMember::read(&frame).ok()?? {
        FromMember::Hello(hello) => Some((sent.slice(1..sent.len() - buffer.len()), hello)),
        _ => None,
    }
}

/// Where the host listens.
pub(crate) fn home() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 7275))
}

/// Where it is looked for.
pub(crate) fn door() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 2], 7275))
}

/// From where a member dials.
pub(crate) fn address(member: usize) -> SocketAddr {
    SocketAddr::from(([10, 1, 0, member as u8], 1))
}

/// From where what they sent comes once more.
pub(crate) fn elsewhere(member: usize) -> SocketAddr {
    SocketAddr::from(([10, 2, 0, member as u8], 1))
}
