//! A member's life: join, talk for a while, leave, come again.

use std::{sync::Arc, time::Duration};

use parlor::{
    conversation::{Closed, Command, Conversation, Event},
    identity::{Address, Fingerprint, Identity, Pins},
    session::{self, Consent, Options, Source, Target, Way},
    transport::Kind,
};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc::error::SendError, watch},
    time::{Instant, sleep, sleep_until},
};

use crate::{
    chance::Chance,
    network::Addresses,
    truth::{Stretch, Truth},
};

/// How somebody lives, each on average.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    /// Between two things that they say.
    pub(crate) pause: Duration,
    /// In the room, before they leave.
    pub(crate) stay: Duration,
    /// Out of the room, before they come again.
    pub(crate) out: Duration,
}

pub(crate) struct Plan {
    pub(crate) number: u64,
    pub(crate) habits: Habits,
    /// Comes when they are to leave for good.
    pub(crate) over: watch::Receiver<bool>,
    pub(crate) network: Addresses,
    pub(crate) fingerprint: Fingerprint,
}

impl Plan {
    pub(crate) fn options(&self) -> Options {
        let way = [Way::Only(Kind::Quic), Way::Only(Kind::Tls), Way::Plain][self.number as usize % 3];
        let (address, fingerprint) = match way {
            Way::Only(Kind::Quic) => (self.network.udp, Some(self.fingerprint)),
            Way::Plain => (self.network.tcp, None),
            _ => (self.network.tcp, Some(self.fingerprint)),
        };
        Options {
            target: Target { addresses: vec![Address::from(address)], fingerprint, room: None, source: Source::Given },
            name: format!("Member {}", self.number).parse().expect("a name"),
            way,
            first_contact: Consent::Withheld,
            plaintext: Consent::Withheld,
            bind: None,
            proxy: None,
        }
    }
}

pub(crate) async fn live(mut plan: Plan, truth: Truth, mut chance: Chance) {
    let identity = Arc::new(Identity::generate().expect("a key"));
    let dir = TempDir::new().expect("a temporary folder");
    let mut said = 0;
    while !*plan.over.borrow() {
        sleep(chance.about(plan.habits.out)).await;
        let conversation = session::join(plan.options(), identity.clone(), Pins::open(dir.path()));
        let until = Instant::now() + chance.about(plan.habits.stay);
        talk(&mut plan, conversation, until, &mut said, &truth, &mut chance).await;
    }
}

async fn has_to_leave(until: Instant, over: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = sleep_until(until) => {}
        _ = over.wait_for(|over| *over) => {}
    }
}

async fn talk(
    plan: &mut Plan,
    mut conversation: Conversation,
    until: Instant,
    said: &mut u64,
    truth: &Truth,
    chance: &mut Chance,
) {
    let mut stretch: Option<Stretch> = None;
    let (mut is_in, mut is_leaving) = (false, false);
    let mut speak = Instant::now() + chance.about(plan.habits.pause);
    loop {
        tokio::select! {
            event = conversation.events.recv() => match event.expect("a last event") {
                Event::Welcomed(_) => is_in = true,
                Event::Resumed { anew, .. } => {
                    assert!(!anew, "the host is the same");
                    truth.came_back();
                }
                Event::Said(said) => {
                    truth.heard(said.seq, &said.text);
                    let stretch = stretch.get_or_insert(Stretch { first: said.seq, last: 0, count: 0 });
                    assert!(said.seq > stretch.last, "in order, and once");
                    stretch.last = said.seq;
                    stretch.count += 1;
                }
                Event::Unsent { text, .. } => truth.unsent(&text),
                Event::Gap { missed } => panic!("{missed} are missing"),
                // The first attempt may have met a cut.
                Event::Refused(refused) => {
                    assert!(!is_in || refused.reason.as_str() == "unreachable", "{refused:?}");
                    break;
                }
                Event::Closed(Closed::Left | Closed::Lost { .. }) => break,
                Event::Closed(other) => panic!("{other:?}"),
                _ => {}
            },
            () = sleep_until(speak), if is_in && !is_leaving => {
                speak = Instant::now() + chance.about(plan.habits.pause);
                let text = format!("{}: {said}", plan.number);
                *said += 1;
                truth.say(&text);
                // It may have ended, and its last event be on its way.
                let say = Command::Say { text, tag: 0 };
                if let Err(SendError(Command::Say { text, .. })) = conversation.commands.send(say).await {
                    truth.unsent(&text);
                }
            }
            () = has_to_leave(until, &mut plan.over), if !is_leaving => {
                is_leaving = true;
                let _ = conversation.commands.send(Command::Finish).await;
            }
        }
    }
    if let Some(stretch) = stretch {
        truth.session(stretch);
    }
}
