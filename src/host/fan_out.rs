//! Fan-out: one task writes to all members, once they are welcomed, to each what lies ahead of their cursor.
//!
//! Each member's writing is a future of its own, and waits for its own socket: who does not keep up is left behind, and keeps
//! nobody waiting. But when there is news, all who have nothing left to write are polled, one after the other, as fast as
//! [`schedule`](super::schedule) tells: to wake as many tasks costs about as much as the writing itself.

use std::{
    collections::VecDeque,
    hint::black_box,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::{unconstrained, yield_now},
    time::Instant,
};

use super::{alarm::Alarm, answers::Answers, schedule::Schedule};
use crate::room::{Matter, News, Room};

/// Before anything is written, whoever has just been heard is read first, and so many times over if there is more each time: all
/// of it then goes out together.
const GATHERINGS: usize = 8;

/// But when that has taken so long, others have kept the processor busy, and nobody waits for more.
const GATHERING: Duration = Duration::from_millis(1);

/// Writers that are taken from the queue together, before it is time for news.
const TAKEN: usize = 16;

/// The writing of all members of a room. It goes on for as long as there is one of these, or somebody to write to.
#[derive(Clone)]
pub(super) struct FanOut {
    queue: mpsc::UnboundedSender<Arc<Writer>>,
}

/// What is written to one member, until dropped.
pub(super) struct Writing(Arc<Writer>);

struct Writer {
    /// None when it is over.
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    answers: Arc<Answers>,
    /// No more than once: so the queue is no longer than there are members.
    is_queued: AtomicBool,
    /// Whether it is polled when there is news.
    is_listed: AtomicBool,
    queue: mpsc::UnboundedSender<Arc<Self>>,
}

impl FanOut {
    /// The fan-out of this room. Needs a tokio runtime around it, with time and input and output.
    pub(super) fn start(room: &Room) -> Self {
        let (queue, queued) = mpsc::unbounded_channel();
        // How much it does in one go is for each of the futures to bound.
        tokio::spawn(unconstrained(run(queued, room.news(), Alarm::new())));
        Self { queue }
    }

    /// Polls `future` from now on: when there is news in the room while it [pauses](Answers::pause), when it asks to be woken,
    /// and when [`Writing::wake`] does.
    pub(super) fn add(&self, answers: Arc<Answers>, future: impl Future<Output = ()> + Send + 'static) -> Writing {
        let writer = Arc::new(Writer {
            future: Mutex::new(Some(Box::pin(future))),
            answers,
            is_queued: AtomicBool::new(false),
            is_listed: AtomicBool::new(false),
            queue: self.queue.clone(),
        });
        writer.wake_by_ref();
        Writing(writer)
    }
}

impl Writing {
    /// There is something to write beside the news.
    pub(super) fn wake(&self) {
        self.0.wake_by_ref();
    }
}

impl Drop for Writing {
    /// The way out is free at once, for last words.
    fn drop(&mut self) {
        self.0.future().take();
        // To be forgotten.
        self.wake();
    }
}

impl Writer {
    /// Writes what can be written now. Whether there may be more to come.
    fn advance(self: &Arc<Self>) -> bool {
        let mut future = self.future();
        let Some(pending) = future.as_mut() else { return false };
        let waker = Waker::from(self.clone());
        // A panic is the end of this one, as if it had a task of its own.
        let polled = catch_unwind(AssertUnwindSafe(|| pending.as_mut().poll(&mut Context::from_waker(&waker))));
        let goes_on = matches!(polled, Ok(Poll::Pending));
        if !goes_on {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(future.take())));
        }
        goes_on
    }

    /// There is news: the same, but for who is still busy with what was before, and gets to it by themselves.
    fn hear(self: &Arc<Self>) -> bool {
        !self.answers.is_idle() || self.advance()
    }

    fn future(&self) -> MutexGuard<'_, Option<Pin<Box<dyn Future<Output = ()> + Send>>>> {
        self.future.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Writer {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::AcqRel) {
            // Nobody is there any more when the program ends.
            let _ = self.queue.send(self.clone());
        }
    }
}

