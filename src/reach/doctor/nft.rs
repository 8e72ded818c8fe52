//! Following nftables' rules as a packet of somebody new would, in three values: what cannot be judged from here is neither a
//! yes nor a no.
//!
//! The form is that of `nft --json list ruleset` (libnftables-json(5)). Expressions that are not known match perhaps.

use std::collections::HashMap;

use serde_json::Value;

use super::firewall::LetsIn;

/// Chains that are called from chains, and steps in all: the kernel allows no loops, a text does.
const DEEPEST: usize = 16;
const STEPS: usize = 20_000;

/// The first packet of somebody who comes from another machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    /// UDP, or else TCP.
    pub(super) is_udp: bool,
    /// The port here.
    pub(super) port: u16,
}

impl Packet {
    fn protocol(&self) -> &'static str {
        if self.is_udp { "udp" } else { "tcp" }
    }
}

/// Where a chain is: family, table, name.
type Key<'a> = (&'a str, &'a str, &'a str);

/// All rules.
pub(super) struct Rules(Vec<Value>);

/// Whether an expression matches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Match {
    Yes,
    No,
    Perhaps,
}

/// How a chain ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Accepted,
    Dropped,
    /// At its end, or where it returns.
    Through,
}

/// What may have happened on the way to an end.
#[derive(Default)]
struct Perhaps {
    accepted: bool,
    dropped: bool,
    steps: usize,
}

impl Rules {
    /// Reads what `nft` prints; nothing if it is none of that.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let mut all: Value = serde_json::from_slice(text).ok()?;
        match all.get_mut("nftables")?.take() {
            Value::Array(objects) => Some(Self(objects)),
            _ => None,
        }
    }

    /// Whether the packet comes in.
    pub(super) fn follow(&self, packet: &Packet) -> LetsIn {
        let mut chains: HashMap<Key<'_>, Vec<&Value>> = HashMap::new();
        for rule in self.0.iter().filter_map(|object| object.get("rule")) {
            if let Some(key) = key(rule, "chain") {
                chains.entry(key).or_default().push(rule);
            }
        }
        let is_input = |chain: &&Value| chain.get("hook").and_then(Value::as_str) == Some("input");
        let mut verdict = LetsIn::Yes;
        for chain in self.0.iter().filter_map(|object| object.get("chain")).filter(is_input) {
            let Some(key) = key(chain, "name") else { continue };
            if !["ip", "ip6", "inet"].contains(&key.0) {
                continue;
            }
            let mut perhaps = Perhaps::default();
            let is_dropped = match walk(&chains, key, packet, &mut perhaps, 0) {
                End::Accepted => false,
                End::Dropped => true,
                End::Through => chain.get("policy").and_then(Value::as_str) == Some("drop"),
            };
            // Every chain has to let it in; one family alone that does not may be the one that somebody comes over.
            match is_dropped {
                true if !perhaps.accepted => return LetsIn::No,
                true => verdict = LetsIn::Perhaps,
                false if perhaps.dropped => verdict = LetsIn::Perhaps,
                false => {}
            }
        }
        verdict
    }
}

fn key<'a>(object: &'a Value, name: &str) -> Option<Key<'a>> {
    let text = |field: &str| object.get(field).and_then(Value::as_str);
    Some((text("family")?, text("table")?, text(name)?))
}

fn walk(
    chains: &HashMap<Key<'_>, Vec<&Value>>,
    key: Key<'_>,
    packet: &Packet,
    perhaps: &mut Perhaps,
    depth: usize,
) -> End {
    for rule in chains.get(&key).into_iter().flatten() {
        perhaps.steps += 1;
        if perhaps.steps > STEPS || depth > DEEPEST {
            (perhaps.accepted, perhaps.dropped) = (true, true);
            return End::Through;
        }
        let Some(expressions) = rule.get("expr").and_then(Value::as_array) else { continue };
        let mut matches = Match::Yes;
        let mut end = None;
        // Something that may be a verdict, of which nothing is known.
        let mut is_unclear = false;
        for expression in expressions {
            match judged(expression, packet) {
                Judged::Match(Match::Yes) => {}
                Judged::Match(Match::No) => {
                    matches = Match::No;
                    break;
                }
                Judged::Match(Match::Perhaps) => matches = Match::Perhaps,
                Judged::End(verdict) => end = Some(verdict),
                Judged::Return => end = Some(End::Through),
                Judged::Jump { target, comes_back } => {
                    let inside = walk(chains, (key.0, key.1, target), packet, perhaps, depth + 1);
                    end = Some(inside).filter(|inside| !comes_back || *inside != End::Through);
                }
                Judged::Unclear => (matches, is_unclear) = (Match::Perhaps, true),
            }
        }
        if matches == Match::Perhaps && (is_unclear || end == Some(End::Through)) {
            // What follows may not be reached, or may have been decided here.
            (perhaps.accepted, perhaps.dropped) = (true, true);
        }
        match (matches, end) {
            (Match::Yes, Some(end)) => return end,
            (Match::Perhaps, Some(End::Accepted)) => perhaps.accepted = true,
            (Match::Perhaps, Some(End::Dropped)) => perhaps.dropped = true,
            _ => {}
        }
    }
    End::Through
}

