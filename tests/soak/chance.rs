//! Chance that can be had again: the seed is printed.

use std::time::{Duration, SystemTime};

/// A source of chance (SplitMix64).
pub(crate) struct Chance(u64);

impl Chance {
    /// A new one, or the one of `PARLOR_SOAK_SEED`.
    pub(crate) fn new() -> Self {
        let given = std::env::var("PARLOR_SOAK_SEED").ok().and_then(|seed| seed.parse().ok());
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64);
        let seed = given.unwrap_or_else(now);
        println!("PARLOR_SOAK_SEED={seed}");
        Self(seed)
    }

    /// One that goes its own way.
    pub(crate) fn another(&self, number: u64) -> Self {
        Self(self.0.wrapping_add(number.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A time between nothing and twice `mean`.
    pub(crate) fn about(&mut self, mean: Duration) -> Duration {
        mean * self.below(2_000) as u32 / 1_000
    }
}
