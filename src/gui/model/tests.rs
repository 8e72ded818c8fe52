//! Conversations from their first event to their last, as the window would show them.

mod mapped;
mod written;

use std::rc::Rc;

use super::{keys::Anywhere, room::Side, settings::Theme, start::Verdict, *};
use crate::{
    conversation::{Command, RefusedReason, Said, State, Welcomed},
    transport::Kind,
    wire::{HOST, Member, MemberId, Security, message::Departure},
};

fn key(n: u8) -> Fingerprint {
    Fingerprint::from_bytes([n; 32])
}

fn model() -> Model {
    Model::new(&"Ada".parse().unwrap(), key(0))
}

fn member(id: MemberId, name: &str, security: Security) -> Member {
    let fingerprint = (security != Security::Plaintext).then(|| key(id as u8 + 1));
    Member { id, name: name.parse().unwrap(), fingerprint, security, away: false }
}

fn welcomed() -> Event {
    Event::Welcomed(Welcomed {
        room: "Kitchen".parse().unwrap(),
        name: "Ada".parse().unwrap(),
        member: 1,
        transport: Some(Kind::Quic),
        security: Security::Pinned,
        fingerprint: Some(key(1)),
        key_exchange: Some("X25519MLKEM768".to_owned()),
        saved: false,
        members: vec![member(HOST, "Ben", Security::Pinned), member(1, "Ada", Security::Pinned)],
    })
}

fn said(member: MemberId, from: &str, text: &str) -> Event {
    Event::Said(Said {
        seq: 1,
        member,
        from: from.parse().unwrap(),
        own: member == 1,
        tag: None,
        history: false,
        text: text.to_owned(),
        at: "2026-05-04T09:41:00Z".parse().unwrap(),
    })
}

fn refused(reason: RefusedReason) -> Event {
    Event::Refused(Refused::new(reason, "Why, and what next.".to_owned()))
}

fn rows(model: &Model) -> Vec<String> {
    let log = model.room.feed.log();
    let rows = (log.first()..log.end()).filter_map(|row| log.get(row));
    rows.filter(|row| !matches!(row, transcript::Row::Divider(_))).map(|row| row.shown().to_owned()).collect()
}

#[test]
fn one_dials_is_welcomed_and_talks() {
    let mut model = model();
    model.start.place = "192.168.1.20".to_owned();
    let opening = model.start.opening().unwrap();
    model.begin(&opening);
    assert_eq!((model.screen, model.way.title.as_str()), (Screen::Dialling, "Joining 192.168.1.20:7275"));
    model.apply(Event::State { state: State::Dialling, detail: "Shaking hands".to_owned() });
    assert_eq!(model.way.detail, "Shaking hands");
    assert_eq!(model.title(), "parlor");
    model.apply(welcomed());
    assert_eq!((model.screen, model.title().as_str()), (Screen::Room, "Kitchen – parlor"));
    assert_eq!(model.room.members.iter().map(Person::role).collect::<Vec<_>>(), ["host", "you"]);
    model.apply(said(0, "Ben", "hello"));
    assert_eq!(rows(&model), ["Ben\u{2002}hello"]);
}

use people::Person;

#[test]
fn people_come_and_go() {
    let mut model = model();
    model.apply(welcomed());
    let before = Rc::clone(&model.room.members);
    model.apply(Event::Joined(member(2, "Cleo", Security::Encrypted)));
    model.apply(Event::Joined(member(3, "Dan", Security::Plaintext)));
    assert_eq!((before.len(), model.room.members.len()), (2, 4));
    assert_eq!(model.room.unencrypted(), 1);
    assert_eq!(model.room.tone(), security::Tone::Alarm);
    model.apply(Event::Left { member: 3, name: "Dan".parse().unwrap(), how: Departure::Lost });
    assert_eq!((model.room.members.len(), model.room.unencrypted()), (3, 0));
    assert_eq!(rows(&model), ["Cleo came in", "Dan came in over plain TCP: NOT encrypted", "Dan lost the connection"]);
}