enum Judged<'a> {
    Match(Match),
    End(End),
    Return,
    Jump {
        target: &'a str,
        /// Whether this chain goes on when the other one has come to its end.
        comes_back: bool,
    },
    Unclear,
}

fn judged<'a>(expression: &'a Value, packet: &Packet) -> Judged<'a> {
    let Some((name, content)) = expression.as_object().and_then(|object| object.iter().next()) else {
        return Judged::Match(Match::Perhaps);
    };
    let target = || content.get("target").and_then(Value::as_str).unwrap_or_default();
    match name.as_str() {
        "accept" => Judged::End(End::Accepted),
        "drop" | "reject" => Judged::End(End::Dropped),
        "return" => Judged::Return,
        "jump" | "goto" => Judged::Jump { target: target(), comes_back: name == "jump" },
        "counter" | "log" | "meter" | "mangle" | "notrack" => Judged::Match(Match::Yes),
        "match" => Judged::Match(matched(content, packet)),
        _ => Judged::Unclear,
    }
}

fn matched(content: &Value, packet: &Packet) -> Match {
    let (Some(left), Some(right)) = (content.get("left"), content.get("right")) else { return Match::Perhaps };
    let text = |of: &str, field: &str| left.get(of).and_then(|of| of.get(field)).and_then(Value::as_str);
    let found = if text("payload", "field") == Some("dport") {
        match text("payload", "protocol") {
            Some("th") => among(right, |value| number(value, packet.port)),
            Some(protocol) if protocol == packet.protocol() => among(right, |value| number(value, packet.port)),
            Some("tcp" | "udp" | "sctp" | "dccp") => return Match::No,
            _ => Match::Perhaps,
        }
    } else if text("payload", "protocol")
        .is_some_and(|other| ["tcp", "udp"].contains(&other) && other != packet.protocol())
    {
        return Match::No;
    } else if matches!(text("meta", "key"), Some("l4proto"))
        || (text("payload", "protocol"), text("payload", "field")) == (Some("ip"), Some("protocol"))
        || (text("payload", "protocol"), text("payload", "field")) == (Some("ip6"), Some("nexthdr"))
    {
        among(right, |value| same(value, packet.protocol()))
    } else if matches!(text("meta", "key"), Some("iifname" | "iif")) {
        // Which it comes in by is not known, but that it is not this machine's own.
        among(right, |value| if value.as_str() == Some("lo") { Match::No } else { Match::Perhaps })
    } else if text("ct", "key") == Some("state") {
        among(right, |value| same(value, "new"))
    } else if text("payload", "protocol") == Some("icmp") || text("payload", "protocol") == Some("icmpv6") {
        return Match::No;
    } else {
        Match::Perhaps
    };
    match (content.get("op").and_then(Value::as_str), found) {
        (Some("==" | "in"), found) => found,
        (Some("!="), Match::Yes) => Match::No,
        (Some("!="), Match::No) => Match::Yes,
        _ => Match::Perhaps,
    }
}

/// Whether any of what is on the right is it: one value, a list, or a set.
fn among(right: &Value, is_it: impl Fn(&Value) -> Match) -> Match {
    let several = right.as_array().or_else(|| right.get("set").and_then(Value::as_array));
    let Some(several) = several else { return is_it(right) };
    let found: Vec<_> = several.iter().map(is_it).collect();
    if found.contains(&Match::Yes) {
        Match::Yes
    } else if found.contains(&Match::Perhaps) {
        Match::Perhaps
    } else {
        Match::No
    }
}

fn same(value: &Value, expected: &str) -> Match {
    match value.as_str() {
        // A set with a name, whose content is elsewhere.
        Some(name) if name.starts_with('@') => Match::Perhaps,
        Some(found) if found == expected => Match::Yes,
        Some(_) => Match::No,
        None => Match::Perhaps,
    }
}

