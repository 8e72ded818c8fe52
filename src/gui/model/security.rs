//! The state of security, in words that somebody understands who has never heard of a key.

use super::start::Verdict;
use crate::{identity::Fingerprint, transport::Kind, wire::Security};

/// How loud to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tone {
    /// All is as it should be.
    Good,
    /// Something deserves a look.
    Warn,
    /// This is not private.
    Alarm,
}

/// What is known of how one is connected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Standing {
    /// What the connection guarantees; for the host, the least that its room accepts.
    pub(crate) security: Security,
    /// How one is connected; none for the host.
    pub(crate) transport: Option<Kind>,
    /// What the host's room accepts; empty for others.
    pub(crate) served: Vec<Kind>,
    /// The host's key.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// The key exchange, by its standard name.
    pub(crate) key_exchange: Option<String>,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            security: Security::Plaintext,
            transport: None,
            served: Vec::new(),
            fingerprint: None,
            key_exchange: None,
        }
    }
}

/// A transport, as people write it.
pub(crate) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Quic => "QUIC",
        Kind::Tls => "TLS",
        Kind::Tcp => "plain TCP",
        Kind::Memory => "memory",
    }
}

impl Standing {
    fn hosting(&self) -> bool {
        self.transport.is_none()
    }

    fn only_plain(&self) -> bool {
        self.served.iter().all(|kind| *kind == Kind::Tcp)
    }

    /// How loud to be about it, when so many of the members are unencrypted.
    pub(crate) fn tone(&self, unencrypted: usize) -> Tone {
        match self.security {
            Security::Plaintext => Tone::Alarm,
            _ if unencrypted > 0 => Tone::Alarm,
            Security::Encrypted if !self.hosting() => Tone::Warn,
            Security::Encrypted | Security::Pinned => Tone::Good,
        }
    }

    /// The one line that is always in sight.
    pub(crate) fn words(&self, unencrypted: usize) -> String {
        let words = match (self.security, self.transport) {
            (Security::Plaintext, None) if !self.only_plain() => {
                "PARTLY UNENCRYPTED · this room also accepts plain TCP".to_owned()
            }
            (Security::Plaintext, _) => "NOT ENCRYPTED · plain TCP".to_owned(),
            (_, None) => {
                let served: Vec<&str> = self.served.iter().map(|kind| name(*kind)).collect();
                let mut words = "Encrypted".to_owned();
                if !served.is_empty() {
                    words = format!("{words} · {}", served.join(" and "));
                }
                format!("{words} · you are the host")
            }
            (Security::Encrypted, Some(kind)) => format!("Encrypted · {} · key not yet compared", name(kind)),
            (Security::Pinned, Some(kind)) => format!("Encrypted · {} · key checked", name(kind)),
        };
        // What is worst comes first.
        match unencrypted {
            0 => words,
            1 => format!("1 member is NOT encrypted · you: {words}"),
            many => format!("{many} members are NOT encrypted · you: {words}"),
        }
    }

    /// What that means.
    pub(crate) fn explanation(&self, unencrypted: usize) -> String {
        let first = match (self.security, self.transport) {
            (Security::Plaintext, None) if !self.only_plain() => {
                "Whoever joins this room over plain TCP can be read, and what they send can be changed, by anybody on the \
                 way. They hear what everybody says."
            }
            (Security::Plaintext, _) => {
                "Nothing here is private. Everybody on the way, on this network and beyond, can read what is said, change \
                 it, and pretend to be somebody else. Say nothing here that you would not say in the street."
            }
            (_, None) => {
                "Everybody joins this room over an encrypted connection. Nobody on the way can read or change what is \
                 said. You, the host, read everything, as every member does."
            }
            (Security::Encrypted, _) => {
                "Nobody who merely listens can read this. But whether it is your host at the other end has not been \
                 checked: compare the fingerprint below with the one that the host's window shows."
            }
            (Security::Pinned, _) => {
                "Nobody on the way can read or change what is said, and the host has proved to hold the key that you \
                 trust. The host and the members read everything that is said in the room."
            }
        };
        if unencrypted == 0 || self.security == Security::Plaintext {
            return first.to_owned();
        }
        format!(
            "Not everybody here is encrypted: those marked in red hear all that is said over plain TCP, where anybody \
             can read it.\n\nFor your own connection: {first}"
        )
    }

    /// How to make sure by oneself that the key is the host's.
    pub(crate) fn comparing(&self) -> &'static str {
        if self.hosting() {
            "This is your own key. Whoever wants to make sure that they talk to you compares it with what their window shows: \
             read it to them, in person or by phone."
        } else {
            "To make sure by yourself: ask the host, in person or by phone, to read theirs aloud, and follow it here. They find \
             it in their window under Invite."
        }
    }

    /// What there is to say about a fingerprint that somebody has sent.
    pub(crate) fn compared(&self, pasted: &str) -> Verdict {
        compared(
            pasted,
            self.fingerprint,
            "The same: you talk to who sent you this.",
            "Different! You do not talk to who sent you this fingerprint. Leave the room, and ask them.",
        )
    }

    /// Whether one is connected to somebody whose key can be compared.
    pub(crate) fn can_compare(&self) -> bool {
        !self.hosting() && self.fingerprint.is_some()
    }

    /// The key exchange, and what it is good for.
    pub(crate) fn exchange(&self) -> Option<String> {
        let exchange = self.key_exchange.as_deref()?;
        Some(if exchange.contains("MLKEM") {
            format!("{exchange}, post-quantum: what is recorded today stays closed to the computers of tomorrow.")
        } else {
            exchange.to_owned()
        })
    }
}