fn over(kind: Kind) -> Welcomed {
    let Event::Welcomed(welcomed) = welcomed() else { unreachable!() };
    Welcomed { transport: Some(kind), ..welcomed }
}

fn resumed(kind: Kind) -> Event {
    Event::Resumed { welcomed: over(kind), anew: false }
}

fn lost(detail: &str) -> Event {
    Event::State { state: State::Reconnecting, detail: detail.to_owned() }
}

fn joining(way: crate::session::Way) -> Model {
    let mut model = model();
    model.start.place = "192.168.1.20".to_owned();
    let Ok(Opening::Join(options)) = model.start.opening() else { panic!() };
    model.begin(&Opening::Join(crate::session::Options { way, ..options }));
    model
}

#[test]
fn that_quic_did_not_get_through_is_told_once() {
    use crate::session::Way;
    let told = "QUIC did not get through here; TLS is used. It is just as safe.";
    let mut model = joining(Way::Encrypted);
    model.apply(Event::Welcomed(over(Kind::Tls)));
    assert_eq!(rows(&model), [told]);
    for _ in 0..3 {
        model.apply(lost("Lost."));
        model.apply(resumed(Kind::Tls));
    }
    let again = rows(&model).into_iter().skip(1).filter(|row| row.contains("QUIC") || row.contains("TLS"));
    assert_eq!(again.count(), 0, "nothing has changed");
    // Whoever asked for TLS has it.
    let mut model = joining(Way::Only(Kind::Tls));
    model.apply(Event::Welcomed(over(Kind::Tls)));
    assert!(rows(&model).is_empty());
}

#[test]
fn a_change_of_transport_is_told_when_it_happens() {
    let mut model = joining(crate::session::Way::Encrypted);
    model.apply(Event::Welcomed(over(Kind::Quic)));
    for (kind, words) in [
        (Kind::Tls, "QUIC does not get through any more"),
        (Kind::Quic, "over QUIC again"),
        (Kind::Tls, "TLS is used now"),
    ] {
        let before = rows(&model).len();
        model.apply(lost("Lost."));
        model.apply(resumed(kind));
        let news = rows(&model).split_off(before);
        assert_eq!(news.iter().filter(|row| row.contains(words)).count(), 1, "{news:?}");
        assert_eq!(model.room.standing.transport, Some(kind));
    }
}

/// Whoever was never away is not told that they are back.
#[test]
fn what_nobody_noticed_is_told_in_one_line() {
    let mut model = joining(crate::session::Way::Encrypted);
    model.apply(Event::Welcomed(over(Kind::Quic)));
    for (kind, lines) in [(Kind::Quic, 0), (Kind::Tls, 1), (Kind::Quic, 2)] {
        model.apply(resumed(kind));
        model.apply(Event::State { state: State::Online, detail: "It goes on.".to_owned() });
        assert_eq!(rows(&model).iter().flat_map(|row| row.lines()).count(), lines, "{:?}", rows(&model));
    }
}

#[test]
fn one_outage_is_told_once_however_often_it_is_tried() {
    let mut model = joining(crate::session::Way::Encrypted);
    model.apply(Event::Welcomed(over(Kind::Quic)));
    for why in ["It was cut off.", "No answer.", "Nothing is listening there."] {
        model.apply(lost(why));
    }
    model.apply(resumed(Kind::Quic));
    model.apply(Event::State { state: State::Online, detail: String::new() });
    model.apply(lost("No answer."));
    assert_eq!(rows(&model), ["It was cut off.", "You are back", "No answer."]);
}

#[test]
fn one_can_join_again_what_was_not_ones_own() {
    let mut model = joining(crate::session::Way::Encrypted);
    let begun = model.begun.clone();
    model.apply(Event::Welcomed(over(Kind::Quic)));
    assert_eq!(model.again(), None, "one is there");
    model.apply(Event::Closed(Closed::Replaced));
    assert_eq!(model.again(), Some(begun));
}

