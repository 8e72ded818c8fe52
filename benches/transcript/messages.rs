//! Made-up messages, the same each time and for everybody who is measured.
//!
//! Most are short, some fill a few lines, some have a link, and some a word in bold or in code; each is a line of its own and
//! fits one of IRC.

use parlor::wire::limits;

const WORDS: &str = "\
    the key of meeting room hangs in kitchen has anybody seen release notes and build is green again lunch \
    at half past twelve who comes along fingerprint fits a second pair eyes would be good before we ship \
    that I will look tomorrow morning thanks for help straße";

/// The next of a row of numbers that look as if they were random (splitmix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A message by its number.
pub(crate) fn text(number: u64) -> String {
    let mut state = number;
    let long = if next(&mut state).is_multiple_of(6) { 40 } else { 1 };
    let words = 1 + next(&mut state) % 12 + next(&mut state) % long;
    let known: Vec<&str> = WORDS.split(' ').collect();
    let mut text = String::new();
    for place in 0..words {
        let drawn = next(&mut state) as usize;
        let word = known[drawn % known.len()];
        text.push_str(if place == 0 { "" } else { " " });
        match drawn / known.len() % 100 {
            0 => text.push_str(&format!("https://example.org/{word}/{number}")),
            1 => text.push_str(&format!("**{word}**")),
            2 => text.push_str(&format!("`{word}`")),
            _ => text.push_str(word),
        }
    }
    text
}

/// The same as lines of a message as large as one may be.
pub(crate) fn largest_lines(number: u64) -> String {
    let mut largest = String::new();
    for line in number * 1_000.. {
        let line = text(line);
        if largest.len() + line.len() >= limits::TEXT {
            break;
        }
        largest.push_str(&line);
        largest.push('\n');
    }
    largest
}

/// One word as large as a message may be.
pub(crate) fn largest_word(number: u64) -> String {
    let letters = (0..limits::TEXT as u64).map(|place| char::from(b'a' + ((number + place * 7) % 26) as u8));
    letters.collect()
}
