//! What is done for every message, and what people paste, before any transport: how long each takes, by criterion; and, for
//! `scripts/counts`, how many instructions, which do not depend on what else the machine does.
//!
//! - `paths`: what is measured

mod paths;

use std::process::ExitCode;

use criterion::{Criterion, Throughput};

use self::paths::PATHS;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["names"] => PATHS.iter().for_each(|path| println!("{}", path.name)),
        // As often as is said, under somebody who counts.
        ["times", times, name] => {
            let path = PATHS.iter().find(|path| path.name == *name).expect("one of the names");
            let mut once = (path.prepare)();
            (0..times.parse().expect("a number")).for_each(|_| once());
        }
        _ => measure(),
    }
    ExitCode::SUCCESS
}

fn measure() {
    let mut criterion = Criterion::default().configure_from_args();
    for path in PATHS {
        let mut group = criterion.benchmark_group(path.name);
        group.throughput(Throughput::Elements(path.elements));
        group.bench_function("time", |bencher| bencher.iter(&mut *(path.prepare)()));
        group.finish();
    }
    criterion.final_summary();
}
