//! A model of the room, and hosts and members that are held to it, while everything goes wrong that can.
//!
//! [proptest] makes up what happens (`step`), a `world` with a paused clock does it to a real host and real sessions over wires
//! that tear (`wire`), and after each step what everybody is shown is compared with what they must be shown: one order for all
//! (`log`), nothing twice, no gap that was not told (`talk`), and nothing that was typed is lost without a word (`ledger`). A host
//! whose room is saved may be killed, and the next one goes on with what was written by then (`shelf`).
//!
//! `PARLOR_MODEL_SEED` gives the seed that was printed, `PARLOR_MODEL_STEPS` how many steps to take. The same seed gives the
//! same steps; but which of two things that can happen at once comes first is left to tokio, and the waits before an attempt to
//! come back are random. So a case that has failed is tried more than once before a smaller one is taken for a success.

#![forbid(unsafe_code)]

mod hosted;
mod ledger;
mod log;
mod place;
mod shelf;
mod step;
mod talk;
mod text;
mod wire;
mod world;

use std::{
    cell::Cell,
    env,
    str::FromStr,
    time::{Instant, SystemTime},
};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use step::{Step, steps};
use world::World;

/// Steps of an ordinary run.
const STEPS: u64 = 5_000;

/// How many cases are tried between two looks at how many steps there were.
const CASES: u32 = 20;

/// How often a case is tried once one has failed.
const TRIES: usize = 4;

/// Of a thousand steps, so many say more than the log keeps: they take long.
const FLOODS: u32 = 1;

/// What is wrong, if something is.
type Check = Result<(), String>;

/// Gives up with a sentence unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return Err(format!($($why)+));
        }
    };
}
use ensure;

#[test]
fn whatever_happens_everybody_sees_one_conversation() {
    let seed = setting("PARLOR_MODEL_SEED", || {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64)
    });
    let least = setting("PARLOR_MODEL_STEPS", || STEPS);
    println!("PARLOR_MODEL_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: CASES, max_shrink_iters: 20_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let (taken, tries, begun) = (Cell::new(0), Cell::new(1), Instant::now());
    while taken.get() < least {
        // A runner has done its work after so many cases.
        runner = TestRunner::new_with_rng(runner.config().clone(), runner.new_rng());
        let ran = runner.run(&steps(FLOODS), |steps| {
            for _ in 0..tries.get() {
                if let Err(why) = run(&steps, &taken) {
                    // What long texts are filled with tells nothing.
                    let why = why.replace('~', "");
                    if tries.replace(TRIES) == 1 {
                        println!("{why}; looking for fewer steps that lead there");
                    }
                    return Err(TestCaseError::fail(why));
                }
            }
            Ok(())
        });
        if let Err(TestError::Fail(why, steps)) = ran {
            let steps: Vec<_> = steps.iter().map(|step| format!("    {step:?}\n")).collect();
            panic!("PARLOR_MODEL_SEED={seed}: {why}, after these steps:\n{}", steps.concat());
        }
        ran.expect("no case is rejected");
    }
    println!("{} steps in {:.1?}", taken.get(), begun.elapsed());
}

/// One case, in a world of its own.
fn run(steps: &[Step], taken: &Cell<u64>) -> Check {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let mut world = World::new();
        for step in steps {
            let is_done = world.take(*step).await.map_err(|why| format!("{why}, at {step:?}"))?;
            taken.set(taken.get() + u64::from(is_done));
        }
        world.end().await.map_err(|why| format!("{why}, at the end"))
    })
}

fn setting<T: FromStr>(name: &str, default: impl FnOnce() -> T) -> T {
    env::var(name).ok().and_then(|given| given.parse().ok()).unwrap_or_else(default)
}
