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
        let is_on_the_way = |chain: &&Value| {
            let text = |field: &str| chain.get(field).and_then(Value::as_str);
            match text("hook") {
                Some("input") => true,
                // What translates addresses there drops nothing.
                Some("prerouting") => text("type") == Some("filter"),
                _ => false,
            }
        };
        let mut verdict = LetsIn::Yes;
        for chain in self.0.iter().filter_map(|object| object.get("chain")).filter(is_on_the_way) {
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
        // How many came before is not known.
        "limit" | "quota" | "ct count" => Judged::Match(Match::Perhaps),
        "match" => Judged::Match(matched(content, packet)),
        "vmap" => verdict(content, packet),
        _ => Judged::Unclear,
    }
}

/// What a map of verdicts, written out where it is used, has for the packet.
fn verdict<'a>(content: &'a Value, packet: &Packet) -> Judged<'a> {
    let pairs = content.get("data").and_then(|data| data.get("set")).and_then(Value::as_array);
    let (Some(key), Some(pairs)) = (content.get("key"), pairs) else { return Judged::Unclear };
    let mut is_clear = true;
    for pair in pairs {
        let Some([value, verdict]) = pair.as_array().map(Vec::as_slice) else { return Judged::Unclear };
        match compared(key, value, packet) {
            // The values do not overlap.
            Match::Yes => return judged(verdict, packet),
            Match::No => {}
            Match::Perhaps => is_clear = false,
        }
    }
    if is_clear { Judged::Match(Match::No) } else { Judged::Unclear }
}

fn matched(content: &Value, packet: &Packet) -> Match {
    let (Some(left), Some(right)) = (content.get("left"), content.get("right")) else { return Match::Perhaps };
    // A header that the packet does not have: the rule is not about it, whichever way it compares.
    if is_of_another_protocol(left, packet) {
        return Match::No;
    }
    match (content.get("op").and_then(Value::as_str), compared(left, right, packet)) {
        (Some("==" | "in"), found) => found,
        (Some("!="), Match::Yes) => Match::No,
        (Some("!="), Match::No) => Match::Yes,
        _ => Match::Perhaps,
    }
}

fn is_of_another_protocol(left: &Value, packet: &Packet) -> bool {
    let protocol = left.get("payload").and_then(|payload| payload.get("protocol")).and_then(Value::as_str);
    let others = ["tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6", "igmp", "esp", "ah"];
    protocol.is_some_and(|protocol| others.contains(&protocol) && protocol != packet.protocol())
}

/// Whether what the packet has on the left is what stands on the right, or among it.
fn compared(left: &Value, right: &Value, packet: &Packet) -> Match {
    let text = |of: &str, field: &str| left.get(of).and_then(|of| of.get(field)).and_then(Value::as_str);
    if is_of_another_protocol(left, packet) {
        return Match::No;
    }
    let (protocol, field) = (text("payload", "protocol"), text("payload", "field"));
    match (protocol, field, text("meta", "key"), text("ct", "key")) {
        (Some("th" | "tcp" | "udp"), Some("dport"), ..) => among(right, |value| number(value, packet.port)),
        (Some("ip"), Some("protocol"), ..) | (Some("ip6"), Some("nexthdr"), ..) | (.., Some("l4proto"), _) => {
            among(right, |value| same(value, packet.protocol()))
        }
        // Which it comes in by is not known, but that it is not this machine's own.
        (.., Some("iifname" | "iif"), _) => {
            among(right, |value| if value.as_str() == Some("lo") { Match::No } else { Match::Perhaps })
        }
        (.., Some("state")) => among(right, |value| same(value, "new")),
        // Nobody has translated the first packet of a neighbour, and it comes from where its answer goes.
        (.., Some("status")) => among(right, |value| match value.as_str() {
            Some("dnat" | "snat" | "seen-reply" | "assured" | "confirmed") => Match::No,
            _ => Match::Perhaps,
        }),
        _ if text("fib", "result") == Some("oif") && *right == Value::Bool(false) => Match::No,
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
mod tests;
