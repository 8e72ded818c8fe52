//! What begins with a slash is asked of the window, and not said.
//!
//! What is not known is not said either, for it may be a mistyped command with something private after it: it stays in the
//! box, and one is told how to say it all the same.

/// What can be asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    /// List what can be typed.
    Help,
    /// Leave the room.
    Leave,
    /// Find these words in the transcript.
    Find(String),
    /// Save the transcript into a file.
    Save,
}

/// What a draft asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Meaning {
    /// To say this.
    Say(String),
    /// To do this.
    Do(Order),
    /// Nothing that is known: a sentence about it.
    Unknown(String),
}

/// A command, as it is typed and explained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Its name, without the slash.
    pub(crate) name: &'static str,
    /// What is typed after it.
    pub(crate) takes: &'static str,
    /// What it does.
    pub(crate) does: &'static str,
}

/// All commands.
pub(crate) const KNOWN: [Known; 4] = [
    Known { name: "help", takes: "", does: "lists what can be typed" },
    Known { name: "leave", takes: "", does: "leaves the room" },
    Known { name: "find", takes: "words", does: "finds words in what was said" },
    Known { name: "save", takes: "", does: "saves what was said into a file" },
];

/// The draft that says this: what begins with a slash needs one more.
pub(crate) fn draft_of(said: &str) -> String {
    if said.starts_with('/') { format!("/{said}") } else { said.to_owned() }
}

/// What an outgoing draft means.
pub(crate) fn meaning(draft: &str) -> Meaning {
    let Some(rest) = draft.strip_prefix('/') else { return Meaning::Say(draft.to_owned()) };
    if rest.starts_with('/') {
        return Meaning::Say(rest.to_owned());
    }
    let (name, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let words = words.trim();
    let alone = |order| match words {
        "" => Meaning::Do(order),
        _ => Meaning::Unknown(format!("/{name} takes nothing after it. To say all of it, begin with //.")),
    };
    match name.to_lowercase().as_str() {
        "help" => alone(Order::Help),
        "leave" => alone(Order::Leave),
        "save" => alone(Order::Save),
        "find" => Meaning::Do(Order::Find(words.to_owned())),
        _ => Meaning::Unknown(format!(
            "There is no command {}: /help lists those there are. To say it, begin with // instead of /.",
            shortened(name)
        )),
    }
}

/// A name that was typed, and may be anything.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 24;
    let mut shown: String = name.chars().take(LONGEST).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    format!("/{shown}")
}

/// What `/help` says.
pub(crate) fn help() -> String {
    let commands = KNOWN.map(|known| match known.takes {
        "" => format!("/{}  {}", known.name, known.does),
        takes => format!("/{} {takes}  {}", known.name, known.does),
    });
    let keys = [
        "//…  says what begins with a slash",
        "Tab  completes a name, or a short code such as :smi",
        ":smile:  becomes its emoji",
        "Up, in an empty box  brings back what you sent",
    ];
    ["What can be typed:"]
        .into_iter()
        .chain(commands.iter().map(String::as_str))
        .chain(keys)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_begin_with_a_slash_is_said() {
        for text in ["hello", "either/or", " /help", "http://x", "a\n/help"] {
            assert_eq!(meaning(text), Meaning::Say(text.to_owned()));
        }
    }

    #[test]
    fn two_slashes_say_one() {
        assert_eq!(meaning("//etc/hosts is broken"), Meaning::Say("/etc/hosts is broken".to_owned()));
        assert_eq!(meaning("///"), Meaning::Say("//".to_owned()));
    }

    #[test]
    fn every_command_that_is_listed_is_known() {
        for known in KNOWN {
            assert!(matches!(meaning(&format!("/{}", known.name)), Meaning::Do(_)), "{}", known.name);
            assert!(help().contains(known.name) && help().contains(known.does));
        }
        assert_eq!(meaning("/FIND  the key\n"), Meaning::Do(Order::Find("the key".to_owned())));
        assert_eq!(meaning("/find"), Meaning::Do(Order::Find(String::new())));
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let Meaning::Unknown(words) = meaning("/etc/hosts is broken") else { panic!() };
        assert!(words.contains("/etc/hosts:") && words.contains("/help") && words.contains("//"), "{words}");
        assert!(matches!(meaning("/msg Ben\nsecret"), Meaning::Unknown(_)));
        assert!(matches!(meaning("/leave the door open"), Meaning::Unknown(_)));
        assert!(matches!(meaning("/"), Meaning::Unknown(_)));
        let Meaning::Unknown(words) = meaning(&format!("/{}", "x".repeat(8000))) else { panic!() };
        assert!(words.len() < 200);
    }
}
