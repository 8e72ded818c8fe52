//! Coming back to a room after the connection to it was lost: again and again, until the host says that there is no way back.

use tokio::time::sleep;
use tracing::info;

use super::{
    Way, advice,
    elsewhere::Moved,
    greet::NotWelcome,
    knock::Door,
    retry::{self, BackOff},
    run::End,
    talk::Ongoing,
};
use crate::{
    conversation::{Backstage, Closed, Event, RefusedReason, State},
    random,
    transport::Kind,
    wire::message::Refusal,
};

/// Connects again, however long it takes, with the same key or as plainly as before, and takes what is said meanwhile. The
/// waits between attempts go on from where `back_off` has got to.
///
/// # Errors
///
/// When one leaves, or when the host says, or shows, that there is no coming back.
pub(super) async fn come_back(
    mut why: String,
    door: &Door<'_>,
    back_off: &mut BackOff,
    ongoing: &mut Ongoing,
    backstage: &mut Backstage,
) -> Result<Moved, End> {
    let mut told = String::new();
    // In a network that keeps changing, every other attempt is made to its end.
    let mut may_be_cut = true;
    loop {
        if why != told {
            let detail = format!("{why} Trying again until it is back.");
            let _ = backstage.events.send(Event::State { state: State::Reconnecting, detail }).await;
            told.clone_from(&why);
        }
        let wait = back_off.next(random::number());
        info!(?wait, why, "trying again");
        if meanwhile(retry::unless_moved(sleep(wait)), ongoing, backstage).await?.is_none() {
            *back_off = BackOff::default();
        }
        match try_to_come_back(door, may_be_cut, ongoing, backstage).await {
            Ok(Some(back)) => return Ok(back),
            Ok(None) => {
                *back_off = BackOff::default();
                may_be_cut = false;
            }
            Err(End::Refused(refused)) if !is_final(refused.reason) => {
                why = refused.detail;
                may_be_cut = true;
            }
            Err(end) => return Err(end),
        }
    }
}

/// One attempt to come back; none, when the network has changed meanwhile and it `may_be_cut` short.
async fn try_to_come_back(
    door: &Door<'_>,
    may_be_cut: bool,
    ongoing: &mut Ongoing,
    backstage: &mut Backstage,
) -> Result<Option<Moved>, End> {
    let way = if door.key.is_some() { door.options.way } else { Way::Plain };
    let place = door.options.target.place();
    let refused = |error, way| advice::could_not_reach(&place, &error, way);
    let dialled = async {
        let addresses = door.find().await.map_err(|_| advice::not_found(&place))?;
        door.dial(&addresses).await.map_err(|error| refused(error, way))
    };
    let dialled = async {
        match may_be_cut {
            true => retry::unless_moved(dialled).await,
            false => Some(dialled.await),
        }
    };
    let Some(dialled) = meanwhile(dialled, ongoing, backstage).await? else { return Ok(None) };
    let connection = dialled?;
    let resume = ongoing.view.position();
    match meanwhile(door.greet(&*connection, resume), ongoing, backstage).await? {
        Ok(let_in) => Ok(Some(Moved { connection, let_in })),
        Err(NotWelcome::Refused(refused)) if refused.refusal == Refusal::Replaced => Err(End::Closed(Closed::Replaced)),
        Err(NotWelcome::Refused(refused)) => Err(advice::refused_by_the_host(refused).into()),
        Err(NotWelcome::Failed(error)) => Err(refused(error, way_of(connection.peer().kind)).into()),
    }
}

/// What was asked for, if this is what it has led to.
pub(super) fn way_of(kind: Kind) -> Way {
    match kind {
        Kind::Tcp => Way::Plain,
        encrypted => Way::Only(encrypted),
    }
}

/// Whether there is no coming back after this. A wrong key is sticky here, too.
fn is_final(reason: RefusedReason) -> bool {
    use RefusedReason::{Busy, Full, Unreachable, WrongProtocol};
    !matches!(reason, Unreachable | Busy | Full | WrongProtocol)
}

/// What `work` gives, while what is said waits to be sent; unless one leaves, and has no time left for it.
async fn meanwhile<T>(
    work: impl Future<Output = T>,
    ongoing: &mut Ongoing,
    backstage: &mut Backstage,
) -> Result<T, End> {
    tokio::pin!(work);
    loop {
        if let Some(closed) = ongoing.has_left() {
            return Err(End::Closed(closed));
        }
        tokio::select! {
            done = &mut work => return Ok(done),
            command = ongoing.command(backstage) => {
                ongoing.obey(command, backstage).await;
            }
            closed = ongoing.out_of_time() => return Err(End::Closed(closed)),
        }
    }
}
