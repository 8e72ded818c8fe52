//! What was measured: how long messages took, how large the host was, and a line about both.

use std::{collections::BTreeMap, env, fmt, fs::OpenOptions, io::Write, time::Duration};

/// What attackers met with, and how many of them with each.
pub(crate) type Tally = BTreeMap<&'static str, usize>;

/// How long messages took from being said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// Until whoever said it saw it.
    pub(crate) echo: Vec<Duration>,
    /// Until each of the others saw it.
    pub(crate) delivery: Vec<Duration>,
}

/// The 99th percentile.
pub(crate) fn p99(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() * 99 / 100).copied().unwrap_or_default()
}

/// Resident memory of the host, in KiB.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub(crate) before: u64,
    pub(crate) peak: u64,
    /// After each attack but the last.
    pub(crate) between: Vec<u64>,
    pub(crate) after: u64,
}

pub(crate) struct Figures {
    pub(crate) name: &'static str,
    pub(crate) quiet: Times,
    pub(crate) attacked: Times,
    pub(crate) memory: Memory,
    /// The slowest of those who came in during the attack.
    pub(crate) newcomer: Duration,
    pub(crate) met: Tally,
}

impl Figures {
    /// How much longer the slowest messages took during the attack; below `floor` nobody notices, so it counts as that.
    pub(crate) fn ratio(&self, floor: Duration) -> f64 {
        let ratio = |quiet: &[Duration], attacked: &[Duration]| p99(attacked).div_duration_f64(p99(quiet).max(floor));
        ratio(&self.quiet.echo, &self.attacked.echo).max(ratio(&self.quiet.delivery, &self.attacked.delivery))
    }

    /// Adds the line to the file that `PARLOR_ATTACK_TABLE` names, if it does, and prints it.
    pub(crate) fn publish(&self) {
        println!("{self}");
        let Some(file) = env::var_os("PARLOR_ATTACK_TABLE") else { return };
        let mut file = OpenOptions::new().create(true).append(true).open(file).expect("a place for the figures");
        writeln!(file, "{self}").expect("it is written");
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |times: &[Duration]| p99(times).as_secs_f64() * 1_000.0;
        let mib = |kib: u64| kib as f64 / 1_024.0;
        let (quiet, attacked, memory) = (&self.quiet, &self.attacked, &self.memory);
        let ratio = self.ratio(Duration::from_micros(1));
        write!(
            f,
            "{:<44} {:>7} {:>6.1} {:>6.1} {:>6.1} {:>6.1} {:>5.2} {:>6.1} {:>6.1} {:>6.1} {:>7.0}",
            self.name,
            attacked.delivery.len(),
            ms(&quiet.echo),
            ms(&attacked.echo),
            ms(&quiet.delivery),
            ms(&attacked.delivery),
            ratio,
            mib(memory.before),
            mib(memory.peak),
            mib(memory.after),
            self.newcomer.as_secs_f64() * 1_000.0,
        )?;
        for kib in &memory.between {
            write!(f, "\n    {:>6.1} MiB resident after an attack", mib(*kib))?;
        }
        for (what, times) in &self.met {
            write!(f, "\n    {times:>6} × {what}")?;
        }
        Ok(())
    }
}
