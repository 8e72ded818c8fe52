//! Gateways that answer oddly, or mean harm, by PCP and NAT-PMP. Each has a loopback address of its own, with the ports that
//! gateways have.

use std::{
    net::Ipv4Addr,
    num::NonZeroU16,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tokio::{net::UdpSocket, task::JoinSet};

use super::super::{
    ANSWER,
    port_control::{NatPmp, Pcp},
    state::Place,
    way::{Grant, Protocol, Refusal, Way},
};

pub(super) const OWN: Ipv4Addr = Ipv4Addr::LOCALHOST;

pub(super) const LEASE: Duration = Duration::from_secs(240);

const PORT: NonZeroU16 = NonZeroU16::new(7275).unwrap();

/// A gateway on port 5351: each request is answered with what `answer` makes of it.
async fn port_control(gateway: [u8; 4], answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> JoinSet<()> {
    let socket = UdpSocket::bind((Ipv4Addr::from(gateway), 5351)).await.unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut request = [0; 1_100];
        while let Ok((length, from)) = socket.recv_from(&mut request).await {
            let _ = socket.send_to(&answer(&request[..length]), from).await;
        }
    });
    serving
}

pub(super) fn place(gateway: [u8; 4]) -> Place {
    Place { gateway: gateway.into(), own: OWN }
}

fn pcp(gateway: [u8; 4]) -> Pcp {
    Pcp { place: place(gateway), port: PORT, nonce: [1, 2, 3] }
}

fn nat_pmp(gateway: [u8; 4]) -> NatPmp {
    NatPmp { gateway: gateway.into(), port: PORT }
}

/// A right answer to a request to open a port by PCP, for so many seconds, to be spoilt.
fn pcp_answer(request: &[u8], seconds: u32, port: u16, address: [u8; 4]) -> Vec<u8> {
    let mut answer = request.to_vec();
    answer[1] |= 0x80;
    answer[3] = 0;
    answer[4..8].copy_from_slice(&seconds.to_be_bytes());
    answer[8..24].fill(0);
    answer[42..44].copy_from_slice(&port.to_be_bytes());
    answer[44..60].copy_from_slice(&Ipv4Addr::from(address).to_ipv6_mapped().octets());
    answer
}

#[tokio::test]
async fn a_right_answer_is_understood_and_a_spoilt_one_is_no_grant() {
    type Spoil = fn(&mut Vec<u8>);
    let spoilt: [(Spoil, Option<Refusal>); 8] = [
        (|_| {}, None),
        (|answer| answer[24] ^= 1, Some(Refusal::Odd)), // another number
        (|answer| answer[36] = 6, Some(Refusal::Odd)),  // TCP, where UDP was asked for
        (|answer| answer[40] ^= 1, Some(Refusal::Odd)), // another computer's port
        (|answer| answer[42..44].fill(0), Some(Refusal::Odd)), // no port
        (|answer| answer[0] = 0, Some(Refusal::Unspoken)), // another language
        (|answer| answer[3] = 2, Some(Refusal::Denied)),
        (|answer| answer.truncate(20), Some(Refusal::Unspoken)), // too short to be any
    ];
    for (number, (spoil, expected)) in spoilt.into_iter().enumerate() {
        let gateway = [127, 88, 1, number as u8];
        let _gateway = port_control(gateway, move |request| {
            let mut answer = pcp_answer(request, u32::MAX, 7_276, [192, 0, 1, 1]);
            spoil(&mut answer);
            answer
        })
        .await;
        let asked = pcp(gateway).open(Protocol::Udp, 7_275, LEASE).await;
        let lease = Duration::from_secs(u32::MAX.into());
        let grant = Grant { port: 7_276, lease, address: Some([192, 0, 1, 1].into()) };
        assert_eq!(asked, expected.map_or(Ok(grant), Err), "case {number}");
    }
}

#[tokio::test]
async fn no_datagram_is_a_reason_to_panic() {
    // Anything, and then what begins as an answer should.
    static SEED: AtomicUsize = AtomicUsize::new(0);
    fn noise(length: usize) -> Vec<u8> {
        let mut state = SEED.fetch_add(1, Ordering::Relaxed) as u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }
    let gateway = [127, 88, 2, 1];
    let _gateway = port_control(gateway, |request| {
        let round = SEED.load(Ordering::Relaxed);
        let mut answer = noise([0, 1, 3, 4, 8, 12, 15, 16, 17, 24, 28, 60, 64, 1_100, 1_400][round % 15]);
        if round.is_multiple_of(2) {
            let kept = answer.len().min(4);
            answer[..kept].copy_from_slice(&request.iter().copied().chain([0; 4]).take(kept).collect::<Vec<_>>());
            answer.iter_mut().skip(1).take(1).for_each(|byte| *byte |= 0x80);
        }
        answer
    })
    .await;
    let (pcp, nat_pmp) = (pcp(gateway), nat_pmp(gateway));
    let begun = Instant::now();
    for _ in 0..300 {
        for way in [&pcp as &dyn Way, &nat_pmp] {
            let _ = way.greet().await;
            let _ = way.open(Protocol::Tcp, 7_275, LEASE).await;
            let _ = way.address().await;
            let _ = way.close(Protocol::Tcp, 7_275).await;
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_gateway_that_says_nothing_is_given_up_soon() {
    let gateway = [127, 88, 3, 1];
    let _silent = UdpSocket::bind((Ipv4Addr::from(gateway), 5351)).await.unwrap();
    let begun = Instant::now();
    let (pcp, nat_pmp) = (pcp(gateway), nat_pmp(gateway));
    let asked = tokio::join!(pcp.greet(), nat_pmp.greet());
    assert_eq!(asked, (Err(Refusal::Silent), Err(Refusal::Silent)));
    assert!(begun.elapsed() < ANSWER, "{:?}", begun.elapsed());
}