/// How each conversation can end, and what is said then.
#[test]
fn every_end_is_told_in_words_that_say_what_to_do() {
    let detail = "a frame of length 0 arrived".to_owned();
    let code = crate::wire::CloseCode::Violation;
    let removed = Closed::Removed { code, detail: String::new() };
    let mut seen = std::collections::HashSet::new();
    for how in [Closed::HostLeft, Closed::Replaced, removed, Closed::Violation { detail }] {
        let mut model = joining(crate::session::Way::Encrypted);
        model.apply(Event::Welcomed(over(Kind::Quic)));
        model.apply(Event::Closed(how.clone()));
        let why = model.room.over.clone().unwrap();
        assert!(!why.is_empty() && !why.contains("frame"), "{why}");
        assert!(model.room.can_join_again());
        assert!(seen.insert(why));
        // The same before anybody was welcomed.
        let mut model = joining(crate::session::Way::Encrypted);
        model.apply(Event::Closed(how));
        assert_eq!((model.screen, model.refusal.button().as_deref()), (Screen::Refused, Some("Try again")));
        assert!(model.again().is_some() && !model.refusal.step.is_empty());
    }
}

#[test]
fn one_does_not_hear_of_ones_own_coming() {
    let mut model = model();
    model.apply(welcomed());
    model.apply(Event::Joined(member(1, "Ada", Security::Pinned)));
    assert_eq!(model.room.members.len(), 2);
    assert!(rows(&model).is_empty());
}

#[test]
fn a_member_who_left_keeps_the_colour_of_their_key() {
    let mut model = model();
    model.apply(welcomed());
    let cleo = member(2, "Cleo", Security::Encrypted);
    model.apply(Event::Joined(cleo.clone()));
    model.apply(Event::Left { member: 2, name: cleo.name.clone(), how: Departure::Left });
    model.apply(said(2, "Cleo", "late"));
    let log = model.room.feed.log();
    let Some(transcript::Row::Message(message)) = log.get(log.end() - 1) else { panic!() };
    assert_eq!(message.tint, people::tint(&cleo.name, cleo.fingerprint.as_ref()));
}

#[test]
fn first_contact_compares_what_is_pasted() {
    let mut model = model();
    model.apply(Event::Asked(Question::FirstContact {
        address: "here:1".to_owned(),
        fingerprint: key(5),
        known_as: vec![],
    }));
    assert_eq!((model.screen, model.way.verdict()), (Screen::Contact, Verdict::None));
    model.way.pasted = key(5).to_string();
    assert!(matches!(model.way.verdict(), Verdict::Good(_)));
    model.way.pasted = key(6).to_string();
    assert!(matches!(model.way.verdict(), Verdict::Bad(words) if words.contains("different key")));
    model.way.pasted = "nonsense".to_owned();
    assert!(matches!(model.way.verdict(), Verdict::Bad(_)));
    model.answered();
    assert_eq!(model.screen, Screen::Dialling);
}

#[test]
fn a_changed_key_is_a_full_stop() {
    let mut model = model();
    model.apply(Event::Refused(Refused {
        keys: Some(Box::new((key(1), key(2)))),
        ..Refused::new(RefusedReason::IdentityMismatch, "Another key.".to_owned())
    }));
    assert_eq!(model.screen, Screen::Refused);
    assert!(model.refusal.serious);
    let changed = model.refusal.changed.as_ref().unwrap();
    assert_eq!((changed.expected, changed.found), (key(1), key(2)));
    assert!(!changed.is_pinned() && model.again().is_none());
    let pin = crate::identity::Pin {
        fingerprint: key(1),
        names: vec!["Kitchen".parse().unwrap()],
        addresses: vec![],
        first_met: Timestamp::UNIX_EPOCH,
        last_met: Timestamp::UNIX_EPOCH,
        over: None,
    };
    model.look_up(&[pin], Timestamp::UNIX_EPOCH, &TimeZone::UTC);
    let changed = model.refusal.changed.as_ref().unwrap();
    assert!(changed.is_pinned() && !changed.may_replace());
    assert!(model.refusal.detail.contains("Kitchen"));
    assert_eq!(model.known.entries().len(), 1);
}

