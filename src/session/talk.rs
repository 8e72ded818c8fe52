//! Being in a room over a connection: the greeting, and then the conversation.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use crate::{
    conversation::{Backstage, Closed, Command, Event, Outbox, State, View, Welcomed, outbox},
    identity::{Name, RoomName},
    transport::{Connection, Error, Peer, RecvHalf, SendHalf, Stream},
    wire::{
        CloseCode, FromHost, Member, Message, limits,
        message::{Hello, Ping, Refused, Welcome},
    },
};

/// Who leaves may just have said something; that is given so long to be acknowledged.
const ECHOES: Duration = Duration::from_millis(700);

/// What is left to write, and the goodbye, are given so long together.
const GOODBYE: Duration = Duration::from_millis(1_000);

/// The host has let us in.
pub(super) struct LetIn {
    pub(super) welcome: Welcome,
    members: Vec<Member>,
    stream: Stream,
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
) -> Result<LetIn, NotWelcome> {
    let greeting = async {
        let Stream { mut send, mut recv } = connection.open().await?;
        let hello = Hello { name: name.to_string(), room: room.map(ToString::to_string) };
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
        if let Some(ticket) = welcome.ticket {
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

/// The conversation, from the welcome to the end.
pub(super) async fn talk(connection: Arc<dyn Connection>, let_in: LetIn, backstage: &mut Backstage) -> Closed {
    let LetIn { welcome, members, stream: Stream { send, mut recv } } = let_in;
    let mut view = View::new(&welcome);
    let mut outbox = Outbox::default();
    for event in welcomed(connection.peer(), &welcome, members) {
        let _ = backstage.events.send(event).await;
    }
    let (out, queue) = mpsc::channel(limits::OUTSTANDING + 1);
    let mut writer = tokio::spawn(write(send, queue));
    let closed = converse(&mut recv, &out, &mut view, &mut outbox, backstage).await;
    drop(out);
    drop(recv);
    let (code, reason) = match &closed {
        Closed::Violation { detail } => (CloseCode::Violation, detail.as_str()),
        _ => (CloseCode::Left, ""),
    };
    let goodbye = async {
        let _ = (&mut writer).await;
        // When it was the host who closed, this finds nobody.
        connection.close(code, reason).await;
    };
    let _ = timeout(GOODBYE, goodbye).await;
    // A host that does not read would keep it, and the connection with it.
    writer.abort();
    for event in outbox.into_unsent() {
        let _ = backstage.events.send(event).await;
    }
    closed
}

fn welcomed(peer: &Peer, welcome: &Welcome, members: Vec<Member>) -> Vec<Event> {
    let name = members.iter().find(|member| member.id == welcome.member).map(|member| member.name.clone());
    let Some(name) = name else { return Vec::new() };
    let welcomed = Welcomed {
        room: welcome.room.clone(),
        name,
        member: welcome.member,
        transport: Some(peer.kind),
        security: peer.security,
        fingerprint: peer.fingerprint,
        key_exchange: peer.key_exchange.clone(),
        members,
    };
    let detail = format!("In {}, over {}.", welcomed.room, peer.kind);
    vec![Event::Welcomed(welcomed), Event::State { state: State::Online, detail }]
}

async fn converse(
    recv: &mut RecvHalf,
    out: &mpsc::Sender<Bytes>,
    view: &mut View,
    outbox: &mut Outbox,
    backstage: &mut Backstage,
) -> Closed {
    let mut heartbeat = interval_at(Instant::now() + limits::HEARTBEAT, limits::HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    let mut heard = Instant::now();
    // Set when we want to leave: then only the echoes of what was said are waited for, until then, and this is the end
    // if they do not come.
    let mut leaving: Option<(Instant, Closed)> = None;
    loop {
        if leaving.is_some() && outbox.is_empty() {
            return Closed::Left;
        }
        let deadline = leaving.as_ref().map_or(heard + limits::SILENCE, |(by, _)| *by);
        tokio::select! {
            message = read(recv) => {
                heard = Instant::now();
                let seen = match message {
                    Ok(message) => view.see(message, outbox).map_err(|violation| protocol(&violation.to_string())),
                    Err(error) => Err(error),
                };
                match seen {
                    Ok(events) => for event in events {
                        let _ = backstage.events.send(event).await;
                    },
                    Err(error) => return ended(error),
                }
            }
            command = backstage.commands.recv(), if leaving.is_none() && !outbox.is_full() => match command {
                Some(Command::Say(text)) => match outbox::check(&text) {
                    Ok(()) => { let _ = out.send(outbox.add(text).encode()).await; }
                    Err(why) => backstage.unsent(text, why).await,
                },
                Some(Command::Answer(_)) => {}
                Some(Command::Leave) | None => leaving = Some((Instant::now() + ECHOES, Closed::Left)),
                Some(Command::Finish) => {
                    let detail = "The host has not confirmed what was said last.".to_owned();
                    leaving = Some((Instant::now() + limits::SILENCE, Closed::Lost { detail }));
                }
            },
            _ = heartbeat.tick() => {
                number += 1;
                let _ = out.try_send(Ping { number }.encode());
            }
            () = sleep_until(deadline) => {
                let detail = format!("The host has not been heard for {} seconds.", limits::SILENCE.as_secs());
                return leaving.map_or(Closed::Lost { detail }, |(_, end)| end);
            }
        }
    }
}

/// What the end of the connection means for the conversation.
fn ended(error: Error) -> Closed {
    match error {
        Error::Closed { code: CloseCode::HostLeft, .. } => Closed::HostLeft,
        Error::Closed { code: CloseCode::Replaced, .. } => Closed::Replaced,
        Error::Closed { code, reason } => Closed::Removed { code, detail: reason },
        Error::WrongProtocol(detail) => Closed::Violation { detail },
        Error::Io(cause) => Closed::Lost { detail: format!("The connection to the host was lost: {}.", cause.kind()) },
        other => Closed::Lost { detail: format!("The connection to the host was lost: {other}.") },
    }
}

/// The next message of the host's that is known to us.
async fn read(recv: &mut RecvHalf) -> Result<FromHost, Error> {
    loop {
        let frame = recv.next().await?.ok_or_else(|| Error::Io(std::io::ErrorKind::UnexpectedEof.into()))?;
        match FromHost::read(&frame) {
            Ok(Some(message)) => return Ok(message),
            Ok(None) => {}
            Err(error) => return Err(protocol(&error.to_string())),
        }
    }
}

/// Writes what is queued, as much at once as there is.
async fn write(mut send: SendHalf, mut queue: mpsc::Receiver<Bytes>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, limits::OUTSTANDING).await > 0 {
        if send.send(&mut batch).await.is_err() {
            // The reader learns why.
            return;
        }
    }
}

fn protocol(what: &str) -> Error {
    Error::WrongProtocol(what.to_owned())
}
