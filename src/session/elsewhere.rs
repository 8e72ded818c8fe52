//! Looking for another connection while one still has one: what the [`Watch`] decides, done.

use std::{future::pending, sync::Arc, time::Duration};

use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};
use tracing::info;

use super::{
    greet::{LetIn, NotWelcome},
    knock::Door,
    surroundings::{LOOK, Lookout},
    watch::{Returning, Step, Watch, Why},
};
use crate::{
    transport::{BoxFuture, Connection, Error, Kind},
    wire::message::Resume,
};

/// A look so much after the last one tells little of when something came.
const LATE: Duration = LOOK.saturating_mul(2);

/// Another connection, in which one was let in.
pub(super) struct Moved {
    pub(super) connection: Arc<dyn Connection>,
    pub(super) let_in: LetIn,
}

/// What there is to do, or has happened.
pub(super) enum News {
    /// Send the host a `Ping`, and tell with [`Elsewhere::asked`].
    Ask,
    /// Somebody with the host's key has answered: go on with [`Elsewhere::greet`].
    Dialled(Why, Arc<dyn Connection>),
    /// One has another connection.
    Moved(Moved),
    /// One has none, though one has greeted.
    NotWelcome,
}

/// The look-out from one connection for another.
pub(super) struct Elsewhere<'a> {
    door: Door<'a>,
    watch: Watch,
    returning: &'a mut Returning,
    lookout: Lookout,
    look: Interval,
    /// How much had been heard at the last look, where that is counted, and when that was.
    received: (Option<u64>, Instant),
    attempt: Attempt<'a>,
    has_greeted: bool,
    /// Where one has greeted and was not answered yet.
    greeted: Option<Arc<dyn Connection>>,
    /// What was begun last was not waited for: in a network that keeps changing, the next one is.
    was_cut: bool,
}

enum Attempt<'a> {
    None,
    Dialling(Why, BoxFuture<'a, Result<Arc<dyn Connection>, Error>>),
    Greeting(Why, BoxFuture<'a, Result<Moved, NotWelcome>>),
}

enum Outcome {
    Dialled(Why, Result<Arc<dyn Connection>, Error>),
    Greeted(Why, Result<Moved, NotWelcome>),
}

impl Attempt<'_> {
    /// What it leads to. Cancel-safe; not to be asked again after that.
    async fn outcome(&mut self) -> Outcome {
        match self {
            Self::None => pending().await,
            Self::Dialling(why, dialled) => Outcome::Dialled(*why, dialled.await),
            Self::Greeting(why, greeted) => Outcome::Greeted(*why, greeted.await),
        }
    }

    /// Whether it makes way for one for this reason. A greeting does not: the host may have answered it already.
    fn gives_way_to(&self, why: Why) -> bool {
        match self {
            Self::None => true,
            Self::Dialling(reason, _) => *reason < why,
            Self::Greeting(..) => false,
        }
    }
}

