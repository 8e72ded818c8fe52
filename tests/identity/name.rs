//! A name is clean, and looks like itself only.

use parlor::identity::{Name, NameError as Error, RoomName};
use proptest::prelude::*;

fn parse(text: &str) -> Result<Name, Error> {
    text.parse()
}

#[test]
fn names_of_many_scripts_are_names() {
    for name in ["Ana", "O'Neill", "Жанна", "李小龍", "नेहा", "Nguyễn Văn", "Ana 🐈", "7", "שָׁלוֹם"]
    {
        assert!(parse(name).is_ok(), "{name}");
    }
}

#[test]
fn a_name_is_normalised() {
    assert_eq!(parse("  Ana \u{A0} María\n").unwrap().as_str(), "Ana María");
    assert_eq!(parse("Jose\u{301}").unwrap().as_str(), "José");
}

#[test]
fn what_cannot_be_seen_is_refused() {
    for character in [
        '\0',
        '\t',
        '\n',
        '\u{1B}',
        '\u{7F}',
        '\u{85}',
        '\u{AD}',
        '\u{61C}',
        '\u{200B}',
        '\u{200D}',
        '\u{200E}',
        '\u{2028}',
        '\u{202E}',
        '\u{2066}',
        '\u{2800}',
        '\u{3164}',
        '\u{70F}',
        '\u{1D159}',
        '\u{E000}',
        '\u{FE0F}',
        '\u{FEFF}',
        '\u{FFFD}',
        '\u{1FFFE}',
        '\u{E0041}',
        '\u{10FFFF}',
    ] {
        assert_eq!(parse(&format!("A{character}na")), Err(Error::Invisible { character }));
    }
}

#[test]
fn a_name_has_a_letter_and_bounds() {
    for empty in ["", "  ", "...", "🐈", "- _ -"] {
        assert_eq!(parse(empty), Err(Error::Empty), "{empty:?}");
    }
    assert!(parse(&"好".repeat(32)).is_ok());
    assert_eq!(parse(&"好".repeat(33)), Err(Error::TooLong { max: 32 }));
    assert_eq!(parse(&"x".repeat(100_000)), Err(Error::TooLong { max: 32 }));
    assert!("好".repeat(64).parse::<RoomName>().is_ok());
    assert_eq!("好".repeat(65).parse::<RoomName>(), Err(Error::TooLong { max: 64 }));
    assert_eq!(parse(&format!("A{}", "\u{489}".repeat(4))), Err(Error::Marks));
}

#[test]
fn names_that_differ_only_in_looks_are_the_same() {
    let folded = |text: &str| parse(text).unwrap().folded();
    for (one, other) in [
        ("Ana", "ANA"),
        ("Ana", "Ａｎａ"),
        ("Jean-Luc", "jean luc"),
        ("O'Neill", "o’neill"),
        ("Straße", "STRASSE"),
        ("ΣΑΣ", "σας"),
        ("a_n.a", "Ana"),
    ] {
        assert_eq!(folded(one), folded(other));
    }
    assert_ne!(folded("Ana"), folded("Anna"));
}

fn look_alike(one: &str, other: &str) -> bool {
    let (one, other) = (parse(one).unwrap().likenesses(), parse(other).unwrap().likenesses());
    one.iter().any(|likeness| other.contains(likeness))
}

#[test]
fn names_that_look_alike_are_told() {
    for (one, other) in [
        ("Ana", "ANA"),
        ("Alice", "АІісе"), // Cyrillic А, І, і, с, е
        ("Al", "AI"),
        ("Bill", "BiII"),
        ("Bill", "bi11"),
        ("Bob", "B0b"),
        ("moo", "rnoo"),
        ("paul", "рaul"),  // Cyrillic р
        ("Ana", "Аna"),    // Cyrillic А
        ("Ann o", "Αnno"), // Greek Α
        ("Straße", "STRASSE"),
        ("ada", "ａｄａ"),
        ("Ваня", "ВАНЯ"),
    ] {
        assert!(look_alike(one, other), "{one} {other}");
    }
    for (one, other) in [("Ana", "Anna"), ("Ben", "Den"), ("Mia", "Mila"), ("李", "季"), ("Ваня", "Вася"), ("An", "Am")]
    {
        assert!(!look_alike(one, other), "{one} {other}");
    }
}

#[test]
fn scripts_are_mixed_only_as_languages_mix_them() {
    for fine in [
        "Ana 2",
        "Zoë",
        "Иван",
        "Ελένη",
        "محمد",
        "דוד",
        "李雷",
        "さくら",
        "サクラ 桜",
        "김철수",
        "प्रिया",
        "Sakura さくら 桜",
        "John 李",
        "Kim 김",
        "Ali علي",
        "👍 Ana",
        "ท้องฟ้า",
        "Nguyễn",
    ] {
        assert!(!parse(fine).unwrap().mixes_scripts(), "{fine}");
    }
    for odd in ["Аna", "paуl", "Αnna", "Ваня Smith", "अали", "さくרа"] {
        assert!(parse(odd).unwrap().mixes_scripts(), "{odd}");
    }
}

#[test]
fn a_free_name_is_suggested() {
    let ana = parse("Ana").unwrap();
    assert_eq!(ana.suggest(|_| false).as_str(), "Ana");
    assert_eq!(ana.suggest(|name| name.as_str() == "Ana").as_str(), "Ana 2");
    assert_eq!(ana.suggest(|name| ["Ana", "Ana 2"].contains(&name.as_str())).as_str(), "Ana 3");
}

#[test]
fn the_default_name_is_a_name() {
    assert!(parse(Name::default_name().as_str()).is_ok());
}

#[test]
fn what_is_read_from_the_wire_is_checked() {
    assert_eq!(serde_json::from_str::<Name>("\" Ana \"").unwrap().as_str(), "Ana");
    assert!(serde_json::from_str::<Name>("\"A\\u202Ena\"").is_err());
    assert_eq!(serde_json::to_string(&parse("Ana").unwrap()).unwrap(), "\"Ana\"");
}

/// Any name of a room.
pub(crate) fn any_room() -> impl Strategy<Value = RoomName> {
    "\\PC{0,40}[a-z]\\PC{0,20}".prop_filter_map("not a name", |text| text.parse().ok())
}

proptest! {
    #[test]
    fn a_name_is_clean_and_stays_as_it_is(text in "\\PC{0,40}", any in any::<String>()) {
        for text in [text, any] {
            if let Ok(name) = parse(&text) {
                prop_assert!(name.as_str().len() <= 128 && !name.folded().is_empty());
                prop_assert_eq!(parse(name.as_str()), Ok(name));
            }
        }
    }

    #[test]
    fn a_suggestion_is_a_name_and_is_free(room in any_room(), taken in 0usize..12) {
        let mut names = Vec::new();
        for _ in 0..taken {
            let next = room.suggest(|name| names.contains(&name.folded()));
            prop_assert_eq!(next.as_str().parse(), Ok(next.clone()));
            prop_assert!(!names.contains(&next.folded()));
            names.push(next.folded());
        }
    }
}
