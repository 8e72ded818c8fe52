//! The hosting side: listeners, handshakes, and how a connection becomes a member of a room.

use std::net::IpAddr;
use std::sync::Arc;

use crate::{
    conversation::Conversation,
    identity::{Identity, Name, RoomName},
};

/// How to host.
#[derive(Clone, Debug)]
pub struct Options {
    /// The room's name.
    pub room: RoomName,
    /// The host's own name in it.
    pub name: Name,
    /// The one port of all transports; 0 for any that is free.
    pub port: u16,
    /// The local address to listen on; all of both families, if none.
    pub bind: Option<IpAddr>,
    /// Serve QUIC and TLS.
    pub encrypted: bool,
    /// Serve plain TCP, on purpose.
    pub plain: bool,
}

/// Hosts, in the background, on the tokio runtime that this is called in.
pub fn host(options: Options, identity: Arc<Identity>) -> Conversation {
    let (conversation, _backstage) = Conversation::new();
    let _ = (options, identity);
    conversation
}
