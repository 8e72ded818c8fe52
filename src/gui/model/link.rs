//! Links in a text: where they are, and where they truly lead.
//!
//! A link is what somebody typed, so it never says one thing and leads to another; but letters of one alphabet pass for those
//! of another, so what is shown before it is opened is the address as a browser sees it, its host in ASCII. Nothing is
//! ever fetched.

use linkify::{LinkFinder, LinkKind};
use url::Url;

use crate::wire::text::beginning;

/// Links of one line that are found at most, and of one message about as many; what comes after them is text.
pub(super) const MOST: usize = 64;

/// Bytes of a target that are told: its machine's name is at their beginning.
const TOLD: usize = 200;

/// A link in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Link {
    /// Its first byte.
    pub(crate) from: usize,
    /// The byte after its last.
    pub(crate) to: usize,
    /// Where it leads.
    pub(crate) target: String,
}

/// The links of a line, in their order.
pub(crate) fn find(line: &str) -> Vec<Link> {
    if !line.contains([':', '@']) {
        return Vec::new();
    }
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url, LinkKind::Email]);
    finder
        .links(line)
        .filter_map(|found| {
            let target = match found.kind() {
                LinkKind::Email => Url::parse(&format!("mailto:{}", found.as_str())).ok().map(String::from),
                _ => target(found.as_str()),
            };
            Some(Link { from: found.start(), to: found.end(), target: target? })
        })
        .take(MOST)
        .collect()
}

/// Where an address leads, if it leads to a page or a room. What was typed as `mailto:` may fill in a whole letter, and
/// leads nowhere.
fn target(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let is_known = match url.scheme() {
        // A name and password in an address are there to mislead.
        "http" | "https" => url.host_str().is_some() && url.username().is_empty() && url.password().is_none(),
        "parlor" => true,
        _ => false,
    };
    // An invite is read with care elsewhere; any other form of it than the one it was typed in would not be it, but for the
    // letters of its scheme.
    is_known.then(|| match address.split_once(':') {
        Some((_, rest)) if url.scheme() == "parlor" => format!("parlor:{rest}"),
        _ => url.to_string(),
    })
}

/// Whether a link is an invite to a room.
pub(crate) fn is_invite(target: &str) -> bool {
    target.starts_with("parlor:")
}

/// What happens when the link is opened, as a line to be read before.
pub(crate) fn words(target: &str) -> String {
    let shown = super::text::label(beginning(target, TOLD));
    let shown = if target.len() > TOLD { format!("{shown}…") } else { shown };
    match target.split(':').next() {
        Some("parlor") => "Leads to another room: it would be filled in on the start screen.".to_owned(),
        Some("mailto") => format!("Writes a mail to {}", shown.trim_start_matches("mailto:")),
        _ if target.contains("://xn--") || target.contains(".xn--") => {
            format!("Letters of other alphabets are in this name, which can pass for others: opens {shown}")
        }
        _ => format!("Opens {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<(&str, String)> {
        find(line).into_iter().map(|link| (&line[link.from..link.to], link.target)).collect()
    }

    #[test]
    fn addresses_of_pages_and_mailboxes_are_links() {
        assert_eq!(
            found("see https://example.org/a?b=c, (http://example.com) or ada@example.org."),
            [
                ("https://example.org/a?b=c", "https://example.org/a?b=c".to_owned()),
                ("http://example.com", "http://example.com/".to_owned()),
                ("ada@example.org", "mailto:ada@example.org".to_owned()),
            ]
        );
    }

    #[test]
    fn nothing_else_is_a_link() {
        let other =
            "main.rs example.org file:///etc/passwd javascript:alert(1) ssh://a@b data:text/html,x smb://server";
        assert_eq!(found(other), [("a@b", "mailto:a@b".to_owned())].into_iter().filter(|_| false).collect::<Vec<_>>());
        assert!(found("https://bank.example@evil.example/").iter().all(|(_, target)| target.starts_with("mailto:")));
    }

    #[test]
    fn a_host_in_letters_of_another_alphabet_is_shown_as_what_it_is() {
        let [(_, target)] = &found("https://аррle.example/")[..] else { panic!() };
        assert!(target.starts_with("https://xn--"), "{target}");
        assert!(words(target).contains("other alphabets"));
        assert_eq!(words("https://example.org/"), "Opens https://example.org/");
    }

    #[test]
    fn an_invite_is_a_link_and_is_kept_as_it_was_typed() {
        let [(_, target)] = &found("parlor://192.168.1.20:7275/?k=AbC")[..] else { panic!() };
        assert_eq!(target, "parlor://192.168.1.20:7275/?k=AbC");
        assert!(is_invite(target));
        let [(_, target)] = &found("PARLOR://192.168.1.20/?key=AbC")[..] else { panic!() };
        assert!(is_invite(target), "{target}");
    }

    #[test]
    fn a_link_does_not_fill_in_a_letter() {
        assert!(find("mailto:a@b.example?attach=/etc/passwd").iter().all(|link| !link.target.contains('?')));
        assert!(find("mailto://a@b.example?attach=/etc/passwd").iter().all(|link| !link.target.contains('?')));
    }

    #[test]
    fn many_links_on_a_line_are_bounded() {
        assert_eq!(find(&"https://a.example ".repeat(200)).len(), MOST);
    }
}
