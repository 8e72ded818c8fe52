//! Being in a room over a connection: the greeting, and then the conversation.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use tracing::{Instrument, trace};

use super::advice;
use crate::{
    conversation::{Backstage, Closed, Command, Event, Outbox, State, View, Welcomed, outbox},
    identity::{Name, RoomName},
    transport::{Connection, Error, Peer, RecvHalf, SendHalf, Stream},
    wire::{
        CloseCode, FromHost, Member, Message, limits,
        message::{Hello, Ping, Refused, Resume, Say, Welcome},
    },
};

/// Who leaves may just have said something; that is given so long to be acknowledged.
const ECHOES: Duration = Duration::from_millis(700);

/// What is left to write, and the goodbye, are given so long together.
const GOODBYE: Duration = Duration::from_millis(1_000);

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

/// What outlives a connection.
pub(super) struct Ongoing {
    pub(super) view: View,
    pub(super) outbox: Outbox,
    /// Set when one wants to leave: then only the echoes of what was said are waited for, until then, and this is the end
    /// if they do not come.
    leaving: Option<(Instant, Closed)>,
}

impl Ongoing {
    pub(super) fn new(welcome: &Welcome) -> Self {
        Self { view: View::new(welcome), outbox: Outbox::default(), leaving: None }
    }

    /// Does what the front end asks for (`None`: to leave), as far as no connection is needed; gives what is to be said.
    pub(super) async fn obey(&mut self, command: Option<Command>, backstage: &Backstage) -> Option<Say> {
        match command {
            Some(Command::Say { text, tag }) => match outbox::check(&text) {
                Ok(()) => return Some(self.outbox.add(text, tag)),
                Err(why) => backstage.unsent(text, tag, why).await,
            },
            Some(Command::Answer(_) | Command::Choose(_)) => {}
            None => self.leaving = Some((Instant::now() + ECHOES, Closed::Left)),
            Some(Command::Finish) => {
                let detail = "The host has not confirmed what was said last.".to_owned();
                self.leaving = Some((Instant::now() + limits::SILENCE, Closed::Lost { detail }));
            }
        }
        None
    }

    /// The next command, unless one is leaving.
    pub(super) async fn command(&self, backstage: &mut Backstage) -> Option<Command> {
        match self.leaving {
            None => backstage.command(!self.outbox.is_full()).await,
            Some(_) => std::future::pending().await,
        }
    }

    /// How it ends, if one is leaving and everything was confirmed.
    pub(super) fn has_left(&self) -> Option<Closed> {
        (self.leaving.is_some() && self.outbox.is_empty()).then_some(Closed::Left)
    }

    /// How it ends when no echo comes in time, if one is leaving.
    pub(super) async fn out_of_time(&self) -> Closed {
        match &self.leaving {
            Some((by, closed)) => {
                sleep_until(*by).await;
                closed.clone()
            }
            None => std::future::pending().await,
        }
    }
}

/// How talking over one connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// The conversation is over.
    #[error("{0:?}")]
    Over(Closed),
    /// The connection is: why, as a sentence.
    #[error("{0}")]
    Lost(String),
}

/// The conversation over one connection, from the welcome to the end of either.
pub(super) async fn talk(
    connection: Arc<dyn Connection>,
    stream: Stream,
    ongoing: &mut Ongoing,
    backstage: &mut Backstage,
) -> Ended {
    let Stream { send, mut recv } = stream;
    let (out, queue) = mpsc::channel(limits::OUTSTANDING + 1);
    let mut writer = tokio::spawn(write(send, queue).in_current_span());
    for say in ongoing.outbox.waiting() {
        // There is a place for each.
        let _ = out.try_send(say.encode());
    }
    let ended = converse(&mut recv, &out, ongoing, backstage).await;
    drop(out);
    drop(recv);
    // Over a connection that is lost, a goodbye might still arrive: but one comes back.
    if let Ended::Over(closed) = &ended {
        let (code, reason) = match closed {
            Closed::Violation { detail } => (CloseCode::Violation, detail.as_str()),
            _ => (CloseCode::Left, ""),
        };
        let goodbye = async {
            let _ = (&mut writer).await;
            // When it was the host who closed, this finds nobody.
            connection.close(code, reason).await;
        };
        let _ = timeout(GOODBYE, goodbye).await;
    }
    // A host that does not read would keep it, and the connection with it.
    writer.abort();
    ended
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

async fn converse(
    recv: &mut RecvHalf,
    out: &mpsc::Sender<Bytes>,
    ongoing: &mut Ongoing,
    backstage: &mut Backstage,
) -> Ended {
    let mut heartbeat = interval_at(Instant::now() + limits::HEARTBEAT, limits::HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    let mut heard = Instant::now();
    loop {
        if let Some(closed) = ongoing.has_left() {
            return Ended::Over(closed);
        }
        tokio::select! {
            message = read(recv) => {
                heard = Instant::now();
                let Ongoing { view, outbox, .. } = ongoing;
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
            command = ongoing.command(backstage) => {
                if let Some(say) = ongoing.obey(command, backstage).await {
                    let _ = out.send(say.encode()).await;
                }
            }
            closed = ongoing.out_of_time() => return Ended::Over(closed),
            _ = heartbeat.tick() => {
                number += 1;
                let _ = out.try_send(Ping { number }.encode());
            }
            () = sleep_until(heard + limits::SILENCE) => {
                return Ended::Lost(format!("The host has not been heard for {} seconds.", limits::SILENCE.as_secs()));
            }
        }
    }
}

/// What the end of the connection means for the conversation.
fn ended(error: Error) -> Ended {
    let closed = match error {
        Error::Closed { code: CloseCode::HostLeft, .. } => Closed::HostLeft,
        Error::Closed { code: CloseCode::Replaced, .. } => Closed::Replaced,
        Error::Closed { code: CloseCode::TooSlow | CloseCode::Busy, reason } => {
            return Ended::Lost(format!("The host has ended the connection: {reason}"));
        }
        Error::Closed { code, reason } => Closed::Removed { code, detail: reason },
        Error::WrongProtocol(detail) => Closed::Violation { detail },
        Error::Io(cause) => {
            return Ended::Lost(format!("The connection to the host was lost: {}.", advice::in_words(&cause)));
        }
        other => return Ended::Lost(format!("The connection to the host was lost: {other}.")),
    };
    Ended::Over(closed)
}

/// The next message of the host's that is known to us.
async fn read(recv: &mut RecvHalf) -> Result<FromHost, Error> {
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

/// Writes what is queued, as much at once as there is.
async fn write(mut send: SendHalf, mut queue: mpsc::Receiver<Bytes>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, limits::OUTSTANDING).await > 0 {
        trace!(frames = batch.len(), "sending");
        if send.send(&mut batch).await.is_err() {
            // The reader learns why.
            return;
        }
    }
}

fn protocol(what: &str) -> Error {
    Error::WrongProtocol(what.to_owned())
}
