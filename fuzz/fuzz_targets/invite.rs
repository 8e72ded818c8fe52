//! Whatever is pasted as an invite: what is one is the same after it was written and pasted again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use parlor::{identity::Invite, session::Target};

fuzz_target!(|text: &str| {
    let _ = Target::parse(text, None, 7275);
    let Ok(invite) = text.parse::<Invite>() else { return };
    let again: Invite = invite.to_string().parse().expect("what we write can be read");
    assert_eq!(again, invite);
});