fn number(value: &Value, port: u16) -> Match {
    let is = |yes| if yes { Match::Yes } else { Match::No };
    if let Some(single) = value.as_u64() {
        return is(single == u64::from(port));
    }
    let range = value.get("range").and_then(Value::as_array).map(Vec::as_slice);
    match range {
        Some([from, to]) => match (from.as_u64(), to.as_u64()) {
            (Some(from), Some(to)) => is((from..=to).contains(&u64::from(port))),
            _ => Match::Perhaps,
        },
        _ => Match::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: &str = r#"{"chain":{"family":"inet","table":"f","name":"input","type":"filter","hook":"input","prio":0,"policy":"POLICY"}}"#;

    fn rules(policy: &str, rules: &[&str]) -> Rules {
        let rules: Vec<_> = rules
            .iter()
            .map(|rule| {
                let (chain, expr) = rule.split_once(": ").unwrap();
                format!(r#"{{"rule":{{"family":"inet","table":"f","chain":"{chain}","expr":[{expr}]}}}}"#)
            })
            .collect();
        let all = format!(r#"{{"nftables":[{},{}]}}"#, CHAIN.replace("POLICY", policy), rules.join(","));
        Rules::read(all.replace(",]", "]").as_bytes()).unwrap()
    }

    fn both(rules: &Rules) -> (LetsIn, LetsIn) {
        let lets_in = |is_udp| rules.follow(&Packet { is_udp, port: 7275 });
        (lets_in(true), lets_in(false))
    }

    const ESTABLISHED: &str = r#"input: {"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}"#;
    const LOOPBACK: &str =
        r#"input: {"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}"#;

    #[test]
    fn without_rules_everybody_comes_in() {
        assert_eq!(both(&Rules::read(br#"{"nftables":[{"metainfo":{}}]}"#).unwrap()), (LetsIn::Yes, LetsIn::Yes));
        assert_eq!(both(&rules("accept", &[ESTABLISHED])), (LetsIn::Yes, LetsIn::Yes));
        assert!(Rules::read(b"no json").is_none());
    }

    #[test]
    fn what_is_dropped_unless_it_is_known_is_dropped() {
        assert_eq!(both(&rules("drop", &[ESTABLISHED, LOOPBACK])), (LetsIn::No, LetsIn::No));
    }

    #[test]
    fn a_port_is_open_for_the_protocol_that_is_named() {
        let udp = r#"input: {"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":7275}},{"counter":{"packets":1,"bytes":2}},{"accept":null}"#;
        assert_eq!(both(&rules("drop", &[ESTABLISHED, udp])), (LetsIn::Yes, LetsIn::No));
        let range = r#"input: {"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,{"range":[7000,7300]}]}}},{"accept":null}"#;
        assert_eq!(both(&rules("drop", &[range])), (LetsIn::No, LetsIn::Yes));
        let other = r#"input: {"match":{"op":"!=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"drop":null}"#;
        assert_eq!(both(&rules("accept", &[other])), (LetsIn::Yes, LetsIn::No));
        let protocol =
            r#"input: {"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"udp"}},{"reject":null}"#;
        assert_eq!(both(&rules("accept", &[protocol])), (LetsIn::No, LetsIn::Yes));
    }

    #[test]
    fn what_depends_on_who_comes_is_neither_yes_nor_no() {
        let from = r#"input: {"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"192.168.0.1"}},{"accept":null}"#;
        assert_eq!(both(&rules("drop", &[from])), (LetsIn::Perhaps, LetsIn::Perhaps));
        let drop = from.replace("accept", "drop");
        assert_eq!(both(&rules("accept", &[&drop])), (LetsIn::Perhaps, LetsIn::Perhaps));
        let unknown = r#"input: {"xt":{"type":"match","name":"multiport"}},{"accept":null}"#;
        assert_eq!(both(&rules("drop", &[unknown])), (LetsIn::Perhaps, LetsIn::Perhaps));
    }

    #[test]
    fn chains_are_followed_and_loops_end() {
        let jump = r#"input: {"jump":{"target":"ports"}}"#;
        let udp = r#"ports: {"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":7275}},{"accept":null}"#;
        assert_eq!(both(&rules("drop", &[jump, udp])), (LetsIn::Yes, LetsIn::No));
        let back = r#"ports: {"jump":{"target":"input"}}"#;
        assert_eq!(both(&rules("drop", &[jump, back])), (LetsIn::Perhaps, LetsIn::Perhaps));
    }

    #[test]
    fn what_may_decide_otherwise_leaves_nothing_certain() {
        let map = r#"input: {"vmap":{"key":{"payload":{"protocol":"udp","field":"dport"}},"data":{"set":[[7275,{"accept":null}]]}}}"#;
        assert_eq!(both(&rules("drop", &[map])), (LetsIn::Perhaps, LetsIn::Perhaps));
        let jump = r#"input: {"jump":{"target":"f"}}"#;
        let some = r#"f: {"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"192.168.0.1"}},{"return":null}"#;
        let others = r#"f: {"drop":null}"#;
        assert_eq!(both(&rules("accept", &[jump, some, others])), (LetsIn::Perhaps, LetsIn::Perhaps));
    }

    #[test]
    fn who_was_sent_elsewhere_does_not_come_back() {
        let (goto, accept) = (r#"input: {"goto":{"target":"empty"}}"#, r#"input: {"accept":null}"#);
        assert_eq!(both(&rules("drop", &[goto, accept])), (LetsIn::No, LetsIn::No));
    }

    #[test]
    fn every_chain_has_to_let_it_in() {
        let all = format!(
            r#"{{"nftables":[{},{}]}}"#,
            CHAIN.replace("POLICY", "accept"),
            CHAIN.replace("POLICY", "drop").replace(r#""f""#, r#""g""#)
        );
        assert_eq!(both(&Rules::read(all.as_bytes()).unwrap()), (LetsIn::No, LetsIn::No));
    }
}
