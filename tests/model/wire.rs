//! A network that loses, holds back and tears.
//!
//! Each pipe between a member and the host runs over a wire, with a lane in each direction. What becomes of the bytes on it is
//! decided by what a test orders alone, never by chance.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, split},
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::step::{End, Fault, Way};

/// So much of what a member sends at first is kept, so that it can come once more.
const KEPT: usize = 2 * 1024;

/// So much waits on a lane; what is beyond waits with its sender.
const WAITING: usize = 64 * 1024;

/// All wires, by who dials.
#[derive(Clone, Default)]
pub(crate) struct Wires(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    lines: BTreeMap<SocketAddr, Line>,
    /// The host's machine is gone, and with it every wire.
    is_dead: bool,
    /// It is, after so many more bytes to or from anybody.
    fuse: Option<usize>,
    /// What happens at that moment.
    will: Option<Box<dyn FnOnce() + Send>>,
}

/// What lies between one member and the host.
#[derive(Default)]
struct Line {
    is_down: bool,
    delay: Duration,
    /// What the next wire begins with.
    armed: Option<(Way, usize, Fault)>,
    wires: Vec<Wire>,
}

struct Wire {
    orders: Arc<watch::Sender<Orders>>,
    sent: Arc<Mutex<BytesMut>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Orders {
    /// After so many more bytes, what becomes of the rest.
    up: Option<(usize, Fault)>,
    down: Option<(usize, Fault)>,
    delay: Duration,
    cut: Option<End>,
}

impl Orders {
    fn fault(&mut self, way: Way) -> &mut Option<(usize, Fault)> {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    fn keep_faults(&mut self, keep: impl Fn(usize, Fault) -> bool) {
        for fault in [&mut self.up, &mut self.down] {
            *fault = fault.filter(|(after, fault)| keep(*after, *fault));
        }
    }

    fn is_cut_at(&self, end: End) -> bool {
        self.cut.is_some_and(|cut| cut == end || cut == End::Both)
    }
}

impl Line {
    fn order(&self, change: impl Fn(&mut Orders)) {
        self.wires.iter().for_each(|wire| wire.orders.send_modify(&change));
    }
}

impl Wires {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic under it")
    }

    fn line<T>(&self, address: SocketAddr, change: impl FnOnce(&mut Line) -> T) -> T {
        change(self.state().lines.entry(address).or_default())
    }

    /// Lays a wire between two ends.
    pub(crate) fn lay(&self, address: SocketAddr, member: DuplexStream, host: DuplexStream) {
        if self.state().is_dead {
            return;
        }
        let wire = self.line(address, |line| {
            if line.is_down {
                return None;
            }
            let mut orders = Orders { delay: line.delay, ..Orders::default() };
            if let Some((way, after, fault)) = line.armed.take() {
                *orders.fault(way) = Some((after, fault));
            }
            let (orders, sent) = (Arc::new(watch::channel(orders).0), Arc::default());
            line.wires.push(Wire { orders: Arc::clone(&orders), sent: Arc::clone(&sent) });
            Some((orders, sent))
        });
        if let Some((orders, sent)) = wire {
            let (from_member, to_member) = split(member);
            let (from_host, to_host) = split(host);
            let lane =
                |way, from, to| Lane::new(way, from, to, Carrier { wires: self.clone(), orders: orders.clone() });
            let mut up = lane(Way::Up, from_member, to_host);
            up.sent = Some(sent);
            tokio::spawn(carry(orders.subscribe(), up, lane(Way::Down, from_host, to_member)));
        }
    }

    /// Orders a fault on the newest wire of a member, or on the `next`.
    pub(crate) fn fault(&self, address: SocketAddr, way: Way, after: usize, fault: Fault, next: bool) {
        self.line(address, |line| match line.wires.last().filter(|_| !next) {
            // What has been swallowed is gone: nothing may follow it.
            Some(wire) => wire.orders.send_modify(|orders| match orders.fault(way) {
                Some((0, Fault::Swallow)) => {}
                ordered => *ordered = Some((after, fault)),
            }),
            None => line.armed = Some((way, after, fault)),
        });
    }

