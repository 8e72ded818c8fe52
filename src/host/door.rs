//! From a knock to a member, with as little spent on strangers as can be.
//!
//! Every listener has a loop that takes knocks, and every knock a task of its own, under one deadline from the knock
//! to the greeting. How many may be under way is bounded: see `porch`.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};

use tracing::{Instrument, debug, error_span, field, info, warn};

use super::{
    attend::{Attended, attend},
    fan_out::FanOut,
    porch::{COURTESY, Place, Porch},
};
use crate::{
    room::{Candidate, Room},
    transport::{Accepted, Connection, Error, Incoming, Listener, Stream},
    wire::{CloseCode, FromMember, Message, limits, message::Hello},
};

/// Why there was no place.
const TOO_MANY: &str = "Too many are knocking. Try again in a moment.";

/// What happened before is told in one go with the welcome where it is no more than this: that somebody has come in, mostly. The
/// history of a room is for whoever attends to them, who lets them read as slowly as they like.
const FEW: u64 = 4;

/// A listener that has just failed is out of something; it is asked again after this.
const BREATH: Duration = Duration::from_millis(50);

/// Opens the doors: from now on, peers come in. While `attending` lives, each member's task holds a clone of it.
pub(super) fn open(
    listeners: Vec<Box<dyn Listener>>,
    room: &Arc<Room>,
    attending: &mpsc::Sender<()>,
) -> Vec<JoinHandle<()>> {
    let (porch, fan_out) = (Porch::new(), FanOut::start(room));
    let door =
        |listener| tokio::spawn(keep(listener, room.clone(), porch.clone(), fan_out.clone(), attending.downgrade()));
    listeners.into_iter().map(door).collect()
}

