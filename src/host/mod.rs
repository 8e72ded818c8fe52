//! The hosting side: listeners, handshakes, and how a connection becomes a member of a room.
//!
//! - `listen`: the one port, and the addresses under which others may find it
//! - `door`: from a knock to a member, with as little spent on strangers as can be
//! - `porch`: how many strangers there may be, and how often they may knock
//! - `pace`: how fast somebody may go on
//! - `attend`: a member's task, and how it ends
//! - `descriptors`: descriptors for everybody who may come
//! - `fan_out`: one task that writes to all members
//! - `schedule`: when each of them is written to
//! - `alarm`: rings when that is
//! - `answers`: answers that wait to be written to a member
//! - `outside`: what the host is told of the way in from outside, and the invite with it
//! - `own`: the host's own membership, which needs no connection

mod alarm;
mod answers;
mod attend;
mod descriptors;
mod door;
mod fan_out;
mod listen;
mod outside;
mod own;
mod pace;
mod porch;
mod schedule;

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::spawn_blocking, time::timeout};
use tracing::{error, info};

pub use self::descriptors::take_descriptors;
pub use crate::room::{Keep, Save};

#[cfg(feature = "bench")]
pub use self::{pace::let_members_hurry, schedule::let_news_wait};

use self::outside::Outside;
use crate::{
    conversation::{Backstage, Closed, Conversation, Event, Listening, Refused},
    identity::{Address, Fingerprint, Identity, Invite, Name, RoomName},
    reach::found::{Announcement, record::Record},
    room::{Membership, Room},
    transport::{Kind, Listener},
    wire::Security,
};

/// All members together are given so long to hear that the room ends.
const GOODBYE: Duration = Duration::from_millis(1_500);

/// How to host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// The room's name. Without one it is that of the room that was saved, or one made of the host's name.
    pub room: Option<RoomName>,
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
    /// Announce the room on the network, so that others see it in their lists; one that listens on loopback only is not.
    pub announce: bool,
    /// Keep the room in a file, and go on with the one that is there.
    pub save: Option<Save>,
    /// Ask the gateway for a way in from outside.
    pub map_port: bool,
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
    match listen::port(&listeners) {
        Ok(port) => {
            let open = open(port, options, identity.fingerprint());
            tokio::spawn(async move {
                match open.await {
                    Ok(open) => run(listeners, open, backstage).await,
                    Err(refused) => end(backstage, Event::Refused(refused)).await,
                }
            });
        }
        Err(refused) => drop(tokio::spawn(end(backstage, Event::Refused(refused)))),
    }
    conversation
}

async fn run(listeners: Vec<Box<dyn Listener>>, open: Open, mut backstage: Backstage) {
    let Listening { port, transports, addresses, fingerprint, .. } = &open.listening;
    info!(port, ?transports, ?addresses, key = fingerprint.base32(), "listening");
    let _ = backstage.events.send(Event::Listening(open.listening.clone())).await;
    let mut outside = Outside::new(&open.options, open.listening, open.addresses);
    // Each member's task holds one of these; when the last is gone, everybody has been told.
    let (attending, mut attended) = mpsc::channel(1);
    let doors: Vec<_> = door::open(listeners, &open.room, &attending);
    // Those who were in the room when its host was cut short may come back to it.
    let away: Vec<_> = open.away.into_iter().map(|membership| tokio::spawn(membership.linger())).collect();
    let announcement = open.announced.and_then(|(record, bind)| announce(record, bind, &backstage));
    own::attend(&open.room, open.own, open.security, &mut outside, &mut backstage).await;
    doors.iter().chain(&away).for_each(|task| task.abort());
    drop(attending);
    // Those in the room, and those who see it from elsewhere.
    let withdrawn = async {
        if let Some(announcement) = announcement {
            announcement.end().await;
        }
    };
    let told = timeout(GOODBYE, async { tokio::join!(attended.recv(), withdrawn) });
    let _ = tokio::join!(told, outside.close());
    end(backstage, Event::Closed(Closed::Left)).await;
}

/// Why others may not see a room in their lists, and what to do.
const UNANNOUNCED: &str = "Others do not see this room in their lists, for it could not be announced on this network. They \
                           come in with the invite, or with an address of yours.";

/// Announces the room. Where that cannot be done the room goes on, and its host is told.
fn announce(record: Record, bind: Option<IpAddr>, backstage: &Backstage) -> Option<Announcement> {
    // Not to outlive the conversation.
    let events = backstage.events.downgrade();
    Announcement::start(record, bind, move || {
        if let Some(events) = events.upgrade() {
            // A front end that does not keep up misses it, and nothing else.
            let _ = events.try_send(Event::Unannounced { detail: UNANNOUNCED.to_owned() });
        }
    })
}

async fn end(mut backstage: Backstage, last: Event) {
    match &last {
        Event::Refused(refused) => error!(why = refused.detail, "there is no room"),
        _ => info!("the room is over"),
    }
    backstage.give_back().await;
    let _ = backstage.events.send(last).await;
}

/// A room that can be joined.
struct Open {
    room: Arc<Room>,
    own: Membership,
    /// Those who were in it before.
    away: Vec<Membership>,
    security: Security,
    listening: Listening,
    addresses: Vec<Address>,
    options: Options,
    /// What is announced of it, if it is to be, and at which address only.
    announced: Option<(Record, Option<IpAddr>)>,
}

async fn open(port: u16, options: Options, fingerprint: Fingerprint) -> Result<Open, Refused> {
    let addresses = listen::addresses(options.bind, port);
    let (room, away) = room(&options).await?;
    let security = if options.plain { Security::Plaintext } else { Security::Pinned };
    // In a room that is plain only, nobody can tell whose key it is, so none is shown.
    let (own_fingerprint, own_security) = match options.encrypted {
        true => (Some(fingerprint), Security::Pinned),
        false => (None, Security::Plaintext),
    };
    let own = room.admit_host(&options.name, own_fingerprint, own_security);
    let own = own.map_err(|refused| listen::local(refused.detail))?;
    let invite = match options.encrypted {
        true => Invite::new(fingerprint, addresses.clone(), room.name().clone()).ok(),
        false => None,
    };
    let kinds = [(options.encrypted, Kind::Quic), (options.encrypted, Kind::Tls), (options.plain, Kind::Tcp)];
    let listening = Listening {
        room: room.name().clone(),
        transports: kinds.into_iter().filter_map(|(served, kind)| served.then_some(kind)).collect(),
        port,
        addresses: addresses.iter().map(ToString::to_string).collect(),
        fingerprint,
        invite,
    };
    let announced = options.announce.then(|| {
        let record = Record::new(room.name(), fingerprint, &listening.transports, port);
        (record, options.bind)
    });
    Ok(Open { room, own, away, security, listening, addresses, announced, options })
}

/// The room, and those who were in it before.
async fn room(options: &Options) -> Result<(Arc<Room>, Vec<Membership>), Refused> {
    let (wanted, otherwise) = (options.room.clone(), RoomName::of(&options.name));
    let Some(save) = options.save.clone() else { return Ok((Room::new(wanted.unwrap_or(otherwise)), Vec::new())) };
    let opened = spawn_blocking(move || Room::saved(&save, wanted.as_ref(), &otherwise)).await;
    match opened {
        Ok(opened) => opened.map_err(|error| listen::local(error.to_string())),
        Err(panic) => Err(listen::local(panic.to_string())),
    }
}
