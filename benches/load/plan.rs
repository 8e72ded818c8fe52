//! What was asked for.

use std::{net::SocketAddr, time::Duration};

use argh::{FromArgValue, FromArgs};
use serde::Serialize;

use super::body;

/// Puts a chat server that runs already under load, and prints what that took.
#[derive(Clone, Debug, FromArgs)]
pub(crate) struct Plan {
    /// what the server is called in the report
    #[argh(option, default = "String::new()")]
    pub(crate) server: String,

    /// its process
    #[argh(option)]
    pub(crate) pid: u32,

    /// its address
    #[argh(option)]
    pub(crate) at: SocketAddr,

    /// its language: parlor, limit, irc, nats, mqtt or mumble
    #[argh(option)]
    pub(crate) speak: Language,

    /// the transport: tcp, tls or quic
    #[argh(option)]
    pub(crate) over: Over,

    /// how many members
    #[argh(option, default = "50")]
    pub(crate) members: usize,

    /// the number in the first one's name, where others are there already
    #[argh(option, default = "0")]
    pub(crate) first: usize,

    /// how many of them speak
    #[argh(option, default = "0")]
    pub(crate) senders: usize,

    /// messages a second, of all senders together, at moments that do not depend on each other; 0 for as many as can be
    #[argh(option, default = "0.0")]
    pub(crate) rate: f64,

    /// without a rate: messages of a sender that not everybody has yet
    #[argh(option, default = "8")]
    pub(crate) window: usize,

    /// bytes of a message
    #[argh(option, default = "100")]
    pub(crate) payload: usize,

    /// seconds of talk before it counts
    #[argh(option, default = "0.7")]
    pub(crate) warm_up: f64,

    /// seconds of talk that count
    #[argh(option, default = "3.0")]
    pub(crate) seconds: f64,

    /// seconds for which the room is watched in silence before the talk
    #[argh(option, default = "0.0")]
    pub(crate) idle: f64,

    /// how many come in at once; all, unless given
    #[argh(option, default = "usize::MAX")]
    pub(crate) at_once: usize,
}

/// The language of a server.
#[derive(Clone, Copy, Debug, FromArgValue)]
pub(crate) enum Language {
    Parlor,
    Limit,
    Irc,
    Nats,
    Mqtt,
    Mumble,
}

/// A transport.
#[derive(Clone, Copy, Debug, Eq, FromArgValue, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Over {
    Tcp,
    Tls,
    Quic,
}

impl Plan {
    /// What is wrong with it, if something is.
    pub(crate) fn complaint(&self) -> Option<String> {
        if self.payload < body::LEAST {
            return Some(format!("a message has {} bytes at least", body::LEAST));
        }
        if self.senders > self.members || self.senders > usize::from(u16::MAX) {
            return Some("there are more senders than members".to_owned());
        }
        (self.members == 0 || self.window == 0).then(|| "there is nothing to do".to_owned())
    }

    /// How long a sender waits between two messages, on average; none, if as little as can be.
    pub(crate) fn pause(&self) -> Option<Duration> {
        (self.rate > 0.0).then(|| Duration::from_secs_f64(self.senders as f64 / self.rate))
    }
}
