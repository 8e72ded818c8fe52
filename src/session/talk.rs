//! Being in a room over a connection, from the welcome until it ends or is left for another one.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use tracing::{Instrument, trace};

use super::{
    advice,
    elsewhere::{Elsewhere, Moved, News},
    greet::{protocol, read},
};
use crate::{
    conversation::{Backstage, Closed, Command, Outbox, View, outbox},
    transport::{Connection, Error, RecvHalf, SendHalf, Stream},
    wire::{
        CloseCode, FromHost, Member, Message, limits,
        message::{Ping, Say, Welcome},
    },
};

/// Who leaves may just have said something; that is given so long to be acknowledged.
const ECHOES: Duration = Duration::from_millis(700);

/// What is left to write, and the goodbye, are given so long together.
const GOODBYE: Duration = Duration::from_millis(1_000);

/// What outlives a connection.
pub(super) struct Ongoing {
    pub(super) view: View,
    pub(super) outbox: Outbox,
    /// Set when one wants to leave: then only the echoes of what was said are waited for, until then, and this is the end
    /// if they do not come.
    leaving: Option<(Instant, Closed)>,
}

impl Ongoing {
    pub(super) fn new(welcome: &Welcome, members: &[Member]) -> Self {
        Self { view: View::new(welcome, members), outbox: Outbox::default(), leaving: None }
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
pub(super) enum Ended {
    /// The conversation is over.
    Over(Closed),
    /// The connection is: why, as a sentence.
    Lost(String),
    /// One goes on over another one.
    Moved(Moved),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Over(closed) => write!(f, "{closed:?}"),
            Self::Lost(why) => f.write_str(why),
            Self::Moved(moved) => write!(f, "gone on with over {}", moved.connection.peer().kind),
        }
    }
}

/// The conversation over one connection, from the welcome to the end of either, or until there is a better one.
pub(super) async fn talk(
    connection: Arc<dyn Connection>,
    stream: Stream,
    elsewhere: &mut Elsewhere<'_>,
    ongoing: &mut Ongoing,
    backstage: &mut Backstage,
) -> Ended {
    let Stream { send, mut recv } = stream;
    // One half for what is said, of which no more is on its way, and one for questions.
    let (out, queue) = mpsc::channel(2 * limits::OUTSTANDING);
    let mut writer = tokio::spawn(write(send, queue).in_current_span());
    for say in ongoing.outbox.waiting() {
        // There is a place for each.
        let _ = out.try_send(say.encode());
    }
    if !ongoing.outbox.is_empty() {
        elsewhere.sent();
    }
    let ended = converse(&*connection, &mut recv, &out, elsewhere, ongoing, backstage).await;
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
        let greeted = elsewhere.give_up();
        let goodbye_there = async {
            if let Some(greeted) = greeted {
                greeted.close(code, reason).await;
            }
        };
        let goodbye = async { tokio::join!(goodbye, goodbye_there) };
        let _ = timeout(GOODBYE, goodbye).await;
    }
    // A host that does not read would keep it, and the connection with it.
    writer.abort();
    ended
}

async fn converse(
    connection: &dyn Connection,
    recv: &mut RecvHalf,
    out: &mpsc::Sender<Bytes>,
    elsewhere: &mut Elsewhere<'_>,
    ongoing: &mut Ongoing,
    backstage: &mut Backstage,
) -> Ended {
    let mut heartbeat = interval_at(Instant::now() + limits::HEARTBEAT, limits::HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    let mut heard = Instant::now();
    // The end of this connection, while one may just be let in over another one.
    let mut lost = None;
    loop {
        if let Some(closed) = ongoing.has_left() {
            return Ended::Over(closed);
        }
        tokio::select! {
            message = read(recv), if lost.is_none() => {
                heard = Instant::now();
                elsewhere.heard();
                if let Ok(FromHost::Pong(pong)) = &message {
                    elsewhere.answered(pong.number);
                }
                let Ongoing { view, outbox, .. } = ongoing;
                let seen = match message {
                    Ok(message) => view.see(message, outbox).map_err(|violation| protocol(&violation.to_string())),
                    Err(error) => Err(error),
                };
                match seen {
                    Ok(events) => {
                        for event in events {
                            let _ = backstage.events.send(event).await;
                        }
                        // While the front end took its time, nobody listened.
                        heard = Instant::now();
                    }
                    Err(error) => match left_for_another(ended(error), elsewhere) {
                        ended @ Ended::Lost(_) if elsewhere.is_greeting() => lost = Some(ended),
                        ended => return ended,
                    },
                }
            }
            news = elsewhere.next(connection) => match news {
                News::Ask => {
                    number += 1;
                    ping(out, number);
                    elsewhere.asked(number);
                }
                News::Dialled(why, connection) => elsewhere.greet(why, connection, ongoing.view.position()),
                News::Moved(moved) => return Ended::Moved(moved),
                News::NotWelcome => if let Some(lost) = lost.take() {
                    return lost;
                },
            },
            command = ongoing.command(backstage) => {
                if let Some(say) = ongoing.obey(command, backstage).await {
                    // There is a place for it.
                    let _ = out.try_send(say.encode());
                    elsewhere.sent();
                }
            }
            closed = ongoing.out_of_time() => return Ended::Over(closed),
            _ = heartbeat.tick() => {
                number += 1;
                ping(out, number);
                elsewhere.sent();
            }
            () = sleep_until(heard + limits::SILENCE), if lost.is_none() => {
                return Ended::Lost(format!("The host has not been heard for {} seconds.", limits::SILENCE.as_secs()));
            }
        }
    }
}

/// What it means that a connection ends of which the host may have thought that it was left for another one. Whether
/// somebody else has one's place, the host tells who comes back.
fn left_for_another(ended: Ended, elsewhere: &Elsewhere<'_>) -> Ended {
    match ended {
        Ended::Over(Closed::Replaced) if elsewhere.has_greeted() => {
            Ended::Lost("The host has taken up another connection.".to_owned())
        }
        ended => ended,
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

/// Asks the host for an answer, unless so much waits to be written that it would take the place of what is said.
fn ping(out: &mpsc::Sender<Bytes>, number: u32) {
    if out.capacity() > limits::OUTSTANDING {
        let _ = out.try_send(Ping { number }.encode());
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
