//! The commands about pins and one's own key, which need no network.

use super::{Exit, local};
use crate::identity::{DataDir, Pin};

/// Lists the pins, the one that was met last first.
pub(super) fn list(data_dir: &DataDir) -> Exit {
    let (mut pins, damaged) = match data_dir.pins().load() {
        Ok(loaded) => loaded,
        Err(error) => return local(error),
    };
    for line in damaged {
        eprintln!("{line}");
    }
    if pins.is_empty() {
        println!("No host is pinned yet. The first one is when you join it.");
    }
    pins.sort_by_key(|pin| std::cmp::Reverse(pin.last_met));
    for pin in pins {
        print(&pin);
    }
    Exit::Normal
}

fn print(pin: &Pin) {
    let names: Vec<_> = pin.names.iter().map(ToString::to_string).collect();
    let addresses: Vec<_> = pin.addresses.iter().map(ToString::to_string).collect();
    let names = if names.is_empty() { "(no name yet)".to_owned() } else { names.join(", ") };
    println!("{names}");
    println!("  key        {}", pin.fingerprint);
    println!("  addresses  {}", addresses.join(", "));
    println!("  first met  {}", pin.first_met.strftime("%F %R UTC"));
    println!("  last met   {}", pin.last_met.strftime("%F %R UTC"));
}

/// Forgets one pin.
pub(super) fn forget(data_dir: &DataDir, who: &str) -> Exit {
    match data_dir.pins().forget(who) {
        Ok(pin) => {
            println!("Forgotten:");
            print(&pin);
            Exit::Normal
        }
        Err(error) => local(error),
    }
}

/// Shows one's own fingerprint in all its forms.
pub(super) fn show_id(data_dir: &DataDir) -> Exit {
    match data_dir.identity() {
        Ok(identity) => {
            let fingerprint = identity.fingerprint();
            println!("{fingerprint}");
            println!("{}", fingerprint.sha256_base64());
            println!("{}", fingerprint.hex());
            Exit::Normal
        }
        Err(error) => local(error),
    }
}
