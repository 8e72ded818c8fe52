//! Many members over every transport, who join, talk, leave, and are cut off, for as long as one likes; and a host whose
//! memory and descriptors are watched meanwhile. And a host of a saved room that is killed again and again (`killed`).
//!
//! `PARLOR_SOAK` gives the seconds, and `PARLOR_SOAK_CSV` a file for the figures; `scripts/soak` sets both. The host is
//! the built program, a process of its own. What is checked: everyone sees the same messages in the same order, none is
//! missing, none comes twice, and in the end the host is as small as it was.

#![cfg(target_os = "linux")]

mod chance;
mod killed;
mod member;
mod network;
mod program;
mod truth;

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    chance::Chance,
    member::{Habits, Plan},
    network::Network,
    program::Host,
    truth::Truth,
};

/// Members who are in the room, or about to be again.
const MEMBERS: u64 = 200;

const HABITS: Habits =
    Habits { pause: Duration::from_secs(5), stay: Duration::from_secs(40), out: Duration::from_secs(2) };

/// The ordinary run.
const SECONDS: u64 = 60;

/// How often the host is measured.
const MEASURE: Duration = Duration::from_secs(1);

/// Between two cuts of a connection, one of each kind of network.
const CUT: Duration = Duration::from_millis(1_500);

/// Resident memory may be more at the end than at a quarter of the time by this share of it, in percent...
const GROWTH_PERCENT: u64 = 10;

/// ... and by this, in KiB, for what the log still holds more than then.
const GROWTH: u64 = 8 * 1024;

/// Descriptors that may be open at the end and were not at the beginning: a socket or two on their way out.
const DESCRIPTORS: usize = 8;

fn seconds() -> u64 {
    std::env::var("PARLOR_SOAK").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(SECONDS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_members_talk_for_long_and_nothing_is_lost_and_nothing_grows() {
    let seconds = seconds();
    let chance = Chance::new();
    let host = Host::start(&[]);
    let before = host.measure();
    let network = Network::to(host.address).await;
    let truth = Truth::default();
    let end = Instant::now() + Duration::from_secs(seconds);
    let (tell, over) = watch::channel(false);
    let mut members = JoinSet::new();
    for number in 0..MEMBERS {
        let (network, fingerprint) = (network.addresses(), host.fingerprint);
        let plan = Plan { number, habits: HABITS, over: over.clone(), network, fingerprint };
        members.spawn(member::live(plan, truth.clone(), chance.another(number)));
    }
    let cutting = tokio::spawn(cut(network, chance.another(MEMBERS)));
    let figures = watch(&host, end).await;
    tell.send_replace(true);
    cutting.abort();
    // Whoever is cut off at the end comes back first.
    while let Some(lived) = members.join_next().await {
        lived.expect("a member's life");
    }
    truth.check();
    save(&figures);
    let (quarter, last) = (figures[figures.len() / 4], figures[figures.len() - 1]);
    println!(
        "{} messages, {} sessions, {} times back; host at a quarter of the time {quarter:?}, at the end {last:?}",
        truth.messages(),
        truth.sessions(),
        truth.returns()
    );
    assert!(
        last.kib <= quarter.kib + quarter.kib * GROWTH_PERCENT / 100 + GROWTH,
        "memory grows: {quarter:?}, and at the end {last:?}"
    );
    let closed = async {
        while host.measure().descriptors > before.descriptors + DESCRIPTORS {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let open = || host.measure().descriptors;
    tokio::time::timeout(Duration::from_secs(60), closed)
        .await
        .unwrap_or_else(|_| panic!("{} descriptors before, and now {}", before.descriptors, open()));
}

async fn cut(network: Network, mut chance: Chance) {
    loop {
        sleep(CUT).await;
        network.cut_a_pipe(&mut chance);
        network.cut_a_path(&mut chance);
    }
}

/// What the host is at one moment.
#[derive(Clone, Copy, Debug)]
struct Figures {
    /// Since the beginning.
    second: u64,
    /// Resident memory.
    kib: u64,
    descriptors: usize,
    /// Processor time it has used.
    cpu: Duration,
}

async fn watch(host: &Host, end: Instant) -> Vec<Figures> {
    let begun = Instant::now();
    let mut figures = Vec::new();
    while Instant::now() < end {
        sleep(MEASURE).await;
        figures.push(Figures { second: begun.elapsed().as_secs(), ..host.measure() });
    }
    figures
}

fn save(figures: &[Figures]) {
    let Some(file) = std::env::var_os("PARLOR_SOAK_CSV") else { return };
    let mut csv = "second,resident_kib,descriptors,cpu_seconds\n".to_owned();
    for Figures { second, kib, descriptors, cpu } in figures {
        let _ = writeln!(csv, "{second},{kib},{descriptors},{:.2}", cpu.as_secs_f64());
    }
    std::fs::write(file, csv).expect("a place for the figures");
}
