//! Who is being greeted: how many in all, how many from each address, and how often somebody knocks.
//!
//! A crowd from one address never keeps out who comes from another. When the porch is full, the address with the most
//! people on it gives up a place: that of whoever has been there for longest without saying hello, and for longer than that
//! takes. Who finds no place waits for one, in a queue that costs next to nothing: a whole room that comes at once is let in a
//! part at a time.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

use super::pace::{Pace, Rate};
use crate::wire::limits;

const KNOCKS: Rate = Rate { per_second: limits::KNOCK_RATE, burst: limits::KNOCK_BURST };

const ANSWERS: Rate = Rate { per_second: limits::BUSY_RATE, burst: limits::BUSY_BURST };

/// Nobody has to give way to others sooner: in a crowd that means no harm, everybody is done by then.
pub(super) const COURTESY: Duration = Duration::from_secs(1);

/// The porch of one host, for all its listeners.
#[derive(Clone)]
pub(super) struct Porch(Arc<Mutex<State>>);

struct State {
    /// Who is there, the oldest first.
    greeted: HashMap<IpAddr, VecDeque<Greeted>>,
    total: usize,
    knocks: u64,
    /// How often who knocks; an address that is missing has not knocked for long.
    paces: HashMap<IpAddr, Pace>,
    answers: Pace,
    /// Who waits for a place, and from which address, the oldest first.
    queue: VecDeque<(IpAddr, oneshot::Sender<Place>)>,
}

struct Greeted {
    knock: u64,
    since: Instant,
    /// Dropped when the place is given to somebody else.
    _place: oneshot::Sender<()>,
}

/// A place on the porch, until dropped.
pub(super) struct Place {
    porch: Porch,
    address: IpAddr,
    knock: u64,
    taken: oneshot::Receiver<()>,
}

