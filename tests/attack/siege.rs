//! One attack from beginning to end: quiet and attack in turn, honest members talking all the while, newcomers in the midst
//! of it, and the host watched.
//!
//! Attackers have threads of their own, of the lowest priority: on a machine with few cores their own work must not be
//! what slows the members down. What they make the host do is the host's work, and counts.

use std::{
    env, fs,
    net::{IpAddr, SocketAddr},
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use parlor::identity::Fingerprint;
use tokio::runtime::Runtime;

use crate::{
    castle::{Castle, Process},
    figures::{Figures, Memory, Tally},
    harness::{Outcome, PATIENCE, in_time},
    honest::{Company, Hour, WAYS},
};

/// What slows one attack down must not be another.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Resident memory may be more than before by this, in KiB, when all is over: what the allocator keeps of what was freed.
/// glibc has one arena for each thread that ever waited for another, and gives back only what lies at the top of one.
/// Over TCP, TLS and QUIC together, a crowd that fills the porch once leaves 4 to 6 MiB of this kind, whether it does harm or
/// not; each further one leaves less than 1 MiB.
const SLACK: u64 = 8 * 1024;

/// From the first attack to the last it may grow by this, in KiB. What grows with each is no slack, but a leak.
const STEADY: u64 = 2 * 1024;

/// Descriptors that may be open afterwards and were not before: sockets on their way out.
const DESCRIPTORS: usize = 8;

/// Quicker than this is the same to a person: a tenth of what is felt as an immediate answer (100 ms; Miller 1968, Nielsen
/// 1993). A quiet p99 below it counts as this, else the ratio would be one of scheduling noise.
const FLOOR: Duration = Duration::from_millis(10);

/// Where honest newcomers come from: nobody else does.
const ELSEWHERE: [u8; 4] = [127, 0, 9, 9];

/// Whether all of it is done, and what it slows down is bounded.
fn is_full() -> bool {
    env::var("PARLOR_ATTACK").is_ok_and(|how| how == "full")
}

/// Whom to attack, and how hard.
#[derive(Clone, Copy)]
pub(crate) struct Aim {
    pub(crate) address: SocketAddr,
    pub(crate) fingerprint: Fingerprint,
    /// How long the attack is to last.
    pub(crate) window: Duration,
    /// Which one this is, from 0: names and keys that were used before are known to the host.
    pub(crate) round: usize,
    is_full: bool,
}

impl Aim {
    /// One number for the ordinary run, and another where there is time for all of it.
    pub(crate) fn of(&self, ordinary: usize, full: usize) -> usize {
        if self.is_full { full } else { ordinary }
    }
}

/// What the host remembers of a thousand names, in KiB: each with its likenesses, its owner and its number. It forgets some
/// when there are [`NAMES_REMEMBERED`](parlor::wire::limits::NAMES_REMEMBERED).
pub(crate) const A_THOUSAND_NAMES: u64 = 1_024;

/// Attacks a host with `wave`, again and again. `keeps` is what the host may be larger by in the end for good reason, in
/// KiB, beside what its allocator keeps.
pub(crate) fn siege<F, W>(name: &'static str, keeps: u64, wave: F)
where
    F: Fn(Aim) -> W,
    W: Future<Output = Outcome<Tally>> + Send + 'static,
{
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (rounds, quiet, window) = match is_full() {
        true => (3, Duration::from_secs(6), Duration::from_secs(8)),
        false => (1, Duration::from_secs(1), Duration::from_secs(2)),
    };
    let mut castle = Castle::build();
    let company = Company::gather(&castle);
    let hostile = hostile();
    thread::sleep(Duration::from_secs(1));
    let host = castle.process;
    let (before, descriptors) = (host.memory(), host.descriptors());
    let (mut newcomer, mut met) = (Duration::ZERO, Tally::new());
    let mut peak = before;
    let mut between = Vec::new();
    for round in 0..rounds {
        company.it_is(Hour::Quiet);
        thread::sleep(quiet);
        company.it_is(Hour::Attack);
        let aim = Aim { address: castle.address, fingerprint: castle.fingerprint, window, round, is_full: is_full() };
        let (raged, highest) = watch(host, || {
            let raging = hostile.spawn(wave(aim));
            // In the midst of it.
            thread::sleep(window / 4);
            let came = company.block_on(in_time(company.newcomers(&castle, &WAYS, IpAddr::from(ELSEWHERE), round)));
            newcomer = newcomer.max(came.expect("in time").expect("newcomers come in"));
            company.block_on(in_time(raging))
        });
        let raged = raged.expect("an end").expect("no panic of the attackers'");
        for (what, times) in raged.unwrap_or_else(|why| panic!("{name}, an attacker: {why}")) {
            *met.entry(what).or_default() += times;
        }
        peak = peak.max(highest);
        company.it_is(Hour::Between);
        thread::sleep(Duration::from_millis(500));
        between.push(host.memory());
    }
    let (quiet, attacked) = company.part();
    drop(hostile);
    let allowed = (before + keeps + SLACK).min(between[0] + keeps + STEADY);
    between.truncate(rounds - 1);
    let begun = Instant::now();
    while (host.memory() > allowed || host.descriptors() > descriptors + DESCRIPTORS) && begun.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(100));
    }
    let memory = Memory { before, peak, between, after: host.memory() };
    let figures = Figures { name, quiet, attacked, memory, newcomer, met };
    figures.publish();
    castle.answers("it is over");
    assert_eq!(castle.complaints(), "", "{name}");
    let memory = &figures.memory;
    assert!(memory.after <= allowed, "{name}: {memory:?}, and {allowed} KiB are allowed");
    let open = host.descriptors();
    assert!(open <= descriptors + DESCRIPTORS, "{name}: {descriptors} descriptors before, and now {open}");
    if is_full() {
        let ratio = figures.ratio(FLOOR);
        assert!(ratio < 2.0, "{name}: what took the longest took {ratio:.2} times as long as in quiet");
    }
}

/// Does it, and gives the most memory that the host had meanwhile.
fn watch<T>(host: Process, does: impl FnOnce() -> T) -> (T, u64) {
    let (peak, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let done = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                peak.fetch_max(host.memory(), Ordering::SeqCst);
                thread::sleep(Duration::from_millis(50));
            }
        });
        // Also when it panics, or the watch would go on for ever.
        let _over = Over(&is_over);
        does()
    });
    (done, peak.load(Ordering::SeqCst))
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Threads for attackers.
fn hostile() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(|| {
            // /proc/thread-self leads to PROCESS/task/THREAD, and on Linux a thread has a priority of its own.
            let this = fs::read_link("/proc/thread-self").expect("Linux");
            let thread = this.file_name().expect("its number");
            let renice = Command::new("renice").args(["-n", "19", "-p"]).arg(thread).stdout(Stdio::null()).status();
            assert!(renice.expect("renice, of bsdutils").success());
        })
        .enable_all()
        .build()
        .expect("a runtime")
}
