//! Bad weather: for a while, one thing after the other goes wrong, in an order made of chance, while everybody talks. All is
//! heard, once, in one order, and nobody is seen to leave.
//!
//! `PARLOR_WEATHER` takes another number of seconds, and `PARLOR_SOAK_SEED` the seed that a failure has printed.

use std::{
    env,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    chance::Chance,
    figures::record,
    gateway::{self, Forward, NO_UDP, NOTHING, Nat, SILENCE},
    harness::Program,
    net::{Net, OUTSIDE},
    people::{Person, events, everybody_heard},
};

/// How long it lasts, in seconds, unless one says so.
const SECONDS: u64 = 25;

/// Everybody says something this often.
const WORDS: Duration = Duration::from_millis(150);

/// One thing goes wrong, or right again. How long it is left so.
fn turns(net: &Net, far: &Program, chance: &mut Chance) -> Duration {
    let most = match chance.below(9) {
        0 | 1 => {
            gateway::fault(&net.gw, NO_UDP);
            6_000
        }
        2 => {
            gateway::fault(&net.gw, SILENCE);
            3_000
        }
        3 => {
            gateway::fault(&net.gw, &gateway::loss(30));
            3_000
        }
        4 => {
            net.gw.shell("conntrack -D >/dev/null 2>&1 || true");
            500
        }
        5 => {
            let address = 10 + chance.below(200);
            net.far.shell(&format!("ip addr flush dev eth0 scope global; ip addr add 203.0.113.{address}/24 dev eth0"));
            1_500
        }
        6 => {
            net.far.ip("link set eth0 down");
            sleep(Duration::from_millis(chance.below(4_000)));
            net.far.ip("link set eth0 up");
            1_500
        }
        7 => {
            far.freeze();
            sleep(Duration::from_millis(chance.below(5_000)));
            far.signal("CONT");
            500
        }
        _ => {
            gateway::fault(&net.gw, NOTHING);
            6_000
        }
    };
    Duration::from_millis(chance.below(most))
}

#[test]
#[ignore = "needs root: scripts/netlab"]
fn bad_weather_loses_nothing() {
    let Some(net) = Net::new() else { return };
    let seconds = env::var("PARLOR_WEATHER").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(SECONDS);
    let mut chance = Chance::new();
    gateway::set_up(&net.gw, Forward::Port(7275, &["udp", "tcp"]), Nat::Usual);
    let mut host = Person::at(&net.host, "Ana").host(&["--quic"]);
    let mut ben = Person::at(&net.far, "Ben").join(&host, OUTSIDE, &[]).program;
    let mut chi = Person::at(&net.far, "Chi").join(&host, OUTSIDE, &["--transport", "tls"]).program;
    host.program.wait_for("joined", |joined| joined["name"] == "Chi");

    let (begun, mut lines) = (Instant::now(), Vec::new());
    let mut turn = begun;
    while begun.elapsed() < Duration::from_secs(seconds) {
        for (who, program) in [("Ana", &mut host.program), ("Ben", &mut ben), ("Chi", &mut chi)] {
            let line = format!("{who} says {}", lines.len());
            program.say(&line);
            lines.push(line);
        }
        if Instant::now() >= turn {
            let struck = if chance.below(2) == 0 { &ben } else { &chi };
            turn = Instant::now() + turns(&net, struck, &mut chance);
        }
        sleep(WORDS);
    }
    gateway::fault(&net.gw, NOTHING);
    let healed = Instant::now();
    everybody_heard(&mut [&mut host.program, &mut ben, &mut chi], &lines);
    let changes = events(&ben, "resumed").len() + events(&chi, "resumed").len();
    for program in [&host.program, &ben, &chi] {
        for kind in ["left", "gap", "unsent", "closed"] {
            assert!(events(program, kind).is_empty(), "{program}");
        }
    }
    let remark = format!("one thing after the other goes wrong; {changes} connections took the place of others");
    record(79, &format!("bad weather for {seconds} s"), "QUIC and TLS", healed.elapsed(), lines.len(), &remark);
}
