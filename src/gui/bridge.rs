//! Events of a conversation, on their way into the window.
//!
//! They are put into a queue of ours, and the first one after it was emptied asks druid for an idle callback that takes them
//! all. (druid's own `submit_command` from another thread loses wake-ups.) The queue has a bound: a window that does not
//! keep up slows its own conversation, and nobody else's.
//!
//! The rooms on this network come in the same way, without a queue: only the newest list matters, and no more than one waits.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc as blocking},
    time::{Duration, Instant},
};

use druid::{ExtEventSink, Target};
use tokio::{
    sync::{Notify, mpsc},
    time::{self, sleep_until},
};

use super::{command, model::Model};
use crate::{
    conversation::{Command, Conversation, Event, Exit},
    reach::found::{Browser, PinnedNames, Room},
};

/// The window takes events for so long before it looks after other things.
const AT_ONCE: Duration = Duration::from_millis(8);

/// While much happens the window is shown it so often, thirty times a second, and draws itself as often: nobody reads faster, and
/// twice as many frames took half as much again of the processor, and in a flood three times as much.
pub(crate) const FRAME: Duration = Duration::from_millis(33);

/// After a lull so many are shown at once: what happens when a room opens, or somebody answers, waits for nothing.
const AHEAD: u32 = 3;

/// Events that may wait for the window.
const WAITING: usize = 4096;

/// A conversation, as the window holds it. Dropping it leaves, and nothing of it is shown from then on.
pub(crate) struct Link {
    commands: mpsc::Sender<Command>,
    exit: Exit,
    ended: blocking::Receiver<()>,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<Waiting>,
    taken: Notify,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// Whether a callback has been asked for and has not begun.
    armed: bool,
    /// Whether nobody wants to know any more.
    cut: bool,
    /// What turned out not to have been sent since then: that is never thrown away.
    unsent: Vec<String>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an event in; true if a callback has to be asked for.
    fn put(&self, event: Event) -> bool {
        let mut waiting = self.lock();
        if waiting.cut {
            waiting.unsent.extend(unsent(event));
            return false;
        }
        waiting.events.push_back(event);
        !std::mem::replace(&mut waiting.armed, true)
    }

    fn is_full(&self) -> bool {
        self.lock().events.len() >= WAITING
    }

    fn take(&self) -> VecDeque<Event> {
        let mut waiting = self.lock();
        waiting.armed = false;
        let events = std::mem::take(&mut waiting.events);
        drop(waiting);
        self.taken.notify_one();
        events
    }

    /// Puts back what was taken and not shown, before what has come since; true if a callback has to be asked for.
    fn give_back(&self, mut rest: VecDeque<Event>) -> bool {
        if rest.is_empty() {
            return false;
        }
        let mut waiting = self.lock();
        if waiting.cut {
            waiting.unsent.extend(rest.into_iter().filter_map(unsent));
            return false;
        }
        rest.append(&mut waiting.events);
        waiting.events = rest;
        !std::mem::replace(&mut waiting.armed, true)
    }

    fn cut(&self) {
        let mut waiting = self.lock();
        waiting.cut = true;
        let events = std::mem::take(&mut waiting.events);
        waiting.unsent.extend(events.into_iter().filter_map(unsent));
        drop(waiting);
        self.taken.notify_one();
    }
}

/// When the window is shown what has happened.
struct Frames {
    frame: Duration,
    /// When the next one would be if none was ahead of its time.
    next: time::Instant,
}

impl Frames {
    fn new(frame: Duration) -> Self {
        Self { frame, next: time::Instant::now() }
    }

    /// When the next one is; nothing means now.
    fn next(&mut self) -> Option<time::Instant> {
        let (now, ahead) = (time::Instant::now(), self.frame * AHEAD);
        let due = (self.next > now + ahead).then(|| self.next - ahead);
        self.next = self.next.max(now) + self.frame;
        due
    }
}

/// Has the window take what is in the queue, a little at a time: a host that sends more than can be shown does not keep
/// pointer and keys from being heard.
fn show(queue: Arc<Queue>, sink: ExtEventSink) {
    let again = sink.clone();
    sink.add_idle_callback(move |model: &mut Model| {
        let (begun, before) = (Instant::now(), (model.screen, model.room.open()));
        let mut events = queue.take();
        while begun.elapsed() < AT_ONCE
            && let Some(event) = events.pop_front()
        {
            model.apply(event);
        }
        // druid leaves what a new screen asks for, such as the focus for where one writes, until something else happens.
        // From this thread, a command is not lost; should it be, there is nothing to be nudged.
        if (model.screen, model.room.open()) != before {
            let _ = again.submit_command(command::NUDGE, (), Target::Global);
        }
        if queue.give_back(events) {
            show(queue, again);
        }
    });
}

