//! Whose key answers, in words.

use super::{Said, said};
use crate::{
    reach::doctor::{
        code::Code,
        diagnosis::{Key, Stop},
        report::Mark,
    },
    wire::text,
};

/// Somebody may be in between.
pub(super) fn stop(stop: &Stop, place: &str) -> Said {
    const ASK: &str = "Do not join from here. Ask the host, in person or by phone, for their fingerprint.";
    match stop {
        Stop::Mismatch { expected, found, is_pinned } => {
            let whose = if *is_pinned { "you have pinned" } else { "you were given" };
            let forget = match is_pinned {
                true => format!(
                    " If they do have a new key, the old one has to be forgotten: parlor hosts forget {expected}"
                ),
                false => " If they do have a new key, they have a new invite, too.".to_owned(),
            };
            said(
                Code::KeyMismatch,
                Mark::Stop,
                format!("{place} has the key {found}. The one that {whose} is {expected}"),
                "Somebody may be pretending to be your host, or the address is another machine's now. Nothing was sent.",
                format!("{ASK}{forget}"),
            )
        }
        Stop::Unproven { claimed } => said(
            Code::KeyUnproven,
            Mark::Stop,
            format!("{place} shows the key {claimed} but cannot prove that it has it."),
            "Somebody is between you and the host, with a copy of what they show. Nothing was sent.",
            ASK,
        ),
        Stop::TwoKeys { one, other } => said(
            Code::TwoKeys,
            Mark::Stop,
            format!("Two different keys answer: {one} and {other}"),
            "Two machines share the address or the name; or somebody is in between on one of the ways. Nothing was sent.",
            "Ask the host for an invite, and join with that: then only the right key is talked to.",
        ),
    }
}

/// The key is in order.
pub(super) fn key(key: &Key, place: &str) -> Said {
    match key {
        Key::AsGiven => said(Code::KeyExpected, Mark::Ok, format!("{place} has the key that you expect."), "", ""),
        Key::AsPinned => said(Code::KeyPinned, Mark::Ok, format!("{place} has the key that you have pinned."), "", ""),
        Key::FromElsewhere { found, names } => {
            let names: Vec<_> = names.iter().map(|name| text::clean_line(name)).collect();
            let known = if names.is_empty() { "a room without a name".to_owned() } else { names.join(", ") };
            said(
                Code::KeyKnown,
                Mark::Note,
                format!("{place} has a key that you know from {known}, though not from this address: {found}"),
                "The host has another address than before, or another room of theirs is here.",
                "If that is who you mean, join: you are asked once.",
            )
        }
        Key::New { found } => said(
            Code::FirstContact,
            Mark::Note,
            format!("You have not met {place} before. Its key is {found}"),
            "",
            "Join with the host's invite, and the machine compares; or compare it with them when you are asked.",
        ),
        Key::Own => said(
            Code::OwnRoom,
            Mark::Note,
            format!("{place} is a room of your own: it has this installation's key."),
            "",
            "You are in it already, as its host. Whoever else is to join needs an address that leads here from where they are.",
        ),
    }
}
