//! What is being written, and whether it can be sent.

use crate::wire::limits::TEXT;

/// Bytes of a draft from which on the limit is worth a word.
const NEAR: usize = TEXT - 512;

/// Bytes that a text box is given at most: laying out much more than can be sent would stop the window.
pub(crate) const LARGEST: usize = 2 * TEXT;

/// What there is to say about a draft.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Nothing that could be sent.
    Empty,
    /// It can be sent.
    Fine,
    /// It can be sent, and so many more plain letters, which take a byte each.
    Near(usize),
    /// So many characters at its end do not fit.
    Over(usize),
}

/// The draft as it would be sent: without the line breaks and spaces at its end.
pub(crate) fn outgoing(draft: &str) -> &str {
    draft.trim_end()
}

/// Whether it can be sent.
pub(crate) fn verdict(draft: &str) -> Verdict {
    let text = outgoing(draft);
    match text.len() {
        0 => Verdict::Empty,
        bytes if bytes > TEXT => {
            let rest = text.get(text.floor_char_boundary(TEXT)..).unwrap_or_default();
            Verdict::Over(rest.chars().count())
        }
        bytes if bytes > NEAR => Verdict::Near(TEXT - bytes),
        _ => Verdict::Fine,
    }
}

impl Verdict {
    /// Whether it can be sent.
    pub(crate) fn sendable(self) -> bool {
        matches!(self, Self::Fine | Self::Near(_))
    }

    /// What to say about it; nothing, mostly.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Empty | Self::Fine => String::new(),
            Self::Near(0) => "This message is full.".to_owned(),
            Self::Near(left) => {
                format!(
                    "Room for {left} more plain letters in this message; an é takes the room of two, an emoji of four or more."
                )
            }
            Self::Over(1) => "Too long: the last character does not fit into one message.".to_owned(),
            Self::Over(over) => {
                format!("Too long: the last {over} characters do not fit into one message. Send them in another one.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_not_sent() {
        assert_eq!(verdict(""), Verdict::Empty);
        assert_eq!(verdict(" \n\t\n"), Verdict::Empty);
        assert!(!verdict("\n").sendable());
    }

    #[test]
    fn the_limit_is_counted_in_bytes_and_announced() {
        assert_eq!(verdict(&"x".repeat(NEAR)), Verdict::Fine);
        assert_eq!(verdict(&"x".repeat(TEXT - 3)), Verdict::Near(3));
        assert_eq!(verdict(&"x".repeat(TEXT)), Verdict::Near(0));
        assert_eq!(verdict(&"é".repeat(TEXT / 2 + 1)), Verdict::Over(1));
        assert_eq!(verdict(&format!("x{}", "é".repeat(TEXT / 2))), Verdict::Over(1));
        assert!(verdict(&"x".repeat(TEXT)).sendable());
        assert!(!verdict(&"x".repeat(TEXT + 1)).sendable());
        assert!(verdict(&"x".repeat(TEXT + 12)).words().contains("the last 12 characters"));
    }

    #[test]
    fn spaces_at_the_end_do_not_count() {
        assert_eq!(outgoing("  code\n\n"), "  code");
        assert_eq!(verdict(&format!("{}\n\n", "x".repeat(NEAR))), Verdict::Fine);
    }
}
