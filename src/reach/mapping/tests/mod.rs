//! What becomes of a way in, with gateways that are made up and time that is, too.
//!
//! - `network`: networks with such gateways
//! - `answers`, `upnp`: what the libraries make of odd answers, over real sockets

// Only Linux has all of 127.0.0.0/8 without being asked.
#[cfg(target_os = "linux")]
mod answers;
mod network;
#[cfg(target_os = "linux")]
mod upnp;

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use self::network::{Network, WANTED};
use super::{
    Mapping,
    ask::LEASE,
    state::{Language, Open, Place, Report, State, Wanted, Why},
    way::Refusal,
};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(3_600);

/// The next report but for the first one, that the gateway is being asked.
async fn report(mapping: &mut Mapping) -> Report {
    loop {
        let report = timeout(LONG, mapping.changed()).await.expect("a report");
        if report.state != State::Asking {
            return report;
        }
    }
}

async fn open(mapping: &mut Mapping) -> Open {
    match report(mapping).await.state {
        State::Open(open) => open,
        other => panic!("{other:?}"),
    }
}

async fn shut(mapping: &mut Mapping) -> Why {
    match report(mapping).await.state {
        State::Shut(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn one_port_is_opened_for_both_in_the_best_language_and_in_no_other() {
    let network = Network::new(&[Language::Pcp, Language::NatPmp, Language::Upnp]);
    let mut mapping = network.ask();
    let open = open(&mut mapping).await;
    assert_eq!((open.language, open.udp, open.tcp, open.moved), (Language::Pcp, Some(7275), Some(7275), false));
    assert_eq!(network.gateway().log, ["PCP opens UDP 7275", "PCP opens TCP 7275"]);
    mapping.close().await;
    assert_eq!(network.open(), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_language_that_is_not_answered_keeps_nobody_waiting() {
    for language in [Language::NatPmp, Language::Upnp] {
        let begun = Instant::now();
        let network = Network::new(&[language]);
        let mut mapping = network.ask();
        assert_eq!(open(&mut mapping).await.language, language);
        assert!(begun.elapsed() < Duration::from_millis(300), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_better_language_may_be_a_little_late() {
    let network = Network::new(&[Language::NatPmp]);
    network.gateway().speaks.insert(Language::Pcp, Duration::from_millis(100));
    let mut mapping = network.ask();
    assert_eq!(open(&mut mapping).await.language, Language::Pcp);
}

#[tokio::test(start_paused = true)]
async fn a_port_is_renewed_at_half_of_its_lease_for_as_long_as_the_room_lasts() {
    let network = Network::new(&[Language::NatPmp]);
    let mut mapping = network.ask();
    open(&mut mapping).await;
    for _ in 0..40 {
        sleep(LEASE / 4).await;
        assert_eq!(network.open(), (vec![7275], vec![7275]));
    }
    // Each time both, at half: 40 quarters, and the first time.
    let count = network.gateway().log.len();
    assert!((40..=42).contains(&count), "{count}");
    assert!(timeout(Duration::from_secs(1), mapping.changed()).await.is_err(), "nothing of it is news");
}

#[tokio::test(start_paused = true)]
async fn a_short_lease_is_kept_up_with_and_a_shorter_one_is_no_reason_to_hurry() {
    let network = Network::new(&[Language::Pcp]);
    network.gateway().lease = (1, 9);
    let mut mapping = network.ask();
    open(&mut mapping).await;
    for _ in 0..100 {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(network.open(), (vec![7275], vec![7275]));
    }
    network.gateway().lease = (1, 1);
    network.gateway().log.clear();
    sleep(Duration::from_secs(400)).await;
    let count = network.gateway().log.len();
    assert!(count <= 2 * 101, "{count} requests in 400 s");
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_host_leaves_open_is_shut_in_four_minutes() {
    let network = Network::new(&[Language::Upnp]);
    let mut mapping = network.ask();
    open(&mut mapping).await;
    mapping.task.abort();
    sleep(Duration::from_secs(241)).await;
    assert_eq!(network.open(), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn ports_that_differ_are_asked_for_again_until_one_is_free_for_both() {
    let network = Network::new(&[Language::NatPmp]);
    network.gateway().taken = vec![(true, 7275), (false, 7276)];
    let mut mapping = network.ask();
    let open = open(&mut mapping).await;
    assert_eq!((open.udp, open.tcp), (Some(7277), Some(7277)));
    assert_eq!(network.open(), (vec![7277], vec![7277]));
}

#[tokio::test(start_paused = true)]
async fn where_no_port_is_free_for_both_each_has_its_own() {
    let network = Network::new(&[Language::Pcp]);
    network.gateway().taken = (7275..7400).map(|port| (port % 2 == 0, port)).collect();
    let mut mapping = network.ask();
    let report = report(&mut mapping).await;
    let State::Open(open) = &report.state else { panic!("{report:?}") };
    let (udp, tcp) = (open.udp.unwrap(), open.tcp.unwrap());
    assert_ne!(udp, tcp);
    assert_eq!((network.open(), report.places().len()), ((vec![udp], vec![tcp]), 2));
    mapping.close().await;
    assert_eq!(network.open(), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_only_says_that_a_port_is_taken_is_asked_for_the_next() {
    let network = Network::new(&[Language::Upnp]);
    network.gateway().finds_another = false;
    network.gateway().taken = vec![(true, 7275), (false, 7276)];
    let mut mapping = network.ask();
    let first = open(&mut mapping).await;
    assert_eq!((first.udp, first.tcp), (Some(7277), Some(7277)));
    mapping.close().await;
    assert_eq!(network.open(), (vec![], vec![]));

    network.gateway().taken = (7275..7300).map(|port| (true, port)).collect();
    let mut mapping = network.ask();
    let half = open(&mut mapping).await;
    assert_eq!((half.udp, half.tcp), (None, Some(7278)));
    assert_eq!(network.open(), (vec![], vec![7278]));
}

#[tokio::test(start_paused = true)]
async fn half_a_way_in_is_better_than_none() {
    let network = Network::new(&[Language::Pcp]);
    network.gateway().refuses.insert(true, Refusal::Denied);
    let mut mapping = network.ask();
    let report = report(&mut mapping).await;
    assert_eq!(report.as_str(), "half");
    assert_eq!(network.open(), (vec![], vec![7275]));
}

#[tokio::test(start_paused = true)]
async fn only_what_the_room_serves_is_opened() {
    let network = Network::new(&[Language::Pcp]);
    let plain = Wanted { udp: false, encrypted: false, ..WANTED };
    let mut mapping = Mapping::ask_around(plain, Arc::new(network.clone()));
    let report = report(&mut mapping).await;
    assert_eq!((report.as_str(), network.open()), ("open", (vec![], vec![7275])));
}

#[tokio::test(start_paused = true)]
async fn whatever_keeps_the_port_shut_has_its_own_reason() {
    let refused = |refusal| {
        let network = Network::new(&[Language::NatPmp, Language::Upnp]);
        network.gateway().refuses = HashMap::from([(true, refusal), (false, refusal)]);
        network
    };
    for (refusal, why) in [
        (Refusal::Denied, Why::Denied),
        (Refusal::Full, Why::Full),
        (Refusal::Taken, Why::Full),
        (Refusal::OnlyForGood, Why::OnlyForGood),
        (Refusal::Odd, Why::Odd),
        (Refusal::Offline, Why::Inner(None)),
    ] {
        assert_eq!(shut(&mut refused(refusal).ask()).await, why);
    }
    assert_eq!(shut(&mut Network::new(&[]).ask()).await, Why::Silent);

    let inner = refused(Refusal::Denied);
    inner.gateway().address = Ok([10, 0, 0, 7].into());
    assert_eq!(shut(&mut inner.ask()).await, Why::Inner(Some([10, 0, 0, 7].into())));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_with_a_private_address_outside_leads_to_no_place() {
    let network = Network::new(&[Language::NatPmp]);
    network.gateway().address = Ok([100, 64, 3, 4].into());
    let report = report(&mut network.ask()).await;
    assert_eq!((report.as_str(), report.places()), ("inner", vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_silent_at_first_is_asked_again() {
    let network = Network::new(&[]);
    let mut mapping = network.ask();
    assert_eq!(shut(&mut mapping).await, Why::Silent);
    network.gateway().speaks.insert(Language::Upnp, Duration::ZERO);
    assert_eq!(open(&mut mapping).await.language, Language::Upnp);
}

#[tokio::test(start_paused = true)]
async fn another_address_outside_is_told() {
    for language in [Language::Pcp, Language::NatPmp, Language::Upnp] {
        let network = Network::new(&[language]);
        let mut mapping = network.ask();
        open(&mut mapping).await;
        network.gateway().address = Ok([192, 0, 1, 9].into());
        let now = open(&mut mapping).await;
        assert_eq!((now.address, now.moved), (Some([192, 0, 1, 9].into()), true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_has_restarted_is_asked_again_by_half_of_the_lease() {
    let network = Network::new(&[Language::Pcp]);
    let mut mapping = network.ask();
    open(&mut mapping).await;
    network.gateway().open.clear();
    sleep(LEASE / 2 + Duration::from_secs(1)).await;
    assert_eq!(network.open(), (vec![7275], vec![7275]));
}

#[tokio::test(start_paused = true)]
async fn a_port_that_somebody_else_has_got_meanwhile_is_replaced_and_told() {
    let network = Network::new(&[Language::NatPmp]);
    let mut mapping = network.ask();
    open(&mut mapping).await;
    network.gateway().open.clear();
    network.gateway().taken = vec![(true, 7275), (false, 7275)];
    let now = open(&mut mapping).await;
    assert_eq!((now.udp, now.tcp, now.moved), (Some(7276), Some(7276), true));
    assert_eq!(network.open(), (vec![7276], vec![7276]));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_gone_is_told_once_and_asked_until_it_is_back() {
    let network = Network::new(&[Language::Pcp]);
    let mut mapping = network.ask();
    open(&mut mapping).await;
    let begun = Instant::now();
    network.gateway().speaks.clear();
    assert_eq!(shut(&mut mapping).await, Why::Gone);
    assert!(begun.elapsed() < LEASE + Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(timeout(Duration::from_secs(60), mapping.changed()).await.is_err(), "told twice");
    network.gateway().speaks.insert(Language::Pcp, Duration::ZERO);
    let back = open(&mut mapping).await;
    assert!(!back.moved);
}

#[tokio::test(start_paused = true)]
async fn another_gateway_is_asked_as_soon_as_there_is_one() {
    let network = Network::new(&[Language::Pcp]);
    let place = network.gateway().place.unwrap();
    network.gateway().place = Err(Why::NoGateway);
    let mut mapping = network.ask();
    assert_eq!(shut(&mut mapping).await, Why::NoGateway);
    network.gateway().place = Ok(place);
    let begun = Instant::now();
    assert_eq!(report(&mut mapping).await.place, Some(place));
    assert!(begun.elapsed() < Duration::from_secs(16), "{:?}", begun.elapsed());

    let other = Place { own: [192, 168, 1, 21].into(), ..place };
    network.gateway().place = Ok(other);
    let begun = Instant::now();
    assert_eq!(report(&mut mapping).await.place, Some(other));
    assert!(begun.elapsed() < Duration::from_secs(16), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_granted_while_the_room_ends_is_given_back() {
    let network = Network::new(&[]);
    network.gateway().speaks.insert(Language::Upnp, Duration::from_millis(200));
    let mapping = network.ask();
    // The first request is under way: 200 ms to be greeted, 250 of grace, and 200 until it is answered.
    sleep(Duration::from_millis(550)).await;
    assert_eq!(network.open(), (vec![], vec![]));
    let begun = Instant::now();
    mapping.close().await;
    assert_eq!(network.gateway().log, ["UPnP opens UDP 7275"]);
    assert_eq!(network.open(), (vec![], vec![]));
    assert!(begun.elapsed() < Duration::from_millis(1_400), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_has_fallen_silent_does_not_hold_up_the_end() {
    let network = Network::new(&[Language::Pcp]);
    let mut mapping = network.ask();
    open(&mut mapping).await;
    network.gateway().speaks.clear();
    let begun = Instant::now();
    mapping.close().await;
    assert!(begun.elapsed() <= Duration::from_millis(1_400), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_is_dropped_gives_back_what_it_had() {
    let network = Network::new(&[Language::Pcp]);
    let mut mapping = network.ask();
    open(&mut mapping).await;
    drop(mapping);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(network.open(), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_grant_for_no_time_at_all_is_none() {
    let network = Network::new(&[Language::Pcp]);
    network.gateway().lease = (0, 0);
    assert_eq!(shut(&mut network.ask()).await, Why::Odd);
}

#[tokio::test(start_paused = true)]
async fn who_has_slept_asks_again_at_once() {
    let network = Network::new(&[Language::Pcp]);
    let mut mapping = network.ask();
    open(&mut mapping).await;
    network.gateway().open.clear();
    network.gateway().slept = Duration::from_secs(8 * 3_600);
    sleep(Duration::from_secs(16)).await;
    assert_eq!(network.open(), (vec![7275], vec![7275]));
}

#[tokio::test(start_paused = true)]
async fn a_computer_on_the_internet_itself_needs_no_gateway() {
    let network = Network::new(&[]);
    network.gateway().place = Ok(Place { gateway: [192, 0, 1, 1].into(), own: [192, 0, 1, 20].into() });
    let report = report(&mut network.ask()).await;
    assert_eq!((&report.state, report.is_trouble()), (&State::Shut(Why::Public), false));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_means_nothing_does_not_take_a_port_away() {
    for refusal in [Refusal::Odd, Refusal::Offline] {
        let network = Network::new(&[Language::Pcp]);
        let mut mapping = network.ask();
        open(&mut mapping).await;
        network.gateway().refuses = HashMap::from([(true, refusal), (false, refusal)]);
        sleep(LEASE / 2 + Duration::from_secs(5)).await;
        network.gateway().refuses.clear();
        for _ in 0..10 {
            sleep(LEASE / 4).await;
            assert_eq!(network.open(), (vec![7275], vec![7275]));
        }
        assert!(timeout(Duration::from_secs(1), mapping.changed()).await.is_err(), "nothing of it is news");
    }
}
