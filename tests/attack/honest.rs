//! Ten honest members, over all three transports, who talk all the time and keep count of what they hear.
//!
//! Each must see the same messages in the same order, none missing and none twice, and nobody's connection may be lost.
//! How long each message took is kept by what was going on when it was said.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use parlor::{
    conversation::{Closed, Command, Conversation, Event, State},
    identity::{Address, Identity, Pins},
    session::{self, Consent, Options, Source, Target, Way},
    transport::Kind,
};
use tempfile::TempDir;
use tokio::{
    runtime::Runtime,
    sync::{Barrier, watch},
    task::JoinHandle,
};

use crate::{
    castle::Castle,
    figures::Times,
    harness::{PATIENCE, in_time},
};

/// How many.
const MEMBERS: usize = 10;

/// Between two things that one of them says.
const PAUSE: Duration = Duration::from_millis(100);

/// Over what one joins.
pub(crate) const WAYS: [Way; 3] = [Way::Only(Kind::Quic), Way::Only(Kind::Tls), Way::Plain];

/// What is going on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Hour {
    /// Nothing that is measured.
    Between,
    Quiet,
    Attack,
    /// Nobody says anything more; they wait for the last messages.
    Silence,
    /// Everybody leaves.
    Leave,
}

struct Shared {
    hour: watch::Sender<Hour>,
    /// What was said, by the text, and when.
    said: Mutex<HashMap<String, (Instant, Hour)>>,
    quiet: Mutex<Times>,
    attacked: Mutex<Times>,
    /// How many of those who talk have stopped.
    silent: AtomicUsize,
    /// How much each has heard of what the ten have said.
    heard: [AtomicUsize; MEMBERS],
}

/// The ten.
pub(crate) struct Company {
    runtime: Runtime,
    shared: Arc<Shared>,
    members: Vec<JoinHandle<Vec<(u64, String)>>>,
}

