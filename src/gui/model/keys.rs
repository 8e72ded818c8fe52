//! The keys, for whoever asks which there are; and those that do something wherever one is.

/// A part of the list: what it is about, and its keys with what they do.
pub(crate) type Part = (&'static str, &'static [(&'static str, &'static str)]);

/// All keys.
pub(crate) const ALL: &[Part] = &[
    (
        "Anywhere",
        &[
            ("F1", "this list"),
            ("Ctrl+,", "settings"),
            ("Ctrl++, Ctrl+−", "larger text, smaller text"),
            ("Ctrl+0", "text of the usual size"),
            ("Ctrl+M", "mute notifications, or hear of them again"),
            ("Tab, Shift+Tab", "on to the next thing, back to the last"),
            ("Enter, Space", "press what has the ring around it"),
            ("Escape", "close what is open, or cancel"),
        ],
    ),
    (
        "Writing",
        &[
            ("Enter", "send"),
            ("Shift+Enter", "a new line"),
            ("Up, Down", "in an empty box: what you sent before, and on again"),
            ("Tab, Shift+Tab", "complete a name, an :emoji: or a /command; the one before"),
            ("Ctrl+Z, Ctrl+Shift+Z", "undo, redo"),
            ("Ctrl+A", "select all"),
            ("Ctrl+C, Ctrl+X, Ctrl+V", "copy, cut, paste"),
        ],
    ),
    (
        "Reading",
        &[
            ("Ctrl+F", "find; Enter goes to older ones, Shift+Enter to newer"),
            ("Ctrl+S", "save the transcript in a file"),
            ("Page Up, Page Down", "a page back, a page on"),
            ("Home, End", "to the beginning, to the end"),
            ("Left, Right", "the link before, the next one; Enter opens it"),
            ("Ctrl+A, Ctrl+C", "select everything; copy what is selected"),
            ("any letter", "goes into your message"),
        ],
    ),
];

/// What a key does wherever one is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Anywhere {
    /// The list of keys, or away with it.
    Keys,
    /// The settings, or away with them.
    Settings,
    /// Away with what is over the screen.
    Close,
    /// Larger text.
    Larger,
    /// Smaller text.
    Smaller,
    /// Text of the usual size.
    UsualSize,
    /// No notifications, or some again.
    Mute,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_key_is_listed_once_in_its_part_and_says_what_it_does() {
        for (part, keys) in ALL {
            let mut seen = HashSet::new();
            for (key, does) in keys.iter().copied() {
                assert!(!key.is_empty() && !does.is_empty() && !does.ends_with('.'), "{part}: {key}");
                assert!(seen.insert(key), "{part}: {key} twice");
            }
            assert!(!seen.is_empty(), "{part}");
        }
    }
}