/// The text that an event gives back.
fn unsent(event: Event) -> Option<String> {
    match event {
        Event::Unsent { text, .. } => Some(text),
        _ => None,
    }
}

impl Link {
    /// Shows a conversation in the window behind `sink`, in frames that are no shorter than `frame` while much happens.
    pub(crate) fn new(
        conversation: Conversation,
        sink: ExtEventSink,
        runtime: &tokio::runtime::Handle,
        frame: Duration,
    ) -> Self {
        Self::waking(conversation, runtime, frame, move |queue| show(queue, sink.clone()))
    }

    fn waking(
        conversation: Conversation,
        runtime: &tokio::runtime::Handle,
        frame: Duration,
        wake: impl Fn(Arc<Queue>) + Send + 'static,
    ) -> Self {
        let Conversation { commands, mut events, exit } = conversation;
        let (end, ended) = blocking::channel();
        let queue = Arc::new(Queue::default());
        let filled = Arc::clone(&queue);
        runtime.spawn(async move {
            let mut frames = Frames::new(frame);
            // When the window is to be woken, if it is.
            let mut due = None;
            loop {
                tokio::select! {
                    event = events.recv() => {
                        let Some(event) = event else { break };
                        while filled.is_full() {
                            if due.take().is_some() {
                                wake(Arc::clone(&filled));
                            }
                            filled.taken.notified().await;
                        }
                        if filled.put(event) {
                            due = frames.next();
                            if due.is_none() {
                                wake(Arc::clone(&filled));
                            }
                        }
                    }
                    () = sleep_until(due.unwrap_or_else(time::Instant::now)), if due.is_some() => {
                        due = None;
                        wake(Arc::clone(&filled));
                    }
                }
            }
            if due.is_some() {
                wake(filled);
            }
            // Nobody may be waiting for it.
            let _ = end.send(());
        });
        Self { commands, exit, ended, queue }
    }

    /// A place for one command; none when the network has fallen behind or the conversation is over.
    pub(crate) fn reserve(&self) -> Option<mpsc::Permit<'_, Command>> {
        self.commands.try_reserve().ok()
    }

    /// Leaves; what comes of it is still shown.
    pub(crate) fn leave(&self) {
        self.exit.leave();
    }

    /// Leaves, and waits for the farewells to be said, but not for longer than `patience`. Gives what was said and has not
    /// been sent.
    pub(crate) fn end(self, patience: Duration) -> Vec<String> {
        self.queue.cut();
        self.leave();
        let _ = self.ended.recv_timeout(patience);
        std::mem::take(&mut self.queue.lock().unsent)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.queue.cut();
    }
}

/// The newest list of rooms, until it is shown.
#[derive(Default)]
struct Newest(Mutex<Option<Vec<Room>>>);

impl Newest {
    fn lock(&self) -> MutexGuard<'_, Option<Vec<Room>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place of the one before; true if a callback has to be asked for.
    fn put(&self, rooms: Vec<Room>) -> bool {
        self.lock().replace(rooms).is_none()
    }

    fn take(&self) -> Option<Vec<Room>> {
        self.lock().take()
    }
}

/// Looks which rooms are on this network, and shows them, until it is dropped.
pub(crate) struct Looking(tokio::task::JoinHandle<()>);