async fn run(mut queued: mpsc::UnboundedReceiver<Arc<Writer>>, mut news: News, mut alarm: Alarm) {
    let mut writers: VecDeque<Arc<Writer>> = VecDeque::new();
    let mut taken = Vec::new();
    let mut schedule = Schedule::new(news.head(), Instant::now());
    loop {
        let due = schedule.due();
        if let Some(due) = due {
            alarm.set(due);
        }
        tokio::select! {
            matter = news.next() => schedule.learn(matter, news.head(), Instant::now()),
            () = alarm.rings(), if due.is_some() => {}
            count = queued.recv_many(&mut taken, TAKEN) => {
                if count == 0 {
                    return;
                }
                for writer in taken.drain(..) {
                    // Read, too, so that what was done before it was queued is seen.
                    writer.is_queued.swap(false, Ordering::AcqRel);
                    let goes_on = writer.advance();
                    match (goes_on, writer.is_listed.swap(goes_on, Ordering::Relaxed)) {
                        (true, false) => {
                            writers.push_back(writer);
                            schedule.join();
                        }
                        (false, true) => {
                            if let Some(place) = writers.iter().position(|other| Arc::ptr_eq(other, &writer)) {
                                writers.remove(place);
                                schedule.leave(place);
                            }
                        }
                        _ => {}
                    }
                }
                yield_now().await;
            }
        }
        let begun = Instant::now();
        if schedule.due().is_none_or(|due| due > begun) {
            continue;
        }
        for _ in 0..GATHERINGS {
            yield_now().await;
            let matter = news.catch_up();
            schedule.learn(matter, news.head(), Instant::now());
            if matter == Matter::Nothing || begun.elapsed() > GATHERING {
                break;
            }
        }
        let count = schedule.take(Instant::now());
        // All of them are looked at beforehand, so that memory is waited for once, and not for each: they are hardly in a cache
        // any more.
        black_box(writers.iter().take(count).filter(|writer| writer.answers.is_idle()).count());
        for _ in 0..count {
            if let Some(writer) = writers.pop_front().filter(Writer::hear) {
                writers.push_back(writer);
                schedule.join();
            }
        }
        schedule.wrote(count, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::atomic::AtomicUsize};

    use tokio::{
        sync::oneshot,
        task::yield_now,
        time::{sleep, timeout},
    };

    use super::*;
    use crate::{
        identity::Fingerprint,
        room::Membership,
        wire::{Security, message::Say},
    };

    fn room() -> (Arc<Room>, Membership) {
        let room = Room::new("Kitchen".parse().unwrap());
        let key = Some(Fingerprint::from_bytes([1; 32]));
        let host = room.admit_host(&"Ana".parse().unwrap(), key, Security::Pinned).unwrap();
        (room, host)
    }

    fn say(host: &Membership, nonce: u64) {
        host.say(Say { nonce, text: "!".to_owned() }).unwrap();
    }

    /// Somebody who never has anything to write, and how often they were asked.
    fn idle(fan_out: &FanOut) -> (Arc<AtomicUsize>, Writing) {
        let (polls, answers) = (Arc::<AtomicUsize>::default(), Arc::<Answers>::default());
        let (counted, pausing) = (polls.clone(), answers.clone());
        let writing = fan_out.add(answers, async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                pausing.pause().await;
            }
        });
        (polls, writing)
    }

    /// Whoever is written to by `future`, and has always more to write.
    fn busy(fan_out: &FanOut, future: impl Future<Output = ()> + Send + 'static) -> Writing {
        fan_out.add(Arc::default(), future)
    }

    async fn settle() {
        for _ in 0..100 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn everybody_is_polled_once_for_all_news_that_come_together() {
        let (room, host) = room();
        let fan_out = FanOut::start(&room);
        let (polls, writing) = idle(&fan_out);
        settle().await;
        let before = polls.load(Ordering::Relaxed);
        (0..20).for_each(|nonce| say(&host, nonce));
        settle().await;
        assert_eq!(polls.load(Ordering::Relaxed), before + 1);
        writing.wake();
        writing.wake();
        settle().await;
        assert_eq!(polls.load(Ordering::Relaxed), before + 2);
        settle().await;
        assert_eq!(polls.load(Ordering::Relaxed), before + 2, "nobody is polled for nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_large_room_what_is_said_meanwhile_is_written_once() {
        let (room, host) = room();
        let fan_out = FanOut::start(&room);
        let members: Vec<_> = (0..500).map(|_| idle(&fan_out)).collect();
        settle().await;
        let polls = || -> Vec<_> { members.iter().map(|(polls, _)| polls.load(Ordering::Relaxed)).collect() };
        let before = polls();
        say(&host, 0);
        settle().await;
        assert!(polls().iter().zip(&before).all(|(now, before)| *now == before + 1), "in the quiet, at once");
        for nonce in 1..10 {
            say(&host, nonce);
            sleep(Duration::from_millis(1)).await;
        }
        settle().await;
        assert!(polls().iter().zip(&before).all(|(now, before)| *now <= before + 2));
        sleep(Duration::from_millis(12)).await;
        settle().await;
        let all: usize = polls().iter().zip(&before).map(|(now, before)| now - before).sum();
        assert!(polls().iter().zip(&before).all(|(now, before)| *now >= before + 2));
        assert!((1_000..=1_500).contains(&all), "{all}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_leaves_and_comes_in_the_midst_of_a_wait_the_end_is_told_to_all() {
        let (room, host) = room();
        let fan_out = FanOut::start(&room);
        let mut members: Vec<_> = (0..500).map(|_| idle(&fan_out)).collect();
        settle().await;
        say(&host, 0);
        settle().await;
        say(&host, 1);
        sleep(Duration::from_millis(3)).await;
        members.truncate(300);
        members.drain(..20);
        members.extend((0..100).map(|_| idle(&fan_out)));
        settle().await;
        let before: Vec<_> = members.iter().map(|(polls, _)| polls.load(Ordering::Relaxed)).collect();
        room.close();
        sleep(Duration::from_millis(1)).await;
        settle().await;
        let told = members.iter().zip(&before).filter(|((polls, _), before)| polls.load(Ordering::Relaxed) > **before);
        assert_eq!(told.count(), 380);
    }

    /// Each of those who do not keep up was asked again for each thing that was said.
    #[tokio::test]
    async fn who_waits_for_their_own_socket_is_not_asked_when_there_is_news() {
        let (room, host) = room();
        let fan_out = FanOut::start(&room);
        let polls = Arc::<AtomicUsize>::default();
        let counted = polls.clone();
        let writing = busy(
            &fan_out,
            poll_fn(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                Poll::Pending
            }),
        );
        settle().await;
        say(&host, 1);
        settle().await;
        assert_eq!(polls.load(Ordering::Relaxed), 1);
        writing.wake();
        settle().await;
        assert_eq!(polls.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_panic_is_the_end_of_one_alone() {
        let (room, host) = room();
        let fan_out = FanOut::start(&room);
        let (told, ended) = oneshot::channel::<()>();
        let mut is_first = true;
        let panics = busy(&fan_out, async move {
            let _told = told;
            poll_fn(|_| if std::mem::take(&mut is_first) { Poll::<()>::Pending } else { panic!("on purpose") }).await;
        });
        let (polls, _other) = idle(&fan_out);
        settle().await;
        panics.wake();
        assert!(timeout(Duration::from_secs(20), ended).await.expect("it is over").is_err());
        let before = polls.load(Ordering::Relaxed);
        say(&host, 2);
        panics.wake();
        settle().await;
        assert!(polls.load(Ordering::Relaxed) > before);
    }

    #[tokio::test]
    async fn who_is_no_longer_written_to_gives_back_the_way_out_at_once() {
        let (room, _host) = room();
        let fan_out = FanOut::start(&room);
        let way_out = Arc::new(());
        let held = way_out.clone();
        let writing = busy(&fan_out, async move {
            std::future::pending::<()>().await;
            drop(held);
        });
        settle().await;
        assert_eq!(Arc::strong_count(&way_out), 2);
        drop(writing);
        assert_eq!(Arc::strong_count(&way_out), 1);
    }

    #[tokio::test]
    async fn it_goes_on_for_as_long_as_somebody_may_need_it_and_no_longer() {
        let (room, _host) = room();
        let fan_out = FanOut::start(&room);
        let queue = fan_out.queue.clone().downgrade();
        let (polls, writing) = idle(&fan_out);
        drop(fan_out);
        settle().await;
        room.close();
        settle().await;
        let before = polls.load(Ordering::Relaxed);
        writing.wake();
        settle().await;
        assert_eq!(polls.load(Ordering::Relaxed), before + 1, "after the end of the room, too");
        drop(writing);
        settle().await;
        assert!(queue.upgrade().is_none());
    }
}
