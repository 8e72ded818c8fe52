//! The hosting side: listeners, handshakes, and how a connection becomes a member of a room.
//!
//! - `listen`: the one port, and the addresses under which others may find it
//! - `door`: from a knock to a member, with as little spent on strangers as can be
//! - `porch`: how many strangers there may be, and how often they may knock
//! - `pace`: how fast somebody may go on
//! - `attend`: a member's two tasks, and how they end
//! - `own`: the host's own membership, which needs no connection

mod attend;
mod door;
mod listen;
mod own;
mod pace;
mod porch;

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::timeout};
use tracing::info;

use crate::{
    conversation::{Backstage, Closed, Conversation, Event, Listening, Refused},
    identity::{Identity, Invite, Name, RoomName},
    room::{Candidate, Membership, Room},
    transport::{Kind, Listener},
    wire::Security,
};

/// All members together are given so long to hear that the room ends.
const GOODBYE: Duration = Duration::from_millis(1_500);

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
    match listen::listen(&options, &identity) {
        Ok(listeners) => host_over(listeners, options, &identity),
        Err(refused) => {
            let (conversation, backstage) = Conversation::new();
            tokio::spawn(end(backstage, Event::Refused(refused)));
            conversation
        }
    }
}

/// The same for whoever knocks at these listeners, all of one port.
pub fn host_over(listeners: Vec<Box<dyn Listener>>, options: Options, identity: &Identity) -> Conversation {
    let (conversation, backstage) = Conversation::new();
    match open(&listeners, &options, identity) {
        Ok(open) => tokio::spawn(run(listeners, open, backstage)),
        Err(refused) => tokio::spawn(end(backstage, Event::Refused(refused))),
    };
    conversation
}

async fn run(listeners: Vec<Box<dyn Listener>>, open: Open, mut backstage: Backstage) {
    info!(port = open.listening.port, transports = ?open.listening.transports, "listening");
    let _ = backstage.events.send(Event::Listening(open.listening)).await;
    // Each member's task holds one of these; when the last is gone, everybody has been told.
    let (attending, mut attended) = mpsc::channel(1);
    let doors: Vec<_> = door::open(listeners, &open.room, &attending);
    own::attend(&open.room, open.own, open.security, &mut backstage).await;
    doors.iter().for_each(|door| door.abort());
    drop(attending);
    let _ = timeout(GOODBYE, attended.recv()).await;
    end(backstage, Event::Closed(Closed::Left)).await;
}

async fn end(mut backstage: Backstage, last: Event) {
    backstage.give_back().await;
    let _ = backstage.events.send(last).await;
}

/// A room that can be joined.
struct Open {
    room: Arc<Room>,
    own: Membership,
    security: Security,
    listening: Listening,
}

fn open(listeners: &[Box<dyn Listener>], options: &Options, identity: &Identity) -> Result<Open, Refused> {
    let port = listen::port(listeners)?;
    let addresses = listen::addresses(options.bind, port);
    let room = Room::new(options.room.clone());
    let security = if options.plain { Security::Plaintext } else { Security::Pinned };
    // In a room that is plain only, nobody can tell whose key it is, so none is shown.
    let (fingerprint, own_security) = match options.encrypted {
        true => (Some(identity.fingerprint()), Security::Pinned),
        false => (None, Security::Plaintext),
    };
    let name = options.name.as_str();
    let candidate = Candidate { name, room: None, fingerprint, security: own_security, resume: None };
    let own = room.admit(&candidate).map_err(|refused| listen::local(refused.detail))?;
    let invite = match options.encrypted {
        true => Invite::new(identity.fingerprint(), addresses.clone(), options.room.clone()).ok(),
        false => None,
    };
    let kinds = [(options.encrypted, Kind::Quic), (options.encrypted, Kind::Tls), (options.plain, Kind::Tcp)];
    let listening = Listening {
        room: options.room.clone(),
        transports: kinds.into_iter().filter_map(|(served, kind)| served.then_some(kind)).collect(),
        port,
        addresses: addresses.iter().map(ToString::to_string).collect(),
        fingerprint: identity.fingerprint(),
        invite,
    };
    Ok(Open { room, own, security, listening })
}