impl Looking {
    /// Shows them as what the look with this number has seen. What these pins know has a place before others.
    pub(crate) fn start(
        look: u64,
        pins: Arc<PinnedNames>,
        sink: ExtEventSink,
        runtime: &tokio::runtime::Handle,
    ) -> Self {
        Self(runtime.spawn(async move {
            let mut browser = Browser::start(pins);
            let newest = Arc::new(Newest::default());
            loop {
                if newest.put(browser.changed().await) {
                    let newest = Arc::clone(&newest);
                    sink.add_idle_callback(move |model: &mut Model| {
                        if let Some(rooms) = newest.take() {
                            model.see(look, rooms);
                        }
                    });
                }
            }
        }))
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Closed, State};

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap()
    }

    #[test]
    fn no_event_is_lost_and_the_queue_stays_bounded() {
        let runtime = runtime();
        let (conversation, backstage) = Conversation::new();
        let (wake, woken) = blocking::channel::<Arc<Queue>>();
        let _link = Link::waking(conversation, runtime.handle(), FRAME, move |queue| wake.send(queue).unwrap());
        const EVENTS: u64 = 100_000;
        runtime.spawn(async move {
            for missed in 0..EVENTS {
                backstage.events.send(Event::Gap { missed }).await.unwrap();
            }
        });
        let mut next = 0;
        while next < EVENTS {
            let queue = woken.recv_timeout(Duration::from_secs(10)).expect("every wake-up arrives");
            let events = queue.take();
            assert!(events.len() <= WAITING);
            for event in events {
                assert_eq!(event, Event::Gap { missed: next });
                next += 1;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_is_shown_thirty_times_a_second_what_comes_without_end_and_at_once_what_comes_after_a_lull() {
        let (conversation, backstage) = Conversation::new();
        let (wake, mut woken) = mpsc::unbounded_channel();
        let _link = Link::waking(conversation, &tokio::runtime::Handle::current(), FRAME, move |queue: Arc<Queue>| {
            wake.send((time::Instant::now(), queue.take().len())).unwrap();
        });
        for _ in 0..2 {
            let begun = time::Instant::now();
            for missed in 0..1_000 {
                backstage.events.send(Event::Gap { missed }).await.unwrap();
                time::sleep(Duration::from_millis(5)).await;
            }
            time::sleep(Duration::from_secs(1)).await;
            let frames: Vec<_> = std::iter::from_fn(|| woken.try_recv().ok()).collect();
            assert!((150..=156).contains(&frames.len()), "{} in 5 s", frames.len());
            assert_eq!(frames.iter().map(|(_, events)| events).sum::<usize>(), 1_000);
            let late = frames[0].0 - begun;
            assert!(frames[0].1 == 1 && late <= Duration::from_millis(1), "{late:?}");
        }
    }

    #[test]
    fn what_is_not_shown_at_once_keeps_its_place() {
        let queue = Queue::default();
        assert!(queue.put(Event::Gap { missed: 1 }));
        assert!(!queue.put(Event::Gap { missed: 2 }));
        let mut taken = queue.take();
        taken.pop_front();
        assert!(queue.put(Event::Gap { missed: 3 }));
        assert!(!queue.give_back(taken), "a callback was asked for already");
        assert_eq!(queue.take(), [Event::Gap { missed: 2 }, Event::Gap { missed: 3 }]);
        let unsent = Event::Unsent { text: "half a thought".to_owned(), tag: 0, why: String::new() };
        queue.cut();
        assert!(!queue.give_back([unsent].into()));
        assert_eq!(queue.lock().unsent, ["half a thought"]);
    }

    /// Each had a callback of its own, and a window that was busy had to go through all of them.
    #[test]
    fn of_lists_that_come_before_one_is_shown_only_the_newest_waits() {
        let room = |id| Room { id, name: "Kitchen".parse().unwrap(), key: None, transports: vec![], addresses: vec![] };
        let newest = Newest::default();
        assert!(newest.put(vec![]));
        assert!(!newest.put(vec![room(1)]), "a callback was asked for already");
        assert!(!newest.put(vec![room(2)]));
        assert_eq!(newest.take(), Some(vec![room(2)]));
        assert_eq!(newest.take(), None);
        assert!(newest.put(vec![room(3)]));
    }

    #[test]
    fn leaving_waits_for_the_end() {
        let runtime = runtime();
        let (conversation, mut backstage) = Conversation::new();
        let link = Link::waking(conversation, runtime.handle(), FRAME, |_| {});
        let (told, heard) = blocking::channel();
        runtime.spawn(async move {
            assert_eq!(backstage.command(true).await, None);
            tokio::time::sleep(Duration::from_millis(50)).await;
            told.send(()).unwrap();
            let unsent = Event::Unsent { text: "half a thought".to_owned(), tag: 0, why: String::new() };
            backstage.events.send(unsent).await.unwrap();
            backstage.events.send(Event::Closed(Closed::Left)).await.unwrap();
        });
        assert_eq!(link.end(Duration::from_secs(10)), ["half a thought"]);
        heard.try_recv().expect("the farewell was said before");
    }

    #[test]
    fn leaving_does_not_wait_for_ever() {
        let runtime = runtime();
        let (conversation, _backstage) = Conversation::new();
        let link = Link::waking(conversation, runtime.handle(), FRAME, |_| {});
        let begun = std::time::Instant::now();
        link.end(Duration::from_millis(50));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn nothing_is_shown_of_a_conversation_that_was_dropped() {
        let runtime = runtime();
        let (conversation, backstage) = Conversation::new();
        let (wake, woken) = blocking::channel::<Arc<Queue>>();
        let link = Link::waking(conversation, runtime.handle(), FRAME, move |queue| wake.send(queue).unwrap());
        drop(link);
        runtime.block_on(async move {
            let state = Event::State { state: State::Online, detail: String::new() };
            backstage.events.send(state).await.unwrap();
        });
        assert!(woken.recv_timeout(Duration::from_secs(5)).is_err(), "the window is not woken");
    }
}
