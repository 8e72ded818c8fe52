//! Names: whose they are, and for how long.

use parlor::{
    room::Candidate,
    wire::message::{Departure, Refusal},
};

use crate::harness::{keyed, plain, refusal, room};

#[test]
fn a_key_owns_its_name_whether_it_is_there_or_not() {
    let (room, _host) = room();
    for name in ["Ana", "ana", "A N A"] {
        let refused = refusal(room.admit(&keyed(name, 2)));
        assert_eq!(refused.refusal, Refusal::NameTaken);
        assert!(room.admit(&keyed(refused.suggestion.unwrap().as_str(), 2)).is_ok());
    }
    drop(room.admit(&keyed("Ben", 3)).unwrap());
    assert_eq!(refusal(room.admit(&keyed("Ben", 4))).refusal, Refusal::NameTaken);
    assert_eq!(refusal(room.admit(&plain("Ben"))).refusal, Refusal::NameTaken);
    assert!(room.admit(&keyed("Ben", 3)).is_ok());
}

#[test]
fn a_name_without_a_key_is_only_held_while_its_member_is_there() {
    let (room, _host) = room();
    let ben = room.admit(&plain("Ben")).unwrap();
    assert_eq!(refusal(room.admit(&plain("Ben"))).refusal, Refusal::NameTaken);
    assert_eq!(refusal(room.admit(&keyed("Ben", 2))).refusal, Refusal::NameTaken);
    let number = ben.member().id;
    drop(ben);
    let other = room.admit(&keyed("Ben", 2)).unwrap();
    assert_ne!(other.member().id, number, "it is somebody else");
}

#[test]
fn nobody_takes_the_hosts_place() {
    let (room, _host) = room();
    assert_eq!(refusal(room.admit(&keyed("Ana", 1))).refusal, Refusal::NameTaken);
    assert!(room.admit(&keyed("Ana's phone", 1)).is_ok());
}

#[test]
fn a_bad_name_and_another_room_are_refused() {
    let (room, _host) = room();
    for name in ["", " ", "a\u{202e}b", "a:b", &"x".repeat(33)] {
        assert_eq!(refusal(room.admit(&keyed(name, 2))).refusal, Refusal::NameInvalid, "{name:?}");
    }
    let elsewhere = Candidate { room: Some("Attic"), ..keyed("Ben", 2) };
    assert_eq!(refusal(room.admit(&elsewhere)).refusal, Refusal::NoSuchRoom);
}

/// The others would have known one member under two spellings.
#[test]
fn who_takes_their_own_place_keeps_their_spelling() {
    let (room, _host) = room();
    let _old = room.admit(&keyed("Ben", 2)).unwrap();
    assert_eq!(room.admit(&keyed("BEN", 2)).unwrap().member().name.as_str(), "Ben");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_looks_like_a_keys_name_is_refused_and_another_is_suggested() {
    let (room, _host) = room();
    drop(room.admit(&keyed("Alice", 2)).unwrap());
    for alike in ["AIice", "аlice", "alice", "A-lice", "АІісе"] {
        for candidate in [keyed(alike, 3), plain(alike)] {
            let refused = refusal(room.admit(&candidate));
            // What mixes scripts is refused for that.
            let Refusal::NameTaken = refused.refusal else {
                assert_eq!(refused.refusal, Refusal::NameInvalid, "{alike}");
                continue;
            };
            let suggestion = refused.suggestion.unwrap();
            assert!(room.admit(&Candidate { name: suggestion.as_str(), ..candidate }).is_ok(), "{suggestion}");
        }
    }
    assert_eq!(room.admit(&keyed("ALICE", 2)).unwrap().member().id, 1, "to its own key it is still the same name");
}

#[tokio::test(start_paused = true)]
async fn a_member_without_a_key_never_displaces_one_who_has_a_key() {
    let (room, _host) = room();
    let without = room.admit(&plain("Ben")).unwrap();
    assert_eq!(refusal(room.admit(&keyed("Ben", 2))).refusal, Refusal::NameTaken);
    without.leave(Departure::Left);
    drop(room.admit(&keyed("Ben", 2)).unwrap());
    assert_eq!(refusal(room.admit(&plain("Ben"))).refusal, Refusal::NameTaken);
}
