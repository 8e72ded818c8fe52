//! What a message takes of memory: what is resident of a fresh process once it has so many and has drawn them.
//!
//! Read from `/proc/self/status`, so on Linux only.

use parlor::gui::bench::{Scene, stage};

use super::messages;

/// How this program is told to measure itself: `resident Transcript 100000`.
pub(super) const MODE: &str = "resident";

/// Sets up a scene, and prints what is resident of this process, in KiB.
pub(super) fn fill(scene: &str, count: &str) {
    let scene = match scene {
        "Transcript" => Scene::Transcript,
        "Window" => Scene::Window,
        "List" => Scene::List,
        other => panic!("there is no scene {other}"),
    };
    stage(scene, count.parse().expect("a number"), messages::text, |_| {
        println!("{}", resident().expect("this is no Linux"));
    });
}

fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().trim_end_matches(" kB").parse().ok()
}

/// Prints a line for each scene: what a message takes beyond what there is without any.
pub(super) fn table() {
    if resident().is_none() {
        return eprintln!("what is resident is only told on Linux");
    }
    let text: u64 = (0..10_000).map(|number| messages::text(number).len() as u64).sum();
    println!("a message has {} bytes of text on average\n", text / 10_000);
    println!("{:<12} {:>9} {:>14} {:>18}", "", "messages", "resident, MiB", "bytes a message");
    for (scene, counts) in
        [("Transcript", &[10_000, 100_000][..]), ("Window", &[10_000, 100_000]), ("List", &[10_000, 30_000])]
    {
        let none = fresh(scene, 100);
        println!("{scene:<12} {:>9} {:>14.1}", 100, none as f64 / 1024.0);
        for count in counts {
            let full = fresh(scene, *count);
            let each = full.saturating_sub(none) * 1024 / (count - 100);
            println!("{scene:<12} {count:>9} {:>14.1} {each:>18}", full as f64 / 1024.0);
        }
    }
}

fn fresh(scene: &str, count: u64) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(program).args([MODE, scene, &count.to_string()]).output().expect("started");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}
