//! What is secret is never shown, whatever is printed for whoever looks for a fault.

use std::fmt::Debug;

use parlor::{
    conversation::View,
    identity::Identity,
    room::{Candidate, Room},
    wire::{
        Frame, FromHost, FromMember, Message, Secret, Security, Ticket, frame,
        message::{Hello, Resume, Welcome},
    },
};

/// Whether bytes of the secret can be told from how a value is printed: as numbers, as hexadecimal digits, or escaped.
fn shows(value: &dyn Debug, secret: &[u8]) -> bool {
    let without_spaces = |text: String| text.split_whitespace().collect::<String>().to_lowercase();
    let printed = [format!("{value:?}"), format!("{value:#?}"), format!("{value:x?}"), format!("{value:#x?}")]
        .map(without_spaces);
    let some = &secret[secret.len() / 2..][..4];
    let forms = [
        format!("{some:?}"),
        format!("{some:x?}"),
        format!("{some:#x?}"),
        some.iter().map(|byte| format!("[{byte:02x}")).collect(),
        some.iter().map(|byte| format!("[\\x{byte:02x}")).collect(),
    ];
    let forms = forms.map(|form| without_spaces(form).replace(['[', ']'], "").trim_end_matches(',').to_owned());
    printed.iter().any(|printed| forms.iter().any(|form| printed.contains(form)))
}

#[test]
fn this_test_would_see_a_secret() {
    let secret: Vec<u8> = (0xa0..0xb0).collect();
    assert!(shows(&secret, &secret));
    assert!(shows(&bytes::Bytes::from(secret.clone()), &secret));
    assert!(shows(&"a0a1a2a3a4a5a6a7A8A9AAABACADAEAF", &secret));
    assert!(!shows(&(0xa0..0xa8).collect::<Vec<u8>>(), &secret));
}

#[test]
fn nothing_that_holds_a_secret_shows_it() {
    let bytes: [u8; 16] = std::array::from_fn(|index| 0xa0 + index as u8);
    let secret = Secret::from(bytes);
    let ticket = Ticket { session: [0; 16], token: secret.clone() };
    let resume = Resume { epoch: 1, next: 2, pass: Some(secret.clone()), attempt: 3 };
    let hello = Hello { name: "Ben".to_owned(), room: None, conversation: 7, resume: Some(resume.clone()) };
    let welcome = Welcome {
        room: "Kitchen".parse().unwrap(),
        epoch: 1,
        member: 1,
        first: 1,
        head: 1,
        members: 1,
        ticket: Some(ticket.clone()),
        pass: Some(secret.clone()),
        saved: true,
    };
    let frame: Frame = frame::take(&mut welcome.encode().as_ref().into()).unwrap().unwrap();
    let candidate = Candidate {
        name: "Ben",
        room: None,
        fingerprint: None,
        security: Security::Plaintext,
        conversation: 1,
        resume: Some(resume.clone()),
    };
    let values: [&dyn Debug; 10] = [
        &secret,
        &ticket,
        &resume,
        &hello,
        &welcome,
        &frame,
        &candidate,
        &View::new(&welcome, &[]),
        &FromMember::Hello(hello.clone()),
        &FromHost::Welcome(welcome.clone()),
    ];
    for value in values {
        assert!(!shows(value, &bytes), "{value:?}");
    }
}

#[test]
fn a_room_does_not_show_the_passes_that_it_gave() {
    let room = Room::new("Kitchen".parse().unwrap());
    let _host = room.admit_host(&"Ana".parse().unwrap(), None, Security::Plaintext).unwrap();
    let ben = Candidate {
        name: "Ben",
        room: None,
        fingerprint: None,
        security: Security::Plaintext,
        conversation: 1,
        resume: None,
    };
    let membership = room.admit(&ben).unwrap();
    let pass = membership.welcome().pass.expect("who has no key is given one");
    assert!(!shows(&room, pass.bytes()), "{room:?}");
}

#[test]
fn an_identity_does_not_show_its_key() {
    let identity = Identity::generate().unwrap();
    assert!(!shows(&identity, identity.private_key_der()), "{identity:?}");
}