impl Porch {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            greeted: HashMap::new(),
            total: 0,
            knocks: 0,
            paces: HashMap::new(),
            answers: Pace::new(ANSWERS, Instant::now()),
            queue: VecDeque::new(),
        })))
    }

    /// A place for somebody who knocks from `ip`, now or when one is free. None if they may not have one, or too many wait.
    pub(super) fn knock(&self, ip: IpAddr) -> Option<oneshot::Receiver<Place>> {
        let (address, now) = (neighbourhood(ip), Instant::now());
        let (give, place) = oneshot::channel();
        let mut state = self.state();
        if !state.may_knock(address, now) {
            return None;
        }
        if state.make_room(address) {
            let given = self.give(&mut state, address);
            drop(state);
            // Cannot fail: the other end is here.
            let _ = give.send(given);
        } else if state.queue.len() < limits::WAITING {
            state.queue.push_back((address, give));
        } else {
            return None;
        }
        Some(place)
    }

    fn give(&self, state: &mut State, address: IpAddr) -> Place {
        let knock = state.knocks;
        state.knocks += 1;
        state.total += 1;
        let (place, taken) = oneshot::channel();
        state.greeted.entry(address).or_default().push_back(Greeted { knock, since: Instant::now(), _place: place });
        Place { porch: self.clone(), address, knock, taken }
    }

    /// Gives what places there are to those who wait. To be called when there may be one: after each [`COURTESY`].
    pub(super) fn call(&self) {
        loop {
            let mut state = self.state();
            let Some((address, give)) = state.next_waiting() else { return };
            let place = self.give(&mut state, address);
            // Who is gone by now gives it back, for which the lock must be free.
            drop(state);
            let _ = give.send(place);
        }
    }

    /// Whether there is time to tell somebody that there is no place. Being told costs a handshake.
    pub(super) fn can_answer(&self) -> bool {
        self.state().answers.try_take(1, Instant::now())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may_knock(&mut self, address: IpAddr, now: Instant) -> bool {
        if self.paces.len() >= limits::ADDRESSES && !self.paces.contains_key(&address) {
            self.paces.retain(|_, pace| pace.full_at() > now);
            if self.paces.len() >= limits::ADDRESSES {
                let calmest = self.paces.iter().min_by_key(|(_, pace)| pace.full_at()).map(|(address, _)| *address);
                calmest.map(|address| self.paces.remove(&address));
            }
        }
        self.paces.entry(address).or_insert_with(|| Pace::new(KNOCKS, now)).try_take(1, now)
    }

    /// Whether somebody from there may have a place now. If need be, somebody of a larger crowd loses theirs.
    fn make_room(&mut self, address: IpAddr) -> bool {
        let count = self.count(address);
        if count >= limits::PENDING_PER_ADDRESS {
            return false;
        }
        if self.total >= limits::PENDING {
            match self.largest_crowd() {
                Some((crowd, most)) if count + 1 < most && self.has_had_time(crowd) => self.remove(crowd, None),
                _ => return false,
            }
        }
        true
    }

    /// Whether whoever has been there longest, of those from there, might have said hello by now.
    fn has_had_time(&self, address: IpAddr) -> bool {
        let oldest = self.greeted.get(&address).and_then(VecDeque::front);
        oldest.is_some_and(|greeted| greeted.since.elapsed() >= COURTESY)
    }

    /// Takes whoever has waited longest of those for whom there is a place.
    fn next_waiting(&mut self) -> Option<(IpAddr, oneshot::Sender<Place>)> {
        self.queue.retain(|(_, give)| !give.is_closed());
        // If the porch is full, from a smaller crowd than the one that gives way.
        let gives_way = match self.total >= limits::PENDING {
            true => Some(self.largest_crowd().filter(|(crowd, _)| self.has_had_time(*crowd))?),
            false => None,
        };
        let most = gives_way.map_or(limits::PENDING_PER_ADDRESS, |(_, most)| most - 1);
        let first = self.queue.iter().position(|(address, _)| self.count(*address) < most)?;
        if let Some((crowd, _)) = gives_way {
            self.remove(crowd, None);
        }
        self.queue.remove(first)
    }

    fn count(&self, address: IpAddr) -> usize {
        self.greeted.get(&address).map_or(0, VecDeque::len)
    }

    fn largest_crowd(&self) -> Option<(IpAddr, usize)> {
        self.greeted.iter().map(|(address, greeted)| (*address, greeted.len())).max_by_key(|(_, count)| *count)
    }

    /// Removes this knock, if it is still there, or else the oldest from that address.
    fn remove(&mut self, address: IpAddr, knock: Option<u64>) {
        let Some(greeted) = self.greeted.get_mut(&address) else { return };
        let index = match knock {
            Some(knock) => greeted.iter().position(|one| one.knock == knock),
            None => Some(0),
        };
        if index.and_then(|index| greeted.remove(index)).is_some() {
            self.total -= 1;
        }
        if greeted.is_empty() {
            self.greeted.remove(&address);
        }
    }
}

impl Place {
    /// Comes to an end when the place was given to somebody else. Cancel-safe.
    pub(super) async fn taken(&mut self) {
        // Nothing is ever sent: the error is that the sender is gone.
        let _ = (&mut self.taken).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.porch.state().remove(self.address, Some(self.knock));
        self.porch.call();
    }
}

