//! One member: how they come in, what they hear, and what they say.

use std::{
    cell::{Cell, RefCell},
    io, mem,
    rc::Rc,
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, interval, sleep, sleep_until, timeout},
};

use super::{
    link::{Dialler, Link, Sink, Source},
    plan::Plan,
    speaker::Speaker,
    tally::Tally,
};

/// One attempt to come in may take so long,
const ATTEMPT: Duration = Duration::from_secs(15);
/// and all attempts together so many.
const ATTEMPTS: u32 = 200;
/// The longest wait before the next attempt.
const WAIT: u64 = 250;
/// Every so often a member says that they are there, where the language asks for that.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What all members share.
pub(crate) struct Crowd {
    pub(crate) plan: Plan,
    pub(crate) tally: RefCell<Tally>,
    /// How many are in, and how many attempts had to be made again.
    pub(crate) present: Cell<usize>,
    pub(crate) again: Cell<u64>,
    /// Told when somebody is in, or never will be.
    pub(crate) came: Notify,
    pub(crate) failed: RefCell<Option<io::Error>>,
    /// Whether the senders talk.
    pub(crate) talks: Cell<bool>,
}

/// What a member has said and not yet sent.
#[derive(Default)]
pub(crate) struct Outbox {
    bytes: RefCell<Vec<u8>>,
    more: Notify,
}

impl Outbox {
    pub(crate) fn add(&self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes.borrow_mut());
        self.more.notify_one();
    }
}

/// Comes in, and hears until the end.
pub(crate) async fn attend<S: Speaker>(
    crowd: Rc<Crowd>,
    dialler: Rc<Dialler>,
    at_once: Rc<Semaphore>,
    number: usize,
    outbox: Rc<Outbox>,
) {
    let place = at_once.acquire().await;
    let (speaker, link) = match come::<S>(&crowd, &dialler, number).await {
        Ok(came) => came,
        Err(error) => {
            *crowd.failed.borrow_mut() = Some(error);
            crowd.came.notify_one();
            return;
        }
    };
    drop(place);
    if !speaker.has_echo() {
        crowd.tally.borrow_mut().has_no_echo();
    }
    crowd.present.set(crowd.present.get() + 1);
    crowd.came.notify_one();
    let Link { source, sink, heard, .. } = link;
    let ended = tokio::select! {
        ended = hear(&crowd, speaker, source, heard, number, &outbox) => ended,
        ended = send::<S>(sink, &outbox) => ended,
    };
    if let Err(error) = ended {
        crowd.tally.borrow_mut().broken(format!("member {number}: {error}"));
    }
}

/// Tries until it works: a server may turn somebody away when all come at once.
async fn come<S: Speaker>(crowd: &Crowd, dialler: &Dialler, number: usize) -> io::Result<(S, Link)> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let coming = async {
            let mut link = dialler.dial::<S>(number).await?;
            let speaker = S::greet(&mut link, crowd.plan.first + number).await?;
            Ok((speaker, link))
        };
        match timeout(ATTEMPT, coming).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(_) => {
                crowd.again.set(crowd.again.get() + 1);
                sleep(Duration::from_millis(fastrand::u64(..WAIT))).await;
            }
            came => return came,
        }
    }
}

async fn hear<S: Speaker>(
    crowd: &Crowd,
    mut speaker: S,
    mut source: Source,
    mut heard: bytes::BytesMut,
    number: usize,
    outbox: &Outbox,
) -> io::Result<()> {
    let mut answers = Vec::new();
    loop {
        {
            let mut tally = crowd.tally.borrow_mut();
            let now = tally.now();
            speaker.hear(&mut heard, &mut |text| tally.heard(number, text, now), &mut answers)?;
        }
        if !answers.is_empty() {
            outbox.add(|bytes| bytes.append(&mut answers));
        }
        if source.read(&mut heard).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Sends what there is, all of it together, and a sign of life now and then.
async fn send<S: Speaker>(mut sink: Sink, outbox: &Outbox) -> io::Result<()> {
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.reset();
    let mut bytes = Vec::new();
    loop {
        tokio::select! {
            () = outbox.more.notified() => {}
            _ = heartbeat.tick() => S::beat(&mut outbox.bytes.borrow_mut()),
        }
        mem::swap(&mut bytes, &mut outbox.bytes.borrow_mut());
        sink.write(&bytes).await?;
        bytes.clear();
    }
}

/// Talks for as long as there is talk.
pub(crate) async fn talk<S: Speaker>(crowd: Rc<Crowd>, number: usize, outbox: Rc<Outbox>) {
    let through = crowd.tally.borrow().through(number);
    // The same moments for every server.
    let mut chance = fastrand::Rng::with_seed(number as u64);
    let mut next = Instant::now();
    loop {
        match crowd.plan.pause() {
            Some(pause) => {
                // Nobody waits for anybody else before they speak, so the gaps between messages are exponential.
                next += pause.mul_f64(-(1.0 - chance.f64()).ln());
                sleep_until(next).await;
            }
            None => {
                while crowd.talks.get() && crowd.tally.borrow().outstanding(number) >= crowd.plan.window {
                    through.notified().await;
                }
            }
        }
        if !crowd.talks.get() {
            return;
        }
        let body = crowd.tally.borrow_mut().say(number);
        outbox.add(|bytes| S::say(&body.write(crowd.plan.payload), bytes));
    }
}
