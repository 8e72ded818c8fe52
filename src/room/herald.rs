//! Tells members that the log has grown, or that the room has ended. What they do about it, and when, is for them.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

/// How far the log can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) is_open: bool,
}

/// What is new; what can wait for longest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Matter {
    /// Nothing.
    Nothing,
    /// Who came or went.
    Presence,
    /// Something was said.
    Speech,
    /// The room has ended.
    End,
}

/// Hears that there is more to read.
#[derive(Debug)]
pub struct News {
    herald: Arc<Herald>,
    /// What was heard last.
    heard: Head,
}

impl News {
    /// Waits for more, or for the end; after that for ever. Cancel-safe.
    pub async fn next(&mut self) -> Matter {
        let heard = self.heard;
        self.herald.wait_for(|head| head != heard).await;
        self.catch_up()
    }

    /// The number after that of the last entry that was heard of.
    pub fn head(&self) -> u64 {
        self.heard.seq
    }

    /// What has come by now, which is no news any more.
    pub fn catch_up(&mut self) -> Matter {
        let told = self.herald.told();
        let heard = std::mem::replace(&mut self.heard, told);
        match told {
            told if told == heard => Matter::Nothing,
            Head { is_open: false, .. } => Matter::End,
            _ if self.herald.said.load(Ordering::Relaxed) > heard.seq => Matter::Speech,
            _ => Matter::Presence,
        }
    }
}

/// Tells every cursor how far it can read.
#[derive(Debug)]
pub(super) struct Herald {
    /// In one word, since members who have nothing to read ask for no more than this.
    told: AtomicU64,
    /// The number after that of what was said last; it may be one that cannot be read yet.
    said: AtomicU64,
    changed: Notify,
    /// For who waits for the end alone: nothing else wakes them.
    closed: Notify,
}

impl Head {
    fn word(self) -> u64 {
        self.seq << 1 | u64::from(self.is_open)
    }

    fn of(word: u64) -> Self {
        Self { seq: word >> 1, is_open: word & 1 == 1 }
    }
}

impl Herald {
    /// A herald of a log that can be read up to `head`.
    pub(super) fn new(head: Head) -> Arc<Self> {
        Arc::new(Self {
            told: AtomicU64::new(head.word()),
            said: AtomicU64::new(0),
            changed: Notify::new(),
            closed: Notify::new(),
        })
    }

    /// What everybody has been told.
    pub(super) fn told(&self) -> Head {
        Head::of(self.told.load(Ordering::Acquire))
    }

    /// Waits until what is told is as wanted. Cancel-safe.
    pub(super) async fn wait_for(&self, is_wanted: impl Fn(Head) -> bool) -> Head {
        self.wait(&self.changed, is_wanted).await
    }

    /// Waits for the end. Cancel-safe. Who waits for nothing else is not woken for each entry.
    pub(super) async fn closed(&self) {
        self.wait(&self.closed, |head| !head.is_open).await;
    }

    async fn wait(&self, notify: &Notify, is_wanted: impl Fn(Head) -> bool) -> Head {
        loop {
            let mut notified = pin!(notify.notified());
            // Before looking, so that nothing comes unnoticed in between.
            notified.as_mut().enable();
            let head = self.told();
            if is_wanted(head) {
                return head;
            }
            notified.await;
        }
    }

    /// Hears what is told from now on.
    pub(super) fn news(self: &Arc<Self>) -> News {
        News { herald: self.clone(), heard: self.told() }
    }

    /// The log can be read up to `head`, and whatever was said in it is before `said`. To be called under one lock, so that nobody
    /// is told of less after more.
    pub(super) fn tell(&self, head: Head, said: u64) {
        self.said.store(said, Ordering::Relaxed);
        if self.told.swap(head.word(), Ordering::AcqRel) != head.word() {
            self.notify(head);
        }
    }

    /// What was told last is the end.
    pub(super) fn close(&self) {
        let end = Head { is_open: false, ..self.told() };
        self.told.store(end.word(), Ordering::Release);
        self.notify(end);
    }

    fn notify(&self, head: Head) {
        self.changed.notify_waiters();
        if !head.is_open {
            self.closed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::AtomicBool,
        task::{Context, Wake},
    };

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn herald() -> Arc<Herald> {
        Herald::new(Head { seq: 1, is_open: true })
    }

    fn open(seq: u64) -> Head {
        Head { seq, is_open: true }
    }

    #[tokio::test]
    async fn whether_anything_was_said_is_told_with_it() {
        let herald = herald();
        let mut news = herald.news();
        assert_eq!(news.catch_up(), Matter::Nothing);
        herald.tell(open(2), 0);
        assert_eq!(news.next().await, Matter::Presence);
        herald.tell(open(3), 3);
        herald.tell(open(4), 3);
        assert_eq!(news.next().await, Matter::Speech);
        herald.tell(open(5), 3);
        assert_eq!(news.catch_up(), Matter::Presence);
        // In a room that is saved, what was said last may not be heard yet, and what was said before it may.
        for seq in 6..8 {
            herald.tell(open(seq), 8);
            assert_eq!(news.catch_up(), Matter::Speech);
        }
        herald.close();
        assert_eq!((news.next().await, news.catch_up()), (Matter::End, Matter::Nothing));
    }

    #[test]
    fn who_waits_for_the_end_alone_is_not_woken_before_it() {
        let herald = herald();
        let woken = Arc::<Woken>::default();
        let waker = woken.clone().into();
        let mut context = Context::from_waker(&waker);
        let mut closed = pin!(herald.closed());
        assert!(closed.as_mut().poll(&mut context).is_pending());
        (2..100).for_each(|seq| herald.tell(open(seq), seq));
        assert!(!woken.0.load(Ordering::Relaxed));
        herald.close();
        assert!(woken.0.load(Ordering::Relaxed) && closed.poll(&mut context).is_ready());
    }
}