impl Company {
    /// They join, and once all are in they talk.
    pub(crate) fn gather(castle: &Castle) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let shared = Arc::new(Shared {
            hour: watch::Sender::new(Hour::Between),
            said: Mutex::default(),
            quiet: Mutex::default(),
            attacked: Mutex::default(),
            silent: AtomicUsize::new(0),
            heard: Default::default(),
        });
        let everybody = Arc::new(Barrier::new(MEMBERS + 1));
        let members = (0..MEMBERS).map(|number| {
            let options = options(castle, WAYS[number % 3], &format!("Honest {number}"), None);
            runtime.spawn(live(number, options, shared.clone(), everybody.clone()))
        });
        let members = members.collect();
        runtime.block_on(in_time(everybody.wait())).expect("all ten come in");
        Self { runtime, shared, members }
    }

    pub(crate) fn it_is(&self, hour: Hour) {
        self.shared.hour.send_replace(hour);
    }

    /// Somebody else comes in over each of `ways`, is welcomed, and leaves again. Gives how long the slowest took.
    pub(crate) fn newcomers(&self, castle: &Castle, ways: &[Way], from: IpAddr, which: usize) -> JoinHandle<Duration> {
        let options = |way| options(castle, way, &format!("Newcomer {which} by {way:?}"), Some(from));
        let options: Vec<_> = ways.iter().map(|way| options(*way)).collect();
        self.runtime.spawn(async move {
            let mut slowest = Duration::ZERO;
            for options in options {
                let begun = Instant::now();
                let (name, dir) = (options.name.to_string(), TempDir::new().expect("a temporary folder"));
                let mut conversation = join(options, &dir);
                wait(&mut conversation, &name, |event| matches!(event, Event::Welcomed(_))).await;
                slowest = slowest.max(begun.elapsed());
                conversation.commands.send(Command::Finish).await.expect("it is taken");
                wait(&mut conversation, &name, |event| matches!(event, Event::Closed(Closed::Left))).await;
            }
            slowest
        })
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Waits until everything that was said is heard by everybody, has them leave, and checks what they heard. Gives how long
    /// messages took in quiet and under attack.
    pub(crate) fn part(self) -> (Times, Times) {
        self.it_is(Hour::Silence);
        let heard = || self.shared.heard.iter().map(|heard| heard.load(Ordering::SeqCst)).collect::<Vec<_>>();
        let begun = Instant::now();
        loop {
            let (silent, said) = (self.shared.silent.load(Ordering::SeqCst), lock(&self.shared.said).len());
            if silent == MEMBERS && heard().iter().all(|heard| *heard == said) {
                break;
            }
            // One who has ended has failed, and says why.
            assert!(!self.members.iter().any(JoinHandle::is_finished), "an honest member is gone");
            assert!(begun.elapsed() < PATIENCE, "{silent} are silent; of {said} messages were heard {:?}", heard());
            thread::sleep(Duration::from_millis(20));
        }
        self.it_is(Hour::Leave);
        let lists: Vec<_> =
            self.members.into_iter().map(|member| self.runtime.block_on(member).expect("an honest life")).collect();
        for list in &lists[1..] {
            assert!(*list == lists[0], "not everybody has seen the same in the same order");
        }
        let (quiet, attacked) = (lock(&self.shared.quiet).clone(), lock(&self.shared.attacked).clone());
        (quiet, attacked)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic under it")
}

fn options(castle: &Castle, way: Way, name: &str, bind: Option<IpAddr>) -> Options {
    let fingerprint = (way != Way::Plain).then_some(castle.fingerprint);
    Options {
        target: Target {
            addresses: vec![Address::from(castle.address)],
            fingerprint,
            room: None,
            source: Source::Given,
        },
        name: name.replace(['(', ')'], " ").parse().expect("a name"),
        way,
        first_contact: Consent::Withheld,
        plaintext: Consent::Withheld,
        bind,
        proxy: None,
    }
}

fn join(options: Options, dir: &TempDir) -> Conversation {
    session::join(options, Arc::new(Identity::generate().expect("a key")), Pins::open(dir.path()))
}

async fn wait(conversation: &mut Conversation, who: &str, is_wanted: impl Fn(&Event) -> bool) {
    loop {
        match tokio::time::timeout(PATIENCE, conversation.events.recv()).await.expect("in time") {
            Some(event) if is_wanted(&event) => return,
            Some(event @ (Event::Refused(_) | Event::Closed(_))) => panic!("{who}: {event:?}"),
            Some(_) => {}
            None => panic!("{who}: no last event"),
        }
    }
}

async fn live(number: usize, options: Options, shared: Arc<Shared>, everybody: Arc<Barrier>) -> Vec<(u64, String)> {
    let dir = TempDir::new().expect("a temporary folder");
    let mut conversation = join(options, &dir);
    wait(&mut conversation, "an honest member", |event| matches!(event, Event::Welcomed(_))).await;
    everybody.wait().await;
    let mut hour = shared.hour.subscribe();
    let (mut list, mut said) = (Vec::new(), 0);
    // Not all at once.
    let mut next = tokio::time::Instant::now() + PAUSE * number as u32 / MEMBERS as u32;
    let (mut talks, mut leaves) = (true, false);
    loop {
        tokio::select! {
            event = conversation.events.recv() => match event.expect("a last event") {
                Event::Said(heard) if !heard.history => {
                    assert!(is_harmless(&heard.text) && is_harmless(heard.from.as_str()), "{heard:?}");
                    let known = lock(&shared.said).get(&heard.text).copied();
                    if let Some((at, hour)) = known {
                        let times = match hour {
                            Hour::Quiet => Some(&shared.quiet),
                            Hour::Attack => Some(&shared.attacked),
                            _ => None,
                        };
                        if let Some(times) = times {
                            let mut times = lock(times);
                            let which = if heard.own { &mut times.echo } else { &mut times.delivery };
                            which.push(at.elapsed());
                        }
                        list.push((heard.seq, heard.text));
                        shared.heard[number].fetch_add(1, Ordering::SeqCst);
                    }
                }
                Event::Closed(Closed::Left) if leaves => return list,
                event @ (Event::Refused(_) | Event::Closed(_) | Event::Gap { .. } | Event::Resumed { .. }
                    | Event::Unsent { .. } | Event::State { state: State::Reconnecting, .. }) => {
                    panic!("honest member {number}: {event:?}")
                }
                _ => {}
            },
            () = tokio::time::sleep_until(next), if talks => {
                next += PAUSE;
                let text = format!("the {said}th thing that honest member {number} has to say");
                said += 1;
                lock(&shared.said).insert(text.clone(), (Instant::now(), *shared.hour.borrow()));
                conversation.commands.send(Command::Say { text, tag: 0 }).await.expect("it is taken");
            }
            changed = hour.changed() => {
                changed.expect("the company is there");
                let hour = *hour.borrow_and_update();
                if hour == Hour::Silence {
                    talks = false;
                    shared.silent.fetch_add(1, Ordering::SeqCst);
                }
                if hour == Hour::Leave {
                    leaves = true;
                    conversation.commands.send(Command::Finish).await.expect("it is taken");
                }
            }
        }
    }
}

/// Whether it does nothing to a terminal or to the direction of a line.
fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control() && !matches!(c, '\n' | '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}
