//! No wake-up is lost between the network and the window: druid's own way loses some.

use std::process::Stdio;

use crate::desk::Desk;

const TRIPS: u64 = 100_000;

#[test]
fn a_hundred_thousand_events_wake_the_window_one_by_one() {
    let desk = Desk::new();
    // A display is chosen for a whole process, so this is another.
    let mut inside = desk.command(&std::env::current_exe().expect("this test").display().to_string());
    inside.args(["--exact", "--ignored", "--nocapture", "wakeups::inside"]);
    let told = inside.stdin(Stdio::null()).output().expect("it starts");
    assert!(
        told.status.success(),
        "{}{}",
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr)
    );
}

#[test]
#[ignore = "begun by the other, on a display of its own"]
fn inside() {
    let name = "Ada".parse().expect("a name");
    assert_eq!(parlor::gui::bench::round_trips(TRIPS, &name), Ok(TRIPS));
}
