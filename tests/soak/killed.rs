//! A host of a saved room that is killed at any moment, again and again, while members talk: its room is as if nothing had
//! been. `PARLOR_KILLS` says how often; `scripts/killed` sets it.

use std::{sync::Arc, time::Duration};

use parlor::{
    conversation::Event,
    identity::{Identity, Pins},
    session,
};
use tempfile::TempDir;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    chance::Chance,
    member::{self, Habits, Plan},
    network::Addresses,
    program::Host,
    truth::{Stretch, Truth},
};

/// Members who talk meanwhile, a third over each transport.
const MEMBERS: u64 = 12;

/// The ordinary run.
const KILLS: u64 = 15;

/// They say much, and come and go, so that there is always something on its way into the file.
const HABITS: Habits =
    Habits { pause: Duration::from_millis(150), stay: Duration::from_secs(4), out: Duration::from_millis(300) };

/// From one start to the end of it, at most: sometimes before the host listens, mostly in the midst of the talk.
const LIFE: u64 = 900;

/// After the last start everybody is back in this time: the longest pause before an attempt is 10 s.
const BACK: Duration = Duration::from_secs(60);

fn kills() -> u64 {
    std::env::var("PARLOR_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_of_a_saved_room_that_is_killed_again_and_again_forgets_nothing() {
    let mut chance = Chance::new();
    let dir = TempDir::new().expect("a temporary folder");
    let file = dir.path().join("room").to_string_lossy().into_owned();
    let mut host = Host::start(&["--save", &file, "--save-sync"]);
    let truth = Truth::default();
    let (tell, over) = watch::channel(false);
    let network = Addresses { tcp: host.address, udp: host.address };
    let plan = |number| Plan { number, habits: HABITS, over: over.clone(), network, fingerprint: host.fingerprint };
    let last = plan(MEMBERS + 1);
    let mut members = JoinSet::new();
    for number in 0..MEMBERS {
        members.spawn(member::live(plan(number), truth.clone(), chance.another(number)));
    }
    for kill in 0..kills() {
        sleep(Duration::from_millis(chance.below(LIFE))).await;
        assert!(!host.has_ended(), "after {kill} kills it ended by itself");
        host.kill();
        host.start_again();
    }
    tell.send_replace(true);
    while let Some(lived) = members.join_next().await {
        lived.expect("a member's life");
    }
    host.kill();
    host.start_again();
    timeout(BACK, see_everything(&last, &truth)).await.expect("the room is there");
    truth.check();
    let (messages, sessions, returns) = (truth.messages(), truth.sessions(), truth.returns());
    println!("killed {} times: {messages} messages, {sessions} sessions, {returns} times back", kills());
    assert!(returns > 0, "nobody was ever cut off");
}

/// Joins, and sees the last of the talk, up to the last message that anybody saw.
async fn see_everything(plan: &Plan, truth: &Truth) {
    let dir = TempDir::new().expect("a temporary folder");
    let identity = Arc::new(Identity::generate().expect("a key"));
    loop {
        let mut conversation = session::join(plan.options(), identity.clone(), Pins::open(dir.path()));
        let mut stretch: Option<Stretch> = None;
        while let Some(event) = conversation.events.recv().await {
            let Event::Said(said) = event else { continue };
            truth.heard(said.seq, &said.text);
            let stretch = stretch.get_or_insert(Stretch { first: said.seq, last: 0, count: 0 });
            stretch.last = said.seq;
            stretch.count += 1;
            if said.seq == truth.last() {
                return truth.session(*stretch);
            }
        }
    }
}
