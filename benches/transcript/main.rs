//! What the window costs as its transcript grows, beside druid's stock `List` of the same messages.
//!
//! Times are those that the thread had of a processor, so that a busy machine does not change them. The names of the
//! benchmarks end with what is drawn and how many messages are in it. After them comes the memory, of fresh processes.
//!
//! - `messages`: what is said
//! - `resident`: memory
//! - `talk`: the other end of the programs that `scripts/window-peers` measures

mod messages;
mod resident;
mod talk;

use std::time::Duration;

use criterion::{
    Bencher, Criterion,
    measurement::{Measurement, ValueFormatter, WallTime},
};
use parlor::gui::bench::{Scene, Stage, stage};

/// As many messages as a window keeps, and less.
const SIZES: [u64; 4] = [100, 1_000, 10_000, 100_000];
/// With more, setting it up takes longer than anybody waits.
const LIST_HOLDS: u64 = 10_000;

/// The time that this thread has had of a processor.
struct Cpu;

impl Measurement for Cpu {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        now()
    }

    fn end(&self, begun: Duration) -> Duration {
        now().saturating_sub(begun)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, time: &Duration) -> f64 {
        WallTime.to_f64(time)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

#[cfg(unix)]
fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Elsewhere, the time on the wall.
#[cfg(not(unix))]
fn now() -> Duration {
    static BEGUN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    BEGUN.elapsed()
}

/// The wheel, twenty notches up and twenty down: within what a hundred messages have.
fn scroll(criterion: &mut Criterion<Cpu>, name: &str, stage: &mut Stage<'_, '_>) {
    let mut turned = 0;
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            turned = (turned + 1) % 40;
            stage.wheel(if turned < 20 { -120.0 } else { 120.0 });
            stage.draw();
        });
    });
}

/// What is measured on a scene that is set up once.
fn still(criterion: &mut Criterion<Cpu>, scene: Scene, messages: u64) {
    let name = |what: &str| format!("{what}/{scene:?}/{messages}");
    stage(scene, messages, messages::text, |stage| {
        criterion.bench_function(&name("draw a frame"), |bencher| bencher.iter(|| stage.draw()));
        scroll(criterion, &name("scroll by a notch"), stage);
        let mut at = 0;
        criterion.bench_function(&name("jump to another place"), |bencher| {
            bencher.iter(|| {
                at = (at + messages * 5 / 13 + 1) % messages;
                stage.jump(at);
                stage.draw();
            });
        });
        let mut narrower = 0.0;
        criterion.bench_function(&name("resize"), |bencher| {
            bencher.iter(|| {
                narrower = (narrower + 7.0) % 210.0;
                stage.resize(narrower);
                stage.draw();
            });
        });
        stage.resize(0.0);
        if scene == Scene::List {
            return;
        }
        criterion.bench_function(&name("select all"), |bencher| {
            bencher.iter(|| {
                stage.select_all();
                stage.draw();
            });
        });
        if scene == Scene::Transcript {
            criterion.bench_function(&name("copy all, without drawing"), |bencher| bencher.iter(|| stage.copied()));
        }
        let mut first = ["e", "n"].into_iter().cycle();
        criterion.bench_function(&name("find, the first letter"), |bencher| {
            bencher.iter(|| {
                stage.find(first.next().unwrap_or_default());
                stage.draw();
            });
        });
        criterion.bench_function(&name("find, the next letter"), |bencher| {
            bencher.iter_custom(|times| {
                (0..times)
                    .map(|_| {
                        stage.find("e");
                        stage.draw();
                        let begun = now();
                        stage.find("en");
                        stage.draw();
                        now() - begun
                    })
                    .sum()
            });
        });
    });
}

/// Measures what leaves a scene larger than it was: in scenes that grow by a tenth at most, and are full when they have.
/// Beyond a hundred thousand, the oldest would go.
fn growing(
    bencher: &mut Bencher<'_, Cpu>,
    (scene, begun_with): (Scene, u64),
    most: u64,
    mut prepare: impl FnMut(&mut Stage<'_, '_>),
) {
    bencher.iter_custom(|times| {
        let (mut spent, mut left) = (Duration::ZERO, times);
        while left > 0 {
            let some = left.min(most.div_ceil(2));
            stage(scene, begun_with, messages::text, |stage| {
                prepare(stage);
                // The first frames after so much was set up at once find cold caches, and a heap full of holes.
                (0..most.min(200) / 2).for_each(|_| {
                    stage.say();
                    stage.draw();
                });
                let begun = now();
                for _ in 0..some {
                    stage.say();
                    stage.draw();
                }
                spent += now() - begun;
            });
            left -= some;
        }
        spent
    });
}