/// What there is to say about a pasted fingerprint, beside a key: that it is the same, that it is not, or what is wrong with it.
pub(crate) fn compared(pasted: &str, key: Option<Fingerprint>, same: &str, different: &str) -> Verdict {
    if pasted.trim().is_empty() {
        return Verdict::None;
    }
    match pasted.parse::<Fingerprint>() {
        Ok(pasted) if Some(pasted) == key => Verdict::Good(same.to_owned()),
        Ok(_) => Verdict::Bad(different.to_owned()),
        Err(error) => Verdict::Bad(error.to_string()),
    }
}

/// A fingerprint in its groups, four to a line.
pub(crate) fn in_lines(fingerprint: &Fingerprint) -> String {
    lines_of(4, fingerprint)
}

/// A fingerprint in its groups, two to a line.
pub(crate) fn in_narrow_lines(fingerprint: &Fingerprint) -> String {
    lines_of(2, fingerprint)
}

fn lines_of(groups: usize, fingerprint: &Fingerprint) -> String {
    let text = fingerprint.to_string();
    let all: Vec<&str> = text.split('-').collect();
    all.chunks(groups).map(|line| line.join("  ")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(security: Security, transport: Option<Kind>, served: &[Kind]) -> Standing {
        Standing { security, transport, served: served.to_vec(), ..Standing::default() }
    }

    #[test]
    fn the_words_say_what_is_guaranteed() {
        let pinned = standing(Security::Pinned, Some(Kind::Quic), &[]);
        assert_eq!(pinned.words(0), "Encrypted · QUIC · key checked");
        assert_eq!(pinned.tone(0), Tone::Good);
        let met = standing(Security::Encrypted, Some(Kind::Tls), &[]);
        assert_eq!(met.words(0), "Encrypted · TLS · key not yet compared");
        assert_eq!(met.tone(0), Tone::Warn);
        let plain = standing(Security::Plaintext, Some(Kind::Tcp), &[]);
        assert_eq!(plain.words(0), "NOT ENCRYPTED · plain TCP");
        assert_eq!(plain.tone(0), Tone::Alarm);
    }

    #[test]
    fn a_host_is_told_what_its_room_accepts() {
        let safe = standing(Security::Encrypted, None, &[Kind::Quic, Kind::Tls]);
        assert_eq!(safe.words(0), "Encrypted · QUIC and TLS · you are the host");
        assert_eq!(safe.tone(0), Tone::Good);
        let both = standing(Security::Plaintext, None, &[Kind::Quic, Kind::Tls, Kind::Tcp]);
        assert!(both.words(0).starts_with("PARTLY UNENCRYPTED"));
        let plain = standing(Security::Plaintext, None, &[Kind::Tcp]);
        assert_eq!(plain.words(0), "NOT ENCRYPTED · plain TCP");
    }

    #[test]
    fn one_unencrypted_member_alarms_everybody() {
        let pinned = standing(Security::Pinned, Some(Kind::Quic), &[]);
        assert_eq!(pinned.tone(1), Tone::Alarm);
        assert!(pinned.words(1).starts_with("1 member is NOT encrypted"));
        assert!(pinned.explanation(1).starts_with("Not everybody"));
    }

    #[test]
    fn what_the_host_has_sent_is_compared() {
        let key = Fingerprint::from_bytes([1; 32]);
        let member = Standing { fingerprint: Some(key), ..standing(Security::Pinned, Some(Kind::Quic), &[]) };
        assert!(member.can_compare() && member.comparing().contains("read theirs aloud"));
        assert_eq!(member.compared("  "), Verdict::None);
        assert!(matches!(member.compared(&key.hex()), Verdict::Good(words) if words.starts_with("The same")));
        let other = Fingerprint::from_bytes([2; 32]).to_string();
        assert!(matches!(member.compared(&other), Verdict::Bad(words) if words.starts_with("Different")));
        assert!(matches!(member.compared("ABC"), Verdict::Bad(_)));
        let host = Standing { transport: None, ..member };
        assert!(!host.can_compare() && host.comparing().contains("your own key"));
        let plain = standing(Security::Plaintext, Some(Kind::Tcp), &[]);
        assert!(!plain.can_compare());
    }

    #[test]
    fn a_fingerprint_fills_two_lines_of_four_groups() {
        let lines = in_lines(&Fingerprint::from_bytes([1; 32]));
        assert_eq!(lines.lines().map(|line| line.split_whitespace().count()).collect::<Vec<_>>(), [4, 4]);
    }
}
