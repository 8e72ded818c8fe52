//! Names that look alike, hide their direction or do things to a terminal, and texts that would. The names are refused, with
//! a reason; the texts reach honest members without what is in them.

use parlor::{
    identity::Name,
    wire::{
        Message,
        message::{Refusal, Say},
    },
};

use crate::{
    harness::Outcome,
    peer::{Inside, KINDS, crowd, from, join, leave, refused, send},
    siege::{A_THOUSAND_NAMES, Aim, siege},
};

/// Names that are, or look like, that of an honest member or the host.
const ALIKE: &[&str] = &[
    "Ana",
    "ana",
    " A N A ",
    "A-n-a.",
    "\u{ff21}\u{ff4e}\u{ff41}",
    "Honest 0",
    "HONEST O",
    "Honest l",
    "Honest_1",
    "honest\u{2010}3",
];

/// Names that are none.
const NONE: &[&str] = &[
    "",
    " ",
    "...",
    "\u{0}",
    "Ben\0",
    "Ben\nAna",
    "Ben\r\nAna: hello",
    "\u{1b}[2JBen",
    "Ben\u{7f}",
    "\u{9b}31mBen",
    "\u{202e}neB",
    "Ben\u{202c}",
    "\u{2067}Ben",
    "Ben\u{200b}",
    "B\u{200d}en",
    "\u{feff}Ben",
    "Ben\u{ad}",
    "Ben\u{e0001}",
    "Ben:",
    "Ben\u{a789}",
    "Ben >",
    "* Ben",
    "\u{2022} Ben",
    "\u{410}na",
    "An\u{430}",
    "\u{391}na",
    "B\u{435}n",
    "B\u{301}\u{302}\u{303}\u{304}en",
    "\u{e000}",
    "\u{fffd}",
    "a name of more than thirty-two characters",
];

/// Texts that would clear a screen, set a title, turn a line around, or look like somebody else's.
const TEXTS: &[&str] = &[
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]0;title\u{7}",
    "\u{9b}2J",
    "\u{202e}dlrow olleh",
    "\u{2066}x\u{2069}",
    "a\rAna: b",
    "a\nAna: b",
    "\u{0}",
    "\u{8}\u{8}\u{8}",
    "\u{2028}",
    "\u{feff}",
];

#[test]
fn names_that_look_alike_or_hide_their_direction_and_control_characters() {
    siege("names and control characters", A_THOUSAND_NAMES, |aim| async move {
        crowd(aim, aim.of(2, 30) * (NONE.len() + ALIKE.len() + TEXTS.len()), move |number| deceive(aim, number)).await
    });
}

async fn deceive(aim: Aim, number: usize) -> Outcome<&'static str> {
    let (kind, ip) = (KINDS[number % 3], from(number % 100));
    let which = number % (NONE.len() + ALIKE.len() + TEXTS.len());
    let (name, expected) = match which {
        which if which < NONE.len() => (NONE[which], Refusal::NameInvalid),
        which if which < NONE.len() + ALIKE.len() => (ALIKE[which - NONE.len()], Refusal::NameTaken),
        which => return say(aim, number, TEXTS[which - NONE.len() - ALIKE.len()]).await,
    };
    let refused = refused(aim, kind, ip, name).await?;
    if refused.refusal != expected {
        return Err(format!("{name:?} was refused with {refused:?}").into());
    }
    // What is suggested can be had.
    let is_clean = refused.suggestion.is_none_or(|name| name.as_str().parse::<Name>().is_ok());
    assert!(is_clean && !refused.detail.chars().any(char::is_control), "{:?}", refused.detail);
    Ok(match expected {
        Refusal::NameTaken => "refused: the name is taken",
        _ => "refused: it is no name",
    })
}

async fn say(aim: Aim, number: usize, text: &str) -> Outcome<&'static str> {
    let name = format!("Trickster {} {number}", aim.round);
    let mut inside: Inside = join(aim, KINDS[number % 3], from(number % 100), &name).await?;
    let text = format!("see: {text}");
    send(&mut inside.stream, Say { nonce: number as u64, text }.encode()).await?;
    leave(inside).await?;
    Ok("said, and shown without what was in it")
}