fn append(criterion: &mut Criterion<Cpu>, scene: Scene, messages: u64) {
    let name = |what: &str| format!("{what}/{scene:?}/{messages}");
    let (tenth, rest) = (messages / 10, messages - messages / 10);
    criterion.bench_function(&name("append"), |bencher| growing(bencher, (scene, rest), tenth, |_| {}));
    if scene == Scene::List {
        return;
    }
    criterion.bench_function(&name("append, with words looked for"), |bencher| {
        growing(bencher, (scene, rest), tenth, |stage| {
            stage.find("e");
            stage.draw();
        });
    });
    criterion.bench_function(&name("append, with most of it below and not seen"), |bencher| {
        growing(bencher, (scene, tenth), tenth, |stage| {
            stage.jump(0);
            stage.draw();
            (0..rest - tenth).for_each(|_| stage.say());
            stage.draw();
        });
    });
}

/// The one frame in ten thousand in which the oldest tenth goes, with a hundred messages that came before it.
fn overflow(criterion: &mut Criterion<Cpu>, scene: Scene) {
    criterion.bench_function(
        &format!("a hundred messages and a frame, when the oldest go/{scene:?}/100000"),
        |bencher| {
            bencher.iter_custom(|times| {
                let mut spent = Duration::ZERO;
                for _ in 0..times {
                    // There are rows for days, too: one for 4,320 messages.
                    stage(scene, 99_940, messages::text, |stage| {
                        let begun = now();
                        (0..100).for_each(|_| stage.say());
                        stage.draw();
                        spent += now() - begun;
                    });
                }
                spent
            });
        },
    );
}

/// A window with so many people in it, of whom one more is there each time that one comes in.
fn crowd(criterion: &mut Criterion<Cpu>, people: u16) {
    let name = |what: &str| format!("{what}/Window with 100 messages/{people} people");
    stage(Scene::Window, 100, messages::text, |stage| {
        stage.come(people);
        stage.draw();
        criterion.bench_function(&name("draw a frame"), |bencher| bencher.iter(|| stage.draw()));
        let mut letters = ["Ch", "Chi"].into_iter().cycle();
        criterion.bench_function(&name("filter by a letter more, or less"), |bencher| {
            bencher.iter(|| {
                stage.filter(letters.next().unwrap_or_default());
                stage.draw();
            });
        });
        stage.filter("");
    });
    criterion.bench_function(&name("somebody comes in"), |bencher| {
        bencher.iter_custom(|times| {
            let (mut spent, mut left) = (Duration::ZERO, times);
            while left > 0 {
                // They do not become many more meanwhile.
                let some = left.min(10);
                stage(Scene::Window, 100, messages::text, |stage| {
                    stage.come(people);
                    stage.draw();
                    let begun = now();
                    for _ in 0..some {
                        stage.come(1);
                        stage.draw();
                    }
                    spent += now() - begun;
                });
                left -= some;
            }
            spent
        });
    });
}

/// Nothing but messages of the largest size.
fn largest(criterion: &mut Criterion<Cpu>, what: &str, text: fn(u64) -> String) {
    let name = |action: &str| format!("{action}/Window with 100 messages/{what}");
    criterion.bench_function(&name("append"), |bencher| {
        bencher.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                stage(Scene::Window, 99, text, |stage| {
                    let begun = now();
                    stage.say();
                    stage.draw();
                    spent += now() - begun;
                });
            }
            spent
        });
    });
    stage(Scene::Window, 100, text, |stage| {
        criterion.bench_function(&name("draw a frame"), |bencher| bencher.iter(|| stage.draw()));
        scroll(criterion, &name("scroll by a notch"), stage);
    });
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [resident::MODE, scene, messages, ..] => return resident::fill(scene, messages),
        ["irc", ..] => return talk::irc(),
        ["lines", ..] => return talk::lines(),
        _ => {}
    }
    let mut criterion = Criterion::default()
        .with_measurement(Cpu)
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for messages in SIZES {
        for scene in [Scene::Transcript, Scene::Window, Scene::List] {
            if scene != Scene::List || messages <= LIST_HOLDS {
                still(&mut criterion, scene, messages);
                append(&mut criterion, scene, messages);
            }
        }
    }
    overflow(&mut criterion, Scene::Transcript);
    crowd(&mut criterion, 0);
    crowd(&mut criterion, 497);
    largest(&mut criterion, "8 KiB in lines", messages::largest_lines);
    largest(&mut criterion, "8 KiB without a space", messages::largest_word);
    criterion.final_summary();
    // Only when everything is measured, and not one benchmark by its name.
    if arguments == ["--bench"] {
        resident::table();
    }
}
