//! Who is being greeted: how many in all, how many from each address, and how often somebody knocks.
//!
//! A crowd from one address never keeps out who comes from another. When the porch is full, the address with the most
//! people on it gives up a place: that of whoever has been there for longest without saying hello.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::oneshot, time::Instant};

use super::pace::{Pace, Rate};
use crate::wire::limits;

const KNOCKS: Rate = Rate { per_second: limits::KNOCK_RATE, burst: limits::KNOCK_BURST };

const ANSWERS: Rate = Rate { per_second: limits::BUSY_RATE, burst: limits::BUSY_BURST };

/// The porch of one host, for all its listeners.
#[derive(Clone)]
pub(super) struct Porch(Arc<Mutex<State>>);

struct State {
    /// Who waits, the oldest first.
    waiting: HashMap<IpAddr, VecDeque<Waiting>>,
    total: usize,
    knocks: u64,
    /// How often who knocks; an address that is missing has not knocked for long.
    paces: HashMap<IpAddr, Pace>,
    answers: Pace,
}

struct Waiting {
    knock: u64,
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
            waiting: HashMap::new(),
            total: 0,
            knocks: 0,
            paces: HashMap::new(),
            answers: Pace::new(ANSWERS, Instant::now()),
        })))
    }

    /// A place for somebody who knocks from `ip`, if they may have one.
    pub(super) fn place(&self, ip: IpAddr) -> Option<Place> {
        let (address, now) = (neighbourhood(ip), Instant::now());
        let mut state = self.state();
        if !state.may_knock(address, now) || state.count(address) >= limits::PENDING_PER_ADDRESS {
            return None;
        }
        if state.total >= limits::PENDING {
            let (crowd, most) = state.largest_crowd()?;
            if state.count(address) + 1 >= most {
                return None;
            }
            state.remove(crowd, None);
        }
        let knock = state.knocks;
        state.knocks += 1;
        state.total += 1;
        let (place, taken) = oneshot::channel();
        state.waiting.entry(address).or_default().push_back(Waiting { knock, _place: place });
        drop(state);
        Some(Place { porch: self.clone(), address, knock, taken })
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

    fn count(&self, address: IpAddr) -> usize {
        self.waiting.get(&address).map_or(0, VecDeque::len)
    }

    fn largest_crowd(&self) -> Option<(IpAddr, usize)> {
        self.waiting.iter().map(|(address, waiting)| (*address, waiting.len())).max_by_key(|(_, count)| *count)
    }

    /// Removes this knock, if it is still there, or else the oldest from that address.
    fn remove(&mut self, address: IpAddr, knock: Option<u64>) {
        let Some(waiting) = self.waiting.get_mut(&address) else { return };
        let index = match knock {
            Some(knock) => waiting.iter().position(|one| one.knock == knock),
            None => Some(0),
        };
        if index.and_then(|index| waiting.remove(index)).is_some() {
            self.total -= 1;
        }
        if waiting.is_empty() {
            self.waiting.remove(&address);
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

    #[tokio::test(start_paused = true)]
    async fn a_crowd_from_few_addresses_keeps_nobody_else_out() {
        let porch = Porch::new();
        let mut crowd: Vec<_> = (0..limits::PENDING).map(|n| porch.place(from(n as u32 % 2)).unwrap()).collect();
        assert!(porch.place(from(0)).is_none() && porch.place(from(1)).is_none());
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
        let other = porch.place(from(9)).unwrap();
        assert_eq!(porch.state().total, limits::PENDING);
        drop((first, crowd, other));
        let state = porch.state();
        assert_eq!((state.total, state.waiting.len()), (0, 0));
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
