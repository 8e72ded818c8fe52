//! A member's task, which reads what they say, while what lies ahead of their cursor is written to them, and how these end:
//! whichever ends first ends the other, the room learns how the member left, and the member learns why.

use std::{mem, pin::pin, sync::Arc};

use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
    time::{Instant, sleep, timeout},
};
use tracing::{info, trace};

use super::{
    answers::Answers,
    fan_out::{FanOut, Writing},
    pace::{Pace, Rate},
};
use crate::{
    room::{Cursor, Heard, Membership, Reading},
    transport::{Connection, Error, RecvHalf, SendHalf, Stream},
    wire::{
        CloseCode, FromMember, MemberId, Message, limits,
        message::{Departure, Pong, Repeated},
    },
};

/// Batches that a member who is far behind is written before it is the others' turn: they are written to by the same task.
const TURN: usize = 4;

const FRAMES: Rate = Rate { per_second: limits::FRAME_RATE, burst: limits::FRAME_BURST };

/// How a member's connection came to its end, as the log tells it.
#[derive(Debug, thiserror::Error)]
enum End {
    /// They said that they leave.
    #[error("left")]
    Left,
    /// They are gone.
    #[error("lost: {0}")]
    Lost(String),
    /// They have not been heard for too long.
    #[error("not heard for too long")]
    Silent,
    /// They sent what they may not.
    #[error("sent what it may not: {0}")]
    Violation(String),
    /// The same key came in again elsewhere.
    #[error("joined again from elsewhere")]
    Replaced,
    /// The room is over, and everything was written.
    #[error("the room is over")]
    RoomClosed,
}

/// Somebody who has just been let in.
pub(super) struct Attended {
    pub(super) connection: Arc<dyn Connection>,
    pub(super) stream: Stream,
    pub(super) membership: Membership,
    /// What they have been told so far.
    pub(super) cursor: Cursor,
}

/// Serves a member until they are gone, and holds `attending` for as long. They are written to from now on, and heard when this is
/// polled.
///
/// A thousand members may stay for hours, so what it takes up is kept small: what is seldom needed is on the heap while it is.
pub(super) fn attend(
    fan_out: &FanOut,
    Attended { connection, stream: Stream { send, mut recv }, membership, cursor }: Attended,
    attending: Option<mpsc::Sender<()>>,
) -> impl Future<Output = ()> + use<> {
    let answers = Arc::<Answers>::default();
    let (tell, written) = oneshot::channel();
    let written_to = write(membership.member().id, send, cursor, answers.clone());
    let writing = fan_out.add(answers.clone(), async move {
        // Nobody to tell if it has ended otherwise.
        let _ = tell.send(written_to.await);
    });
    async move {
        let _attending = attending;
        let end = tokio::select! {
            end = written => end.unwrap_or_else(|_| End::Lost("writing to it failed".to_owned())),
            end = read(&mut recv, &membership, &answers, &writing) => end,
            () = membership.replaced() => End::Replaced,
        };
        drop(writing);
        info!("ended: {end}");
        Box::pin(part(end, connection, recv, membership)).await;
    }
}

/// Tells a member how it has ended, and the room.
async fn part(end: End, connection: Arc<dyn Connection>, recv: RecvHalf, membership: Membership) {
    // While there is a half of the stream, there are no last words, and no end to be seen.
    drop(recv);
    match end {
        End::Left => {
            membership.leave(Departure::Left);
            connection.close(CloseCode::Left, "").await;
        }
        End::Lost(_) => {
            drop(connection);
            membership.linger().await;
        }
        End::Silent => {
            let why = format!("You have not been heard for {} seconds.", limits::SILENCE.as_secs());
            let close = async move { connection.close(CloseCode::TooSlow, &why).await };
            tokio::join!(close, membership.linger());
        }
        End::Violation(why) => {
            membership.leave(Departure::Removed);
            connection.close(CloseCode::Violation, &why).await;
        }
        End::Replaced => {
            drop(membership);
            connection.close(CloseCode::Replaced, "You have joined again from elsewhere.").await;
        }
        End::RoomClosed => connection.close(CloseCode::HostLeft, "The host has left, and the room has ended.").await,
    }
}

/// Writes what there is to write. When there is nothing it waits to be polled; when there is much, others have their turn.
async fn write(member: MemberId, mut send: SendHalf, mut cursor: Cursor, answers: Arc<Answers>) -> End {
    let mut batches = 0;
    loop {
        let mut batch = answers.take();
        let reading = cursor.read(&mut batch).await;
        if !batch.is_empty() {
            trace!(member, pieces = batch.len(), "sending");
            if let Err(error) = send.send(&mut batch).await {
                return End::Lost(error.to_string());
            }
        }
        match reading {
            Reading::End => return End::RoomClosed,
            Reading::Nothing => {
                // A thousand members wait for most of the time: whatever they hold meanwhile, they hold a thousand times.
                drop(batch);
                batches = 0;
                answers.pause().await;
            }
            Reading::More => {
                batches += 1;
                if batches % TURN == 0 {
                    yield_now().await;
                }
            }
        }
    }
}

async fn read(recv: &mut RecvHalf, membership: &Membership, answers: &Answers, writing: &Writing) -> End {
    let mut pace = Pace::new(FRAMES, Instant::now());
    let mut is_known_to_hurry = false;
    // One clock for all frames, set again only when it has run out.
    let mut clock = pin!(sleep(limits::SILENCE));
    loop {
        let waits_until = Instant::now() + limits::SILENCE;
        let frame = loop {
            tokio::select! {
                biased;
                next = recv.next() => match next {
                    Ok(Some(frame)) => break frame,
                    Err(Error::Closed { code: CloseCode::Left, .. }) => return End::Left,
                    Err(Error::WrongProtocol(why)) => return End::Violation(why),
                    Ok(None) => return End::Lost("no goodbye".to_owned()),
                    Err(error) => return End::Lost(error.to_string()),
                },
                () = &mut clock => match waits_until > Instant::now() {
                    true => clock.as_mut().reset(waits_until),
                    false => return End::Silent,
                },
            }
        };
        trace!(kind = frame.kind, bytes = frame.payload.len(), "received");
        // Nobody is cut off for being fast, only read more slowly; what they send then waits on their side.
        let cost = 1 + frame.payload.len() / 1024;
        let wait = pace.take(cost as u32, Instant::now());
        if !wait.is_zero() {
            if !mem::replace(&mut is_known_to_hurry, true) {
                info!("sends faster than it may, and is read more slowly");
            }
            Box::pin(sleep(wait)).await;
        }
        match FromMember::read(&frame) {
            Ok(Some(FromMember::Say(say))) => {
                let nonce = say.nonce;
                membership.may_speak().await;
                match membership.say(say) {
                    Ok(Heard::Now) => {}
                    Ok(Heard::Before) => {
                        membership.settled().await;
                        let answer = answers.put(Repeated { nonce }.encode());
                        if Box::pin(timeout(limits::SILENCE, answer)).await.is_err() {
                            return End::Silent;
                        }
                        writing.wake();
                    }
                    Err(error) => return End::Violation(error.to_string()),
                }
            }
            Ok(Some(FromMember::Ping(ping))) => {
                let _ = answers.try_put(Pong { number: ping.number }.encode());
                writing.wake();
            }
            Ok(Some(FromMember::Hello(_))) => return End::Violation("A member says hello once.".to_owned()),
            Ok(None) => {}
            Err(error) => return End::Violation(error.to_string()),
        }
    }
}
