//! Rules as `nft --json` prints them, and what they let in.

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

const ESTABLISHED: &str =
    r#"input: {"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}"#;
const LOOPBACK: &str = r#"input: {"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}"#;

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
    let protocol = r#"input: {"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"udp"}},{"reject":null}"#;
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
    let named = r#"input: {"vmap":{"key":{"payload":{"protocol":"udp","field":"dport"}},"data":"@verdicts"}}"#;
    assert_eq!(both(&rules("drop", &[named])), (LetsIn::Perhaps, LetsIn::Perhaps));
    let by_interface =
        r#"input: {"vmap":{"key":{"meta":{"key":"iifname"}},"data":{"set":[["eth0",{"accept":null}]]}}}"#;
    assert_eq!(both(&rules("drop", &[by_interface])), (LetsIn::Perhaps, LetsIn::Perhaps));
    let jump = r#"input: {"jump":{"target":"f"}}"#;
    let some = r#"f: {"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"192.168.0.1"}},{"return":null}"#;
    let others = r#"f: {"drop":null}"#;
    assert_eq!(both(&rules("accept", &[jump, some, others])), (LetsIn::Perhaps, LetsIn::Perhaps));
}

#[test]
fn a_map_of_verdicts_says_what_it_has() {
    let ports = r#"input: {"vmap":{"key":{"payload":{"protocol":"udp","field":"dport"}},"data":{"set":[[53,{"drop":null}],[7275,{"accept":null}]]}}}"#;
    assert_eq!(both(&rules("drop", &[ports])), (LetsIn::Yes, LetsIn::No));
    let states = r#"input: {"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[["invalid",{"drop":null}],["established",{"accept":null}],["related",{"accept":null}]]}}}"#;
    assert_eq!(both(&rules("drop", &[states, LOOPBACK])), (LetsIn::No, LetsIn::No));
    assert_eq!(both(&rules("accept", &[states])), (LetsIn::Yes, LetsIn::Yes));
}

#[test]
fn what_comes_too_often_is_only_perhaps_kept_out() {
    let often = r#"input: {"limit":{"rate":5,"per":"second","inv":true}},{"drop":null}"#;
    assert_eq!(both(&rules("accept", &[often])), (LetsIn::Perhaps, LetsIn::Perhaps));
    let reject = often.replace(r#","inv":true"#, "").replace("drop", "reject");
    assert_eq!(both(&rules("drop", &[&reject])), (LetsIn::No, LetsIn::No), "it is dropped in the end");
}

/// As firewalld's rules begin.
#[test]
fn the_first_packet_of_a_neighbour_was_not_translated_and_is_not_forged() {
    let translated = r#"input: {"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"accept":null}"#;
    let forged = r#"input: {"match":{"op":"==","left":{"fib":{"result":"oif","flags":["saddr","iif"]}},"right":false}},{"drop":null}"#;
    let reject = r#"input: {"reject":{"type":"icmpx","expr":"admin-prohibited"}}"#;
    assert_eq!(both(&rules("accept", &[translated, forged])), (LetsIn::Yes, LetsIn::Yes));
    assert_eq!(both(&rules("accept", &[translated, reject])), (LetsIn::No, LetsIn::No));
}

#[test]
fn what_is_dropped_before_it_is_known_to_be_for_this_machine_does_not_come_in() {
    let drop = r#"{"rule":{"family":"inet","table":"f","chain":"input","expr":[{"drop":null}]}}"#;
    let hooked = |kind: &str| {
        let chain = CHAIN.replace("POLICY", "accept").replace(r#""hook":"input""#, r#""hook":"prerouting""#);
        let chain = chain.replace(r#""type":"filter""#, &format!(r#""type":"{kind}""#));
        both(&Rules::read(format!(r#"{{"nftables":[{chain},{drop}]}}"#).as_bytes()).unwrap())
    };
    assert_eq!(hooked("filter"), (LetsIn::No, LetsIn::No));
    assert_eq!(hooked("nat"), (LetsIn::Yes, LetsIn::Yes));
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