/// Who counts as one address. A household has an IPv6 network to itself (RFC 6177), of which it can use any address.
fn neighbourhood(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    fn from(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    impl Porch {
        /// A place that is there now.
        fn place(&self, ip: IpAddr) -> Option<Place> {
            self.knock(ip).and_then(|mut place| place.try_recv().ok())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_from_few_addresses_keeps_nobody_else_out() {
        let porch = Porch::new();
        let mut crowd: Vec<_> = (0..limits::PENDING).map(|n| porch.place(from(n as u32 % 2)).unwrap()).collect();
        assert!(porch.place(from(0)).is_none() && porch.place(from(1)).is_none());
        let mut first = porch.knock(from(9)).unwrap();
        assert!(first.try_recv().is_err(), "they have only just come");
        advance(COURTESY).await;
        porch.call();
        assert!(first.try_recv().is_ok());
        let _honest: Vec<_> = (10..20).map(|number| porch.place(from(number)).expect("a place")).collect();
        // Those who waited longest have lost theirs, five from each.
        let mut lost = 0;
        for place in &mut crowd {
            lost += usize::from(place.taken.try_recv() == Err(oneshot::error::TryRecvError::Closed));
        }
        assert_eq!(lost, 10);
        drop(crowd);
        assert_eq!(porch.state().total, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_was_lost_is_not_given_back_twice() {
        let porch = Porch::new();
        let first = porch.place(from(0)).unwrap();
        let crowd: Vec<_> = (1..limits::PENDING).map(|n| porch.place(from(n as u32 % 2)).unwrap()).collect();
        advance(COURTESY).await;
        let other = porch.place(from(9)).unwrap();
        assert_eq!(porch.state().total, limits::PENDING);
        drop((first, crowd, other));
        let state = porch.state();
        assert_eq!((state.total, state.greeted.len()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_its_share_of_the_porch() {
        let porch = Porch::new();
        let mut places: Vec<_> = (0..limits::PENDING_PER_ADDRESS).map(|_| porch.place(from(7)).unwrap()).collect();
        assert!(porch.place(from(7)).is_none());
        places.pop();
        assert!(porch.place(from(7)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_has_one_when_there_is_one_and_in_turn() {
        let porch = Porch::new();
        let mut places: Vec<_> = (0..limits::PENDING_PER_ADDRESS).map(|_| porch.place(from(7)).unwrap()).collect();
        let (mut first, gone, mut second) =
            (porch.knock(from(7)).unwrap(), porch.knock(from(7)).unwrap(), porch.knock(from(7)).unwrap());
        assert!(first.try_recv().is_err());
        drop(gone);
        assert!(porch.place(from(8)).is_some(), "others do not wait with them");
        places.pop();
        let first = first.try_recv().expect("the place");
        assert!(second.try_recv().is_err());
        drop(first);
        let _second = second.try_recv().expect("the same place");
        assert!(porch.state().queue.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_wait_for_a_place_and_no_more() {
        let porch = Porch::new();
        // A crowd from many addresses: nobody gives way.
        let on_it: Vec<_> = (0..limits::PENDING as u32).map(|number| porch.place(from(number)).unwrap()).collect();
        let waiting: Vec<_> = (0..limits::WAITING as u32).map(|number| porch.knock(from(number)).unwrap()).collect();
        assert!(porch.knock(from(7)).is_none());
        drop(on_it);
        let places: Vec<_> = waiting.into_iter().filter_map(|mut place| place.try_recv().ok()).collect();
        assert_eq!((places.len(), porch.state().total), (limits::PENDING, limits::PENDING));
    }

    #[tokio::test(start_paused = true)]
    async fn who_knocks_without_end_has_to_wait_and_others_do_not() {
        let porch = Porch::new();
        for _ in 0..limits::KNOCK_BURST {
            assert!(porch.place(from(7)).is_some());
        }
        assert!(porch.place(from(7)).is_none());
        assert!(porch.place(from(8)).is_some());
        advance(Duration::from_secs(1)).await;
        let let_in = (0..limits::KNOCK_BURST).filter(|_| porch.place(from(7)).is_some()).count();
        assert_eq!(let_in as u32, limits::KNOCK_RATE);
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_are_remembered_up_to_a_bound_and_the_hasty_ones_longest() {
        let porch = Porch::new();
        while porch.place(from(0)).is_some() {}
        for number in 1..2 * limits::ADDRESSES as u32 {
            assert!(porch.place(from(number)).is_some());
        }
        assert!(porch.state().paces.len() <= limits::ADDRESSES);
        assert!(porch.place(from(0)).is_none());
    }

    #[test]
    fn a_network_is_one_address() {
        let ip = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(ip("2001:db8:1:2:3:4:5:6"), ip("2001:db8:1:2::9"));
        assert_ne!(ip("2001:db8:1:2::9"), ip("2001:db8:1:3::9"));
        assert_eq!(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
        assert_ne!(ip("192.0.2.1"), ip("192.0.2.2"));
    }
}
