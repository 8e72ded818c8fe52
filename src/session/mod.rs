//! The joining side: dial, ask whom to trust, greet, talk.
//!
//! - [`target`]: whom to join
//! - `find`: from a room's name to whom to join
//! - `race`, `dial`: which way to try when, decided and done
//! - `run`: a join from beginning to end
//! - `greet`: the greeting
//! - `talk`: the conversation over one connection
//! - `watch`, `elsewhere`: when to look for another one while that is still there, decided and done
//! - `back`: coming back after it was lost
//! - `retry`: when to try
//! - `knock`: trying
//! - `surroundings`: whether this machine is still where it was
//! - `advice`: what a person is told when it does not come about

mod advice;
mod back;
mod dial;
mod elsewhere;
mod find;
mod greet;
mod knock;
mod race;
mod retry;
mod run;
mod surroundings;
mod talk;
pub mod target;
mod watch;

use std::net::IpAddr;
use std::sync::Arc;

use crate::{
    conversation::Conversation,
    identity::{Identity, Name, Pins},
    transport::{Credentials, Kind, Proxy, Quic, Tcp, Tls, Transport},
};
pub use target::{Source, Target, TargetError};

/// How to join.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// Whom.
    pub target: Target,
    /// As whom.
    pub name: Name,
    /// Over what.
    pub way: Way,
    /// What to do on first contact.
    pub first_contact: Consent,
    /// What to do when every encrypted way failed, for a host that is not pinned.
    pub plaintext: Consent,
    /// The local address to dial from; any, if none.
    pub bind: Option<IpAddr>,
    /// Who connects for us, over TLS and plain TCP only: QUIC is not tried then.
    pub proxy: Option<Proxy>,
}

/// Over what to join.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// QUIC, or TLS where QUIC does not get through.
    Encrypted,
    /// Only this one of them.
    Only(Kind),
    /// Plain TCP, on purpose.
    Plain,
}

/// Who answers a question that a person would have to decide.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Consent {
    /// Ask, with [`Event::Asked`](crate::conversation::Event::Asked).
    Ask,
    /// The person has said yes beforehand.
    Given,
    /// Nobody can be asked: no.
    Withheld,
}

/// Joins, in the background, on the tokio runtime that this is called in.
pub fn join(options: Options, identity: Arc<Identity>, pins: Pins) -> Conversation {
    let (credentials, bind, proxy) = (Credentials::new(identity), options.bind, &options.proxy);
    let mut transports: Vec<Arc<dyn Transport>> = Vec::new();
    if proxy.is_none() {
        transports.push(Arc::new(Quic::new(credentials.clone(), bind)));
    }
    transports.push(Arc::new(Tls::new(credentials, bind).through(proxy.clone())));
    transports.push(Arc::new(Tcp::new(bind).through(proxy.clone())));
    join_over(transports, options, pins)
}

/// The same over these transports, the best first.
pub fn join_over(transports: Vec<Arc<dyn Transport>>, options: Options, pins: Pins) -> Conversation {
    let (conversation, backstage) = Conversation::new();
    tokio::spawn(run::run(transports, options, pins, backstage));
    conversation
}