    /// Cuts all wires of a member. When it is at one end, the other learns nothing, and what is under way to it still comes.
    pub(crate) fn cut(&self, address: SocketAddr, end: End) {
        self.line(address, |line| {
            line.order(|orders| {
                orders.cut = Some(if orders.cut.is_some_and(|cut| cut != end) { End::Both } else { end })
            });
        });
    }

    /// Lets through what is held on the wires of a member.
    pub(crate) fn release(&self, address: SocketAddr) {
        self.line(address, |line| line.order(|orders| orders.keep_faults(|_, fault| fault != Fault::Hold)));
    }

    pub(crate) fn delay(&self, address: SocketAddr, delay: Duration) {
        self.line(address, |line| {
            line.delay = delay;
            line.order(|orders| orders.delay = delay);
        });
    }

    /// Whether a member's line takes no new wires.
    pub(crate) fn set_down(&self, address: SocketAddr, is_down: bool) {
        self.line(address, |line| line.is_down = is_down);
    }

    /// From now on nothing goes wrong any more. What has gone wrong has.
    pub(crate) fn heal(&self) {
        let mut state = self.state();
        state.fuse = None;
        for line in state.lines.values_mut() {
            line.is_down = false;
            line.armed = None;
            line.delay = Duration::ZERO;
            line.order(|orders| {
                orders.delay = Duration::ZERO;
                orders.keep_faults(|after, fault| after == 0 && fault != Fault::Hold);
            });
        }
    }

    /// Whether all that is sent between a member and the host arrives at once.
    pub(crate) fn is_clean(&self, address: SocketAddr) -> bool {
        let mut state = self.state();
        let is_host_well = !state.is_dead && state.fuse.is_none();
        let line = state.lines.entry(address).or_default();
        // A wire that nobody carries anything over is no more.
        let is_well = line.wires.iter().filter(|wire| wire.orders.receiver_count() > 0).all(|wire| {
            let orders = wire.orders.borrow();
            orders.cut.is_none() && orders.up.is_none() && orders.down.is_none()
        });
        is_host_well && is_well && !line.is_down && line.armed.is_none() && line.delay.is_zero()
    }

    /// What a member sent at first, for each of their wires.
    pub(crate) fn sent(&self, address: SocketAddr) -> Vec<Bytes> {
        let sent = |wire: &Wire| wire.sent.lock().expect("no panic under it").clone().freeze();
        self.line(address, |line| line.wires.iter().map(sent).collect())
    }

    /// The host's machine is gone after so many more bytes.
    pub(crate) fn kill(&self, after: usize) {
        self.state().fuse = Some(after);
        self.burn(0);
    }

