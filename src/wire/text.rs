//! Text of others, made harmless before anybody looks at it.
//!
//! What a peer sends is text, never markup or terminal control. Characters that would command a terminal, turn the
//! direction of a line around or end the process of a window are replaced by visible ones, so that nothing disappears
//! and nothing acts.

use super::limits;

/// The text with every control and every direction override replaced by a visible character; line breaks (as `\n`) and
/// tabs stay.
pub fn clean(text: &str) -> String {
    // Most texts, and nothing in them to be replaced.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return text.to_owned();
    }
    text.replace("\r\n", "\n").chars().map(harmless).collect()
}

/// The same on one line, for places where a line break would let a text pretend to be the next entry.
pub fn clean_line(text: &str) -> String {
    clean(text).chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).collect()
}

/// A reason that a peer gave, on one line and no longer than [`limits::REASON`], however long it was.
pub fn reason(given: &str) -> String {
    clean_line(beginning(given, limits::REASON))
}

/// As much of the text as `most` bytes hold, cut between two characters.
pub fn beginning(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

fn harmless(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
        // Unicode's pictures of the C0 controls, in their order, and of DEL.
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        // Direction marks, embeddings, overrides and isolates: a text must not reorder what stands around it.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        // Interlinear annotations and the language tag hide text.
        '\u{fff9}'..='\u{fffb}' | '\u{e0001}' => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(clean("a\x1b[31mred\0\x07\x7f\u{9b}"), "a␛[31mred␀␇␡\u{fffd}");
        assert_eq!(clean("one\r\ntwo\rthree\tfour\u{2028}five"), "one\ntwo\nthree\tfour\nfive");
    }

    #[test]
    fn a_text_cannot_turn_the_line_around() {
        assert_eq!(clean("\u{202e}evil\u{2066}"), "\u{fffd}evil\u{fffd}");
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(clean_line("hi\nBen: I agree"), "hi Ben: I agree");
    }

    #[test]
    fn ordinary_text_of_any_script_is_untouched() {
        for text in ["Grüße, 你好, مرحبا, 👩‍👩‍👧 é", "`code` <b>"] {
            assert_eq!(clean(text), text);
        }
    }
}