#[test]
fn every_refusal_has_its_own_words() {
    let mut titles = std::collections::HashSet::new();
    use RefusedReason::*;
    for reason in [
        IdentityMismatch,
        IdentityUnknown,
        IdentityRefused,
        Unreachable,
        PlaintextRefused,
        WrongProtocol,
        Version,
        NameTaken,
        NameInvalid,
        Full,
        NoSuchRoom,
        Busy,
        Local,
    ] {
        let mut model = model();
        model.apply(refused(reason));
        assert_eq!(model.refusal.detail, "Why, and what next.");
        assert_eq!(model.refusal.serious, reason == IdentityMismatch);
        assert!(titles.insert(model.refusal.title), "{reason:?} has a title of its own");
    }
}

#[test]
fn a_room_that_ends_keeps_transcript_and_draft() {
    let mut model = model();
    model.apply(welcomed());
    model.apply(said(0, "Ben", "hello"));
    model.room.draft = "half a th".to_owned();
    model.apply(Event::Closed(Closed::HostLeft));
    assert_eq!((model.screen, model.room.open()), (Screen::Room, false));
    assert_eq!(model.room.over.as_deref(), Some("The host left, and the room with it."));
    assert_eq!(model.room.draft, "half a th");
    assert_eq!(model.room.take_draft(), None);
    // The box is closed: what is in it can be copied from the transcript.
    assert!(rows(&model)[1].contains("half a th"));
    assert_eq!(rows(&model).len(), 3);
}

#[test]
fn leaving_goes_back_to_the_start() {
    let mut model = model();
    model.apply(welcomed());
    model.apply(Event::Closed(Closed::Left));
    assert_eq!(model.screen, Screen::Start);
}

#[test]
fn a_host_sees_the_invite_until_somebody_comes() {
    let mut model = model();
    model.apply(Event::Listening(crate::conversation::Listening {
        room: "Kitchen".parse().unwrap(),
        transports: vec![Kind::Quic, Kind::Tls],
        port: 7275,
        addresses: vec!["192.168.1.20:7275".to_owned()],
        fingerprint: key(0),
        invite: None,
    }));
    model.apply(welcomed());
    assert_eq!(model.room.side, Side::Invite);
    assert_eq!(model.room.door.as_ref().unwrap().fingerprint, Some(key(0)));
    let mut other = model.clone();
    model.apply(Event::Joined(member(2, "Cleo", Security::Encrypted)));
    assert_eq!(model.room.side, Side::Members);
    other.room.toggle_side(Side::Invite);
    other.room.toggle_side(Side::Invite);
    other.apply(Event::Joined(member(2, "Cleo", Security::Encrypted)));
    assert_eq!(other.room.side, Side::Invite, "a person's choice is not overruled");
}

#[test]
fn text_of_others_cannot_end_the_process() {
    let mut model = model();
    model.apply(welcomed());
    model.apply(said(0, "Ben", "a\0b\u{202e}c"));
    model.apply(Event::Closed(Closed::Lost { detail: "x\0y".to_owned() }));
    model.apply(Event::State { state: State::Dialling, detail: "x\0y".to_owned() });
    model.apply(Event::Refused(Refused::new(RefusedReason::Busy, "x\0y".to_owned())));
    assert!(rows(&model).iter().all(|row| !row.contains(['\0', '\u{202e}'])));
    assert!(!model.way.detail.contains('\0') && !model.refusal.detail.contains('\0'));
}

