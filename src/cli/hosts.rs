//! The commands about pins and one's own key, which need no network.

use std::{cmp::Reverse, fmt::Write};

use super::{Exit, local, show};
use crate::identity::{DamagedLine, DataDir, Pin};

/// Lists the pins, the one that was met last first.
pub(super) fn list(data_dir: &DataDir) -> Exit {
    let (mut pins, damaged) = match data_dir.pins().load() {
        Ok(loaded) => loaded,
        Err(error) => return local(error),
    };
    tell_of(&damaged);
    if pins.is_empty() {
        return show("No host is pinned yet. One is when you join it for the first time.\n");
    }
    pins.sort_by_key(|pin| Reverse(pin.last_met));
    show(&pins.iter().map(described).collect::<String>())
}

/// Tells of lines in the pins file that nobody can read.
pub(super) fn tell_of(damaged: &[DamagedLine]) {
    for line in damaged {
        eprintln!("Line {} of the pins file cannot be read and was left alone: {}", line.number, line.why);
    }
}

/// Forgets one pin.
pub(super) fn forget(data_dir: &DataDir, who: &str) -> Exit {
    match data_dir.pins().forget(who) {
        Ok(pin) => show(&format!("Forgotten:\n{}", described(&pin))),
        Err(error) => local(error),
    }
}

/// Shows one's own fingerprint in all its forms.
pub(super) fn show_id(data_dir: &DataDir) -> Exit {
    match data_dir.identity() {
        Ok(identity) => {
            let fingerprint = identity.fingerprint();
            show(&format!("{fingerprint}\n{}\n{}\n", fingerprint.sha256_base64(), fingerprint.hex()))
        }
        Err(error) => local(error),
    }
}

fn described(pin: &Pin) -> String {
    let names: Vec<_> = pin.names.iter().map(ToString::to_string).collect();
    let addresses: Vec<_> = pin.addresses.iter().map(ToString::to_string).collect();
    let mut text = if names.is_empty() { "(no name yet)".to_owned() } else { names.join(", ") };
    // Writing to a string does not fail.
    let _ = writeln!(text, "\n  key        {}", pin.fingerprint);
    let _ = writeln!(text, "  addresses  {}", addresses.join(", "));
    let _ = writeln!(text, "  first met  {}", pin.first_met.strftime("%F %R UTC"));
    let _ = writeln!(text, "  last met   {}", pin.last_met.strftime("%F %R UTC"));
    text
}
