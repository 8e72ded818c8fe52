//! The rooms that are announced on this network, after one look.

use std::{fmt::Write, sync::Arc};

use serde::Serialize;

use super::{Exit, hosts, local, show};
use crate::{
    identity::DataDir,
    reach::found::{self, Claim, NOT_THERE, PinnedNames, Room},
    transport::Kind,
};

/// Looks, and lists them: for a person, or as JSON, one object a line.
pub(super) fn list(data_dir: &DataDir, json: bool) -> Exit {
    let pins = match data_dir.pins().load() {
        Ok((pins, damaged)) => {
            // A room that one knows by such a line looks new here; it is not joined as one.
            hosts::tell_of(&damaged);
            pins
        }
        Err(error) => return local(error),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return local(error),
    };
    let pins = Arc::new(PinnedNames::of(&pins));
    let mut rooms = runtime.block_on(found::look(pins.clone()));
    rooms.sort_by_key(|room| room.name.folded());
    match json {
        true => show(&rooms.iter().filter_map(|room| line(room, &pins)).collect::<String>()),
        false if rooms.is_empty() => show(&format!("No room is announced on this network. {NOT_THERE}\n")),
        false => show(&rooms.iter().map(|room| described(room, &pins)).collect::<String>()),
    }
}

fn described(room: &Room, pins: &PinnedNames) -> String {
    let claim = Claim::of(room, pins);
    let addresses: Vec<_> = room.addresses.iter().map(ToString::to_string).collect();
    let mut text = format!("{}\n  addresses  {}\n", room.name, addresses.join(" "));
    // Writing to a string does not fail.
    let _ = writeln!(text, "  says       {}; {}", room.protection(), claim.words());
    if let Some(key) = room.key {
        let _ = writeln!(text, "  claims     {key}");
    }
    text
}

/// README.md describes it; it only grows.
#[derive(Serialize)]
struct Json<'a> {
    room: &'a str,
    addresses: Vec<String>,
    transports: &'a [Kind],
    encrypted: bool,
    fingerprint: Option<String>,
    id: Option<String>,
    claim: &'static str,
    expected: Option<String>,
}

fn line(room: &Room, pins: &PinnedNames) -> Option<String> {
    let claim = Claim::of(room, pins);
    let json = Json {
        room: room.name.as_str(),
        addresses: room.addresses.iter().map(ToString::to_string).collect(),
        transports: &room.transports,
        encrypted: room.is_encrypted(),
        fingerprint: room.key.map(|key| key.sha256_base64()),
        id: room.key.map(|key| key.base32()),
        claim: claim.as_str(),
        expected: claim.expected().map(|key| key.sha256_base64()),
    };
    // This type has nothing in it that JSON could not hold.
    serde_json::to_string(&json).ok().map(|line| line + "\n")
}
