//! The greeting: who we are, whom we want to join, and what a host answers. Only after its welcome is one "connected".

use tokio::time::timeout;
use tracing::trace;

use crate::{
    conversation::{Event, State, Welcomed},
    identity::{Name, RoomName},
    transport::{Connection, Error, Kind, Peer, RecvHalf, Stream},
    wire::{
        CloseCode, FromHost, Member, Message, limits,
        message::{Hello, Refused, Resume, Welcome},
    },
};

/// The host has let us in.
pub(super) struct LetIn {
    pub(super) welcome: Welcome,
    pub(super) members: Vec<Member>,
    pub(super) stream: Stream,
}

/// Why the host has not let us in.
pub(super) enum NotWelcome {
    Refused(Refused),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for NotWelcome {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Says who we are and waits for the answer. Only after it is one "connected": a host may refuse a key, and on TLS that
/// comes after the handshake.
pub(super) async fn greet(
    connection: &dyn Connection,
    name: &Name,
    room: Option<&RoomName>,
    conversation: u64,
    resume: Option<Resume>,
) -> Result<LetIn, NotWelcome> {
    let greeting = async {
        let Stream { mut send, mut recv } = connection.open().await?;
        let hello = Hello { name: name.to_string(), room: room.map(ToString::to_string), conversation, resume };
        // When the host has closed already, its reason is there to be read.
        let sent = send.send(&mut vec![hello.encode()]).await;
        let welcome = match read(&mut recv).await {
            Ok(FromHost::Welcome(welcome)) => welcome,
            Ok(FromHost::Refused(refused)) => return Err(NotWelcome::Refused(refused)),
            Ok(_) => return Err(protocol("it does not begin with a welcome").into()),
            Err(error @ Error::Closed { .. }) => return Err(error.into()),
            Err(error) => return Err(sent.err().unwrap_or(error).into()),
        };
        if welcome.members as usize > limits::MEMBERS {
            return Err(protocol("it announces more members than a room can hold").into());
        }
        let mut members = Vec::new();
        while members.len() < welcome.members as usize {
            match read(&mut recv).await? {
                FromHost::Roster(roster) if !roster.members.is_empty() => members.extend(roster.members),
                _ => return Err(protocol("the roster is not complete").into()),
            }
        }
        if members.len() > welcome.members as usize || welcome.first > welcome.head {
            return Err(protocol("its welcome contradicts itself").into());
        }
        if members.iter().all(|member| member.id != welcome.member) {
            return Err(protocol("it welcomes us without having us in the room").into());
        }
        if let Some(ticket) = welcome.ticket.clone() {
            connection.use_ticket(ticket);
        }
        Ok(LetIn { welcome, members, stream: Stream { send, recv } })
    };
    let greeted = timeout(limits::GREETING, greeting).await.unwrap_or(Err(NotWelcome::Failed(Error::TimedOut)));
    if let Err(NotWelcome::Failed(Error::WrongProtocol(why))) = &greeted {
        connection.close(CloseCode::Violation, why).await;
    }
    greeted
}

/// What one finds, and how one is connected.
pub(super) fn welcomed(peer: &Peer, welcome: &Welcome, members: Vec<Member>) -> Option<Welcomed> {
    let name = members.iter().find(|member| member.id == welcome.member).map(|member| member.name.clone())?;
    Some(Welcomed {
        room: welcome.room.clone(),
        name,
        member: welcome.member,
        transport: Some(peer.kind),
        security: peer.security,
        fingerprint: peer.fingerprint,
        key_exchange: peer.key_exchange.clone(),
        saved: welcome.saved,
        members,
    })
}

/// One is in the room.
pub(super) fn online(welcomed: &Welcomed) -> Event {
    let over = welcomed.transport.map(|kind| format!(", over {kind}")).unwrap_or_default();
    Event::State { state: State::Online, detail: format!("In {}{over}.", welcomed.room) }
}

/// One is in the room still, and over another connection, which was made before the one before was lost.
pub(super) fn moved(before: Kind, now: Kind) -> Event {
    let detail = match (before, now) {
        (Kind::Quic, Kind::Tls) => "QUIC does not get through any more. You go on over TLS, which is just as safe.",
        (Kind::Tls, Kind::Quic) => "QUIC gets through again. You go on over it.",
        _ => "Your address has changed, or the way to the host. You go on over a new connection.",
    };
    Event::State { state: State::Online, detail: detail.to_owned() }
}

/// The next message of the host's that is known to us.
pub(super) async fn read(recv: &mut RecvHalf) -> Result<FromHost, Error> {
    loop {
        let frame = recv.next().await?.ok_or_else(|| Error::Io(std::io::ErrorKind::UnexpectedEof.into()))?;
        trace!(kind = frame.kind, bytes = frame.payload.len(), "received");
        match FromHost::read(&frame) {
            Ok(Some(message)) => return Ok(message),
            Ok(None) => {}
            Err(error) => return Err(protocol(&error.to_string())),
        }
    }
}

/// The host has sent what it may not.
pub(super) fn protocol(what: &str) -> Error {
    Error::WrongProtocol(what.to_owned())
}