#[test]
fn what_comes_while_one_looks_elsewhere_is_counted_and_told() {
    let mut model = model();
    model.apply(welcomed());
    model.apply(said(0, "Ben", "one sees this"));
    assert_eq!((model.title().as_str(), model.bell.notification()), ("Kitchen – parlor", None));
    model.focus_changed(false);
    model.apply(said(1, "Ada", "one's own"));
    let Event::Said(history) = said(0, "Ben", "long ago") else { panic!() };
    model.apply(Event::Said(Said { history: true, ..history }));
    assert_eq!((model.title().as_str(), model.bell.notification()), ("Kitchen – parlor", None));
    model.apply(said(0, "Ben", "hello"));
    model.apply(said(0, "Ben", "are you there?"));
    assert_eq!(model.title(), "(2) Kitchen – parlor");
    assert_eq!(model.bell.notification().unwrap().summary, "2 messages from Ben in Kitchen");
    model.focus_changed(true);
    assert_eq!((model.title().as_str(), model.bell.notification()), ("Kitchen – parlor", None));
}

#[test]
fn who_has_muted_it_still_sees_the_count() {
    let mut model = model();
    model.apply(welcomed());
    model.focus_changed(false);
    model.apply(said(0, "Ben", "hello"));
    assert!(model.press(Anywhere::Mute));
    assert_eq!(model.bell.notification(), None, "also of what came before");
    model.apply(said(0, "Ben", "hello"));
    assert_eq!((model.title().as_str(), model.bell.notification()), ("(2) Kitchen – parlor", None));
    model.press(Anywhere::Mute);
    model.apply(said(0, "Ben", "hello"));
    assert_eq!(model.bell.notification().unwrap().summary, "Ben wrote in Kitchen");
}

#[test]
fn a_conversation_goes_on_below_the_settings() {
    let mut model = model();
    model.begin(&model.start.opening().unwrap_or(Opening::Choose));
    model.press(Anywhere::Settings);
    model.apply(welcomed());
    model.apply(said(0, "Ben", "hello"));
    assert_eq!((model.screen, model.overlay, rows(&model).len()), (Screen::Room, Some(Overlay::Settings), 1));
    model.press(Anywhere::Keys);
    assert_eq!(model.overlay, Some(Overlay::Keys));
    assert!(model.press(Anywhere::Close));
    assert_eq!((model.screen, model.overlay), (Screen::Room, None));
    assert!(!model.press(Anywhere::Close), "it is of use to the screen, then");
    for key in [Anywhere::Keys, Anywhere::Settings] {
        assert!(model.press(key) && model.overlay.is_some());
        assert!(model.press(key) && model.overlay.is_none(), "the same key leads back");
    }
}

#[test]
fn a_name_that_is_set_is_the_next_rooms() {
    let mut model = model();
    model.press(Anywhere::Settings);
    assert_eq!(model.adjusting.name, "Ada");
    model.adjusting.name = "not: a name".to_owned();
    assert!(matches!(model.name_verdict(), Verdict::Bad(_)));
    model.press(Anywhere::Settings);
    assert_eq!((model.start.name.as_str(), model.settings.name.as_ref()), ("Ada", None));
    model.press(Anywhere::Settings);
    assert_eq!(model.adjusting.name, "Ada", "what is no name is forgotten");
    model.adjusting.name = "Lovelace".to_owned();
    model.press(Anywhere::Close);
    assert_eq!(model.start.name, "Lovelace");
    assert_eq!(model.settings.name.as_ref().unwrap().as_str(), "Lovelace");
}

#[test]
fn colours_are_as_one_likes_or_as_the_desktops() {
    let mut model = model();
    model.dark_desktop = true;
    for (theme, dark) in [(Theme::System, true), (Theme::Light, false), (Theme::Dark, true)] {
        model.settings.theme = theme;
        assert_eq!(model.is_dark(), dark);
    }
    model.dark_desktop = false;
    model.settings.theme = Theme::System;
    assert!(!model.is_dark());
}