async fn keep(
    mut listener: Box<dyn Listener>,
    room: Arc<Room>,
    porch: Porch,
    fan_out: FanOut,
    attending: mpsc::WeakSender<()>,
) {
    loop {
        match listener.accept().await {
            Ok(incoming) => {
                let span = error_span!("connection", from = %incoming.remote, over = field::Empty);
                match porch.knock(incoming.remote.ip()) {
                    Some(place) => {
                        let (porch, fan_out) = (porch.clone(), fan_out.clone());
                        let answered = answer(incoming, place, porch, room.clone(), fan_out, attending.clone());
                        tokio::spawn(answered.instrument(span));
                    }
                    None if porch.can_answer() => {
                        tokio::spawn(turn_away(incoming).instrument(span));
                    }
                    None => debug!(parent: &span, "not answered: too many are knocking"),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotConnected => return,
            Err(error) => {
                warn!(%error, "the listener failed");
                sleep(BREATH).await;
            }
        }
    }
}

/// Tells somebody that there is no place for them now.
async fn turn_away(incoming: Incoming) {
    info!("turned away: too many are knocking");
    if let Ok(Ok(Accepted::Connection(connection))) = timeout(limits::BUSY, incoming.handshake).await {
        connection.close(CloseCode::Busy, TOO_MANY).await;
    }
}

/// One knock, from its handshake to a task that serves the member. What a stranger does wrong is nobody's business but
/// theirs, and who is still a stranger when the room closes is not waited for.
async fn answer(
    incoming: Incoming,
    place: oneshot::Receiver<Place>,
    porch: Porch,
    room: Arc<Room>,
    fan_out: FanOut,
    attending: mpsc::WeakSender<()>,
) {
    let deadline = Instant::now() + limits::GREETING;
    let place = tokio::select! {
        place = timeout_at(deadline, waited(place, &porch)) => place,
        () = room.closed() => return,
    };
    let Ok(Some(place)) = place else {
        info!("there was no place in time");
        return;
    };
    // On the heap: who waits for a place does not have to have the space that a handshake takes.
    if let Some(member) = Box::pin(let_in(incoming, place, deadline, room)).await {
        // Gone when the room has just ended; then nobody waits for this one.
        let attending = attending.upgrade();
        // A task of its own: one who stays for hours does not keep the space that coming in takes.
        tokio::spawn(attend(&fan_out, member, attending).in_current_span());
    }
}

async fn let_in(incoming: Incoming, place: Place, deadline: Instant, room: Arc<Room>) -> Option<Attended> {
    let (place, connection, stream, hello) = tokio::select! {
        greeted = greet(incoming, place, deadline) => greeted?,
        () = room.closed() => return None,
    };
    admit(&room, place, connection, stream, &hello).await
}

/// From a place on the porch to a hello. Whoever gets as far as to understand it is told why they are not let in.
async fn greet(
    incoming: Incoming,
    mut place: Place,
    deadline: Instant,
) -> Option<(Place, Arc<dyn Connection>, Stream, Hello)> {
    let shaken = tokio::select! {
        shaken = timeout_at(deadline, incoming.handshake) => shaken,
        () = place.taken() => {
            info!("gave way to somebody else, in the midst of the handshake");
            return None;
        }
    };
    let connection = match shaken {
        Ok(Ok(Accepted::Connection(connection))) => connection,
        Ok(Ok(Accepted::Stream)) => {
            debug!("one more stream of a connection");
            return None;
        }
        Ok(Err(Error::IdentityRefused)) => {
            info!("broke off when it saw this host's key, which is new to it, or not the one that it expects");
            return None;
        }
        Ok(Err(error)) => {
            info!(why = %error, "the handshake failed");
            return None;
        }
        Err(_) => {
            info!("the handshake took too long");
            return None;
        }
    };
    let peer = connection.peer();
    let key = peer.fingerprint.map(|key| key.base32());
    info!(key, key_exchange = peer.key_exchange, "connected");
    let heard = tokio::select! {
        heard = timeout_at(deadline, hello(&*connection)) => heard,
        () = place.taken() => {
            info!("gave way to somebody else, without a hello");
            connection.close(CloseCode::Busy, TOO_MANY).await;
            return None;
        }
    };
    let (code, why) = match heard {
        Ok(Ok((stream, hello))) => return Some((place, connection, stream, hello)),
        Ok(Err(Error::WrongProtocol(why))) => (CloseCode::Violation, why),
        Ok(Err(error)) => {
            info!(why = %error, "gone without a hello");
            return None;
        }
        Err(_) => (CloseCode::TooSlow, format!("There was no hello within {} seconds.", limits::GREETING.as_secs())),
    };
    info!(?code, why, "not greeted");
    connection.close(code, &why).await;
    None
}

/// Waits for a place, and asks now and then whether somebody has to give way.
async fn waited(mut place: oneshot::Receiver<Place>, porch: &Porch) -> Option<Place> {
    loop {
        match timeout(COURTESY, &mut place).await {
            Ok(place) => return place.ok(),
            Err(_) => porch.call(),
        }
    }
}

/// Waits until the peer says who they are.
async fn hello(connection: &dyn Connection) -> Result<(Stream, Hello), Error> {
    let mut stream = connection.accept().await?;
    loop {
        let frame = stream.recv.next().await?.ok_or_else(|| Error::Io(io::ErrorKind::UnexpectedEof.into()))?;
        match FromMember::read(&frame) {
            Ok(Some(FromMember::Hello(hello))) => return Ok((stream, hello)),
            Ok(Some(_)) => return Err(Error::WrongProtocol("A member says hello first.".to_owned())),
            Ok(None) => {}
            Err(error) => return Err(Error::WrongProtocol(error.to_string())),
        }
    }
}

/// Lets a peer in and tells them so, or tells them why not.
async fn admit(
    room: &Arc<Room>,
    place: Place,
    connection: Arc<dyn Connection>,
    mut stream: Stream,
    hello: &Hello,
) -> Option<Attended> {
    let peer = connection.peer();
    let candidate = Candidate {
        name: &hello.name,
        room: hello.room.as_deref(),
        fingerprint: peer.fingerprint,
        security: peer.security,
        conversation: hello.conversation,
        resume: hello.resume.clone(),
    };
    match room.admit(&candidate) {
        Ok(mut membership) => {
            // They have one in the room now, and may take their time to hear the welcome.
            drop(place);
            info!(member = membership.member().id, back = hello.resume.is_some(), "let in");
            let mut welcome = membership.welcome();
            welcome.ticket = connection.ticket();
            let mut batch = vec![welcome.encode()];
            batch.append(&mut membership.take_roster());
            let mut cursor = membership.cursor();
            let told = async {
                membership.settled().await;
                if welcome.head - welcome.first <= FEW {
                    cursor.read(&mut batch).await;
                }
                stream.send.send(&mut batch).await
            };
            match timeout(limits::GREETING, told).await {
                Ok(Ok(())) => Some(Attended { connection, stream, membership, cursor }),
                _ => {
                    info!("gone before the welcome was written");
                    drop((stream, connection, batch, cursor));
                    membership.linger().await;
                    None
                }
            }
        }
        Err(refused) => {
            info!(why = ?refused.refusal, "refused");
            let _ = timeout(limits::FAREWELL, stream.send.send(&mut vec![refused.encode()])).await;
            drop(stream);
            connection.close(CloseCode::Refused, &refused.detail).await;
            None
        }
    }
}