impl<'a> Elsewhere<'a> {
    /// From this connection, which was made just now.
    pub(super) fn new(door: Door<'a>, connection: &dyn Connection, returning: &'a mut Returning) -> Self {
        let (kind, now) = (connection.peer().kind, Instant::now().into_std());
        match kind {
            Kind::Quic => returning.made(now),
            _ => returning.left(now),
        }
        let may_return = door.may_return_from(kind).then_some(&*returning);
        let watch = Watch::new(kind == Kind::Quic, may_return, now);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            door,
            watch,
            returning,
            lookout: Lookout::new(),
            look,
            received: (connection.received(), Instant::now()),
            attempt: Attempt::None,
            has_greeted: false,
            greeted: None,
            was_cut: false,
        }
    }

    /// What there is to do next. Cancel-safe.
    pub(super) async fn next(&mut self, connection: &dyn Connection) -> News {
        loop {
            if self.received.1.elapsed() > LATE {
                self.look(connection);
            }
            let wait = match self.watch.step(Instant::now().into_std()) {
                Step::Ask => return News::Ask,
                Step::Knock(why) if self.attempt.gives_way_to(why) => {
                    info!(?why, "knocking again");
                    let door = self.door;
                    self.attempt = Attempt::Dialling(why, Box::pin(async move { door.dial_beside(why).await }));
                    continue;
                }
                Step::Knock(_) => None,
                Step::WaitUntil(then) => then,
            };
            let wait = async {
                match wait {
                    Some(then) => sleep_until(then.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                outcome = self.attempt.outcome() => {
                    self.attempt = Attempt::None;
                    (self.greeted, self.was_cut) = (None, false);
                    if let Some(news) = self.news(outcome) {
                        return news;
                    }
                }
                _ = self.look.tick() => self.look(connection),
                () = self.lookout.changed() => self.moved(),
                () = wait => {}
            }
        }
    }

    fn news(&mut self, outcome: Outcome) -> Option<News> {
        let now = Instant::now().into_std();
        match outcome {
            Outcome::Dialled(Why::Doubt, Ok(_)) if !self.watch.is_in_doubt(now) => {
                info!("the connection is heard again, and stays");
                None
            }
            Outcome::Dialled(why, Ok(connection)) => Some(News::Dialled(why, connection)),
            Outcome::Dialled(why, Err(error)) => {
                info!(?why, %error, "knocked in vain");
                self.watch.failed(why, self.returning, now);
                None
            }
            Outcome::Greeted(_, Ok(moved)) => Some(News::Moved(moved)),
            Outcome::Greeted(why, Err(refusal)) => {
                match &refusal {
                    NotWelcome::Refused(refused) => info!(?why, refusal = ?refused.refusal, "not let in again"),
                    NotWelcome::Failed(error) => info!(?why, %error, "not let in again"),
                }
                self.watch.failed(why, self.returning, now);
                Some(News::NotWelcome)
            }
        }
    }

    /// Greets over the connection that was dialled. From here on the host may end the one that one has.
    pub(super) fn greet(&mut self, why: Why, connection: Arc<dyn Connection>, resume: Resume) {
        self.greeted = Some(connection.clone());
        let door = self.door;
        let greeting = async move {
            let let_in = door.greet(&*connection, resume).await?;
            Ok(Moved { connection, let_in })
        };
        self.attempt = Attempt::Greeting(why, Box::pin(greeting));
        self.has_greeted = true;
    }

    /// Whether the host may be answering a greeting.
    pub(super) fn is_greeting(&self) -> bool {
        matches!(self.attempt, Attempt::Greeting(..))
    }

    /// Looks out no longer. Gives back the connection over which one has greeted, if that was not answered yet: who leaves now
    /// leaves there, too.
    pub(super) fn give_up(&mut self) -> Option<Arc<dyn Connection>> {
        self.attempt = Attempt::None;
        self.greeted.take()
    }

    /// Whether the host may have taken this connection for one that was left.
    pub(super) fn has_greeted(&self) -> bool {
        self.has_greeted
    }

    /// Something has come from the host.
    pub(super) fn heard(&mut self) {
        self.watch.heard(Instant::now().into_std());
    }

    /// The host has answered the `Ping` with this number.
    pub(super) fn answered(&mut self, number: u32) {
        self.watch.answered(number, Instant::now().into_std());
    }

    /// Something was sent to the host.
    pub(super) fn sent(&mut self) {
        self.watch.sent(Instant::now().into_std());
    }

    /// The `Ping` that was asked for has this number.
    pub(super) fn asked(&mut self, number: u32) {
        self.watch.asked(number, Instant::now().into_std());
    }

    fn moved(&mut self) {
        info!("this machine has moved, or has slept");
        self.watch.moved(Instant::now().into_std());
        // What was begun before is not waited for.
        if let Attempt::Dialling(..) = self.attempt
            && !self.was_cut
        {
            (self.attempt, self.was_cut) = (Attempt::None, true);
        }
    }

    fn look(&mut self, connection: &dyn Connection) {
        let now = Instant::now();
        let (received, then) = std::mem::replace(&mut self.received, (connection.received(), now));
        if received == self.received.0 {
            return;
        }
        // Who was busy cannot tell when it came, and does not hold that against anybody.
        let late = now.saturating_duration_since(then) > LATE;
        self.watch.heard(if late { now } else { then }.into_std());
    }
}