    /// What happens at the moment at which the host's machine is gone, if it is.
    pub(crate) fn at_death(&self, will: Option<Box<dyn FnOnce() + Send>>) {
        self.state().will = will;
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// It is there again.
    pub(crate) fn revive(&self) {
        let mut state = self.state();
        (state.is_dead, state.fuse) = (false, None);
    }

    fn fuse(&self) -> usize {
        self.state().fuse.unwrap_or(usize::MAX)
    }

    fn burn(&self, bytes: usize) {
        let mut state = self.state();
        let Some(left) = &mut state.fuse else { return };
        *left = left.saturating_sub(bytes);
        if *left == 0 {
            (state.is_dead, state.fuse) = (true, None);
            state.lines.values().for_each(|line| line.order(|orders| orders.cut = Some(End::Both)));
            if let Some(will) = state.will.take() {
                will();
            }
        }
    }
}

async fn carry(mut told: watch::Receiver<Orders>, mut up: Lane, mut down: Lane) {
    loop {
        let orders = *told.borrow_and_update();
        if orders.is_cut_at(End::Member) {
            up.leave().await;
            down.to = None;
        }
        if orders.is_cut_at(End::Host) {
            down.leave().await;
            up.to = None;
        }
        if orders.cut == Some(End::Both) || up.is_over() && down.is_over() {
            return;
        }
        tokio::select! {
            biased;
            changed = told.changed() => if changed.is_err() { return },
            () = up.go(orders) => {}
            () = down.go(orders) => {}
        }
    }
}

/// What a lane tells others.
struct Carrier {
    wires: Wires,
    orders: Arc<watch::Sender<Orders>>,
}

/// One direction of a wire.
struct Lane {
    way: Way,
    from: Option<ReadHalf<DuplexStream>>,
    to: Option<WriteHalf<DuplexStream>>,
    waiting: BytesMut,
    /// Since when.
    since: Instant,
    /// Its sender was cut off: there is no end to be told.
    is_silent: bool,
    sent: Option<Arc<Mutex<BytesMut>>>,
    carrier: Carrier,
}

impl Lane {
    fn new(way: Way, from: ReadHalf<DuplexStream>, to: WriteHalf<DuplexStream>, carrier: Carrier) -> Self {
        let (from, to, since) = (Some(from), Some(to), Instant::now());
        Self { way, from, to, waiting: BytesMut::new(), since, is_silent: false, sent: None, carrier }
    }

    fn is_over(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// The sender's end is gone, and what is under way is all.
    async fn leave(&mut self) {
        if let Some(from) = &mut self.from {
            loop {
                tokio::select! {
                    biased;
                    read = from.read_buf(&mut self.waiting) => if !matches!(read, Ok(1..)) { break },
                    () = std::future::ready(()) => break,
                }
            }
            self.is_silent = true;
        }
        self.from = None;
    }

    /// Carries some bytes on, if there are any. Cancel-safe.
    async fn go(&mut self, mut orders: Orders) {
        let fault = *orders.fault(self.way);
        let now = fault.filter(|(after, _)| *after == 0).map(|(_, fault)| fault);
        if now == Some(Fault::Cut) {
            self.carrier.orders.send_modify(|orders| orders.cut = Some(End::Both));
            return;
        }
        if now == Some(Fault::Swallow) || self.to.is_none() {
            self.waiting.clear();
        }
        if let Some(to) = self.to.as_mut().filter(|_| now.is_none()) {
            if !self.waiting.is_empty() {
                sleep_until(self.since + orders.delay).await;
                let most = fault.map_or(usize::MAX, |(after, _)| after).min(self.carrier.wires.fuse());
                let passes = most.min(self.waiting.len());
                match to.write(&self.waiting[..passes]).await {
                    Ok(written) => {
                        self.waiting.advance(written);
                        self.carrier.orders.send_modify(|orders| {
                            if let Some((after, _)) = orders.fault(self.way) {
                                *after = after.saturating_sub(written);
                            }
                        });
                        self.carrier.wires.burn(written);
                    }
                    Err(_) => self.to = None,
                }
                return;
            }
            if self.from.is_none() && !self.is_silent {
                let _ = to.shutdown().await;
                self.to = None;
                return;
            }
        }
        match &mut self.from {
            Some(from) if self.waiting.len() < WAITING => {
                let before = self.waiting.len();
                // Else it would be read in very small pieces.
                self.waiting.reserve(WAITING / 4);
                match from.read_buf(&mut self.waiting).await {
                    Ok(1..) => {
                        if before == 0 {
                            self.since = Instant::now();
                        }
                        if let Some(sent) = &self.sent {
                            let mut sent = sent.lock().expect("no panic under it");
                            let kept = KEPT.saturating_sub(sent.len()).min(self.waiting.len() - before);
                            sent.extend_from_slice(&self.waiting[before..before + kept]);
                        }
                    }
                    _ => self.from = None,
                }
            }
            _ => std::future::pending().await,
        }
    }
}
