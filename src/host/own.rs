//! The host's own membership, which needs no connection: the same log, the same view of it, the same echo.

use std::sync::Arc;

use bytes::BytesMut;

use super::outside::Outside;
use crate::{
    conversation::{Backstage, Command, Event, Outbox, State, View, Welcomed, outbox},
    room::{Membership, Room},
    wire::{Frame, FromHost, Message, Security, frame, message::Roster},
};

/// Takes part until the host leaves; then the room is closed, and everything that was said has been shown.
pub(super) async fn attend(
    room: &Arc<Room>,
    mut own: Membership,
    accepts: Security,
    outside: &mut Outside,
    backstage: &mut Backstage,
) {
    let mut cursor = own.cursor();
    let mut outbox = Outbox::default();
    let mut batch = Vec::new();
    let mut is_leaving = false;
    let mut stuck = room.stuck();
    if stuck.borrow().is_some() {
        stuck.mark_changed();
    }
    let welcomed = welcomed(&mut own, accepts);
    let mut view = View::new(&own.welcome(), &welcomed.members);
    let detail = format!("Hosting {}.", welcomed.room);
    let _ = backstage.events.send(Event::Welcomed(welcomed)).await;
    let _ = backstage.events.send(Event::State { state: State::Online, detail }).await;
    loop {
        tokio::select! {
            more = cursor.next(&mut batch) => {
                if !more {
                    break;
                }
                for frames in batch.drain(..) {
                    let mut frames = BytesMut::from(&frames[..]);
                    while let Ok(Some(frame)) = frame::take(&mut frames) {
                        for event in see(&frame, &mut view, &mut outbox) {
                            let _ = backstage.events.send(event).await;
                        }
                    }
                }
            }
            Ok(()) = stuck.changed() => {
                let trouble = stuck.borrow_and_update().clone();
                let _ = backstage.events.send(Event::Saving { trouble }).await;
            }
            event = outside.changed() => {
                let _ = backstage.events.send(event).await;
            }
            command = backstage.command(!outbox.is_full()), if !is_leaving => match command {
                Some(Command::Say { text, tag }) => match outbox::check(&text) {
                    // What passes the check, the room takes.
                    Ok(()) => { let _ = own.say(outbox.add(text, tag)); }
                    Err(why) => backstage.unsent(text, tag, why).await,
                },
                Some(Command::Answer(_) | Command::Choose(_)) => {}
                Some(Command::Finish) | None => {
                    is_leaving = true;
                    room.close();
                }
            }
        }
    }
    // What could not be saved was not heard by anybody.
    for event in outbox.into_unsent() {
        let _ = backstage.events.send(event).await;
    }
}

fn welcomed(own: &mut Membership, accepts: Security) -> Welcomed {
    let welcome = own.welcome();
    let members = own.take_roster().into_iter().filter_map(|listed| Roster::decode(&listed[frame::HEADER..]).ok());
    let members = members.flat_map(|roster| roster.members).collect();
    Welcomed {
        room: welcome.room,
        name: own.member().name.clone(),
        member: welcome.member,
        transport: None,
        security: accepts,
        fingerprint: own.member().fingerprint,
        key_exchange: None,
        saved: welcome.saved,
        members,
    }
}

/// The events of one of our own frames.
fn see(frame: &Frame, view: &mut View, outbox: &mut Outbox) -> Vec<Event> {
    let message = FromHost::read(frame).ok().flatten();
    message.and_then(|message| view.see(message, outbox).ok()).unwrap_or_default()
}
