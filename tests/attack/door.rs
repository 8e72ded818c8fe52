//! Strangers at the door: slow ones, half-open ones, and those who talk nonsense. None of them costs anybody else anything.

use std::{
    net::{IpAddr, Ipv4Addr},
    thread,
    time::Duration,
};

use parlor::wire::limits;
use tokio::{
    io::AsyncWriteExt,
    net::UdpSocket,
    time::{Instant, sleep, timeout},
};

use crate::{
    castle::Castle,
    harness::{Outcome, in_time},
    honest::{Company, WAYS},
    peer::{KINDS, client_hello, crowd, dial, ended, from, quic_initial, read_out, sent_away, stranger, tcp},
    siege::{Aim, siege},
};

/// Addresses that a crowd comes from.
const ADDRESSES: usize = 32;

/// What became of datagrams to which nobody listens for an answer.
const UNSEEN: &str = "sent into the dark";

const NOT_CONNECTED: &str = "not even connected";

/// Over the bound for a greeting, what a busy machine may need to say so.
const GRACE: Duration = Duration::from_secs(8);

#[test]
fn slow_handshakes_by_the_thousand() {
    siege("slow handshakes by the thousand", 0, |aim| async move {
        crowd(aim, aim.of(200, 2_000), move |number| slow(aim, number)).await
    });
}

/// Drips its first bytes, or says nothing at all once it is connected, until the host has had enough.
async fn slow(aim: Aim, number: usize) -> Outcome<&'static str> {
    let begun = Instant::now();
    let ip = from(number % ADDRESSES);
    let how = number % 6;
    let met = match how {
        0 | 1 => {
            let Ok(mut tcp) = tcp(aim, ip).await else { return Ok(NOT_CONNECTED) };
            let bytes = if how == 0 { client_hello()? } else { b"parlor/1\0\0\0\0\x0f\x01\x03Ben".to_vec() };
            for byte in bytes {
                if tcp.write_all(&[byte]).await.is_err() || begun.elapsed() > limits::GREETING {
                    break;
                }
                // It hangs up in the midst of it.
                if let Ok(Ok(0) | Err(_)) = timeout(Duration::from_millis(700), tcp.peek(&mut [0])).await {
                    break;
                }
            }
            read_out(&mut tcp).await?;
            "dripped, and hung up on"
        }
        2 => {
            let socket = UdpSocket::bind((ip, 0)).await?;
            for datagram in quic_initial().await? {
                socket.send_to(&datagram, aim.address).await?;
                sleep(Duration::from_millis(300)).await;
            }
            UNSEEN
        }
        _ => {
            // Who finds no place is told so, or dropped.
            let Ok((_connection, mut stream)) = dial(aim, KINDS[number % 3], ip, &stranger()?).await else {
                return Ok(NOT_CONNECTED);
            };
            sent_away(ended(&mut stream).await?)?
        }
    };
    match begun.elapsed() {
        took if took > limits::GREETING + GRACE => Err(format!("{how} was waited for, for {took:?}").into()),
        _ => Ok(met),
    }
}

#[test]
fn half_open_connections() {
    siege("half-open connections", 0, |aim| async move {
        crowd(aim, aim.of(200, 2_000), move |number| half_open(aim, number)).await
    });
}

/// Opens a connection and forgets about it, in different states of being open.
async fn half_open(aim: Aim, number: usize) -> Outcome<&'static str> {
    let begun = Instant::now();
    let ip = from(number % ADDRESSES);
    if number.is_multiple_of(4) {
        let socket = UdpSocket::bind((ip, 0)).await?;
        for datagram in quic_initial().await? {
            socket.send_to(&datagram, aim.address).await?;
        }
        return Ok(UNSEEN);
    }
    let Ok(mut tcp) = tcp(aim, ip).await else { return Ok(NOT_CONNECTED) };
    match number % 4 {
        1 => {}
        // The host's half stays open until it has read the end of ours.
        2 => tcp.shutdown().await?,
        _ => tcp.write_all(&client_hello()?).await?,
    }
    read_out(&mut tcp).await?;
    match begun.elapsed() {
        took if took > limits::GREETING + GRACE => Err(format!("it stayed half-open for {took:?}").into()),
        took if took > limits::GREETING - GRACE => Ok("hung up on when their time was over"),
        _ => Ok("hung up on before: no place, or the end of theirs was seen"),
    }
}

#[test]
fn garbage() {
    siege("garbage", 0, |aim| async move { crowd(aim, aim.of(300, 3_000), move |number| nonsense(aim, number)).await });
}

/// Bytes without a sense, which differ each time.
fn noise(seed: usize, size: usize) -> Vec<u8> {
    let mut state = seed as u64 + 1;
    let mut byte = || {
        // xorshift64, Marsaglia 2003.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| byte()).collect()
}

async fn nonsense(aim: Aim, number: usize) -> Outcome<&'static str> {
    let ip = from(number % ADDRESSES);
    let noise = noise(aim.round * 10_000 + number, 1 + number % 1_400);
    match number % 6 {
        how @ 0..4 => {
            let bytes = match how {
                0 => noise,
                // A TLS record, as it seems.
                1 => [&[22, 3, 1, 2, 0], &noise[..]].concat(),
                2 => b"GET / HTTP/1.1\r\nHost: parlor\r\n\r\n".to_vec(),
                // The right beginning.
                _ => [b"parlor/1\0", &noise[..]].concat(),
            };
            let Ok(mut tcp) = tcp(aim, ip).await else { return Ok(NOT_CONNECTED) };
            if tcp.write_all(&bytes).await.is_ok() {
                let _ = tcp.shutdown().await;
                read_out(&mut tcp).await?;
            }
            Ok("hung up on")
        }
        how => {
            let socket = UdpSocket::bind((ip, 0)).await?;
            let mut datagram = noise;
            if how == 5 {
                // A QUIC packet with a long header, of version 1, as long as a first one has to be.
                datagram.resize(1_200, 0);
                datagram[..6].copy_from_slice(&[0xc3, 0, 0, 0, 1, 8]);
            }
            for _ in 0..16 {
                socket.send_to(&datagram, aim.address).await?;
            }
            Ok(UNSEEN)
        }
    }
}

/// Connections over TCP take up all descriptors that the system allows. Whoever is in stays in, QUIC needs none, and once
/// there are some again, others come in over TCP as well.
#[test]
fn a_host_without_a_descriptor_left_goes_on() {
    const MOST: usize = 80;
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let castle = Castle::with_descriptors(MOST);
    let company = Company::gather(&castle);
    let connections: Vec<_> = (0..MOST).map(|_| std::net::TcpStream::connect(castle.address)).collect();
    let begun = std::time::Instant::now();
    while castle.process.descriptors() < MOST {
        assert!(begun.elapsed() < limits::GREETING, "{} are open", castle.process.descriptors());
        thread::sleep(Duration::from_millis(10));
    }
    company.block_on(company.newcomers(&castle, &WAYS[..1], HERE, 0)).expect("QUIC needs no descriptor");
    drop(connections);
    company.block_on(company.newcomers(&castle, &WAYS[1..], HERE, 1)).expect("there is room again");
    company.part();
    assert_eq!(castle.complaints(), "");
}

/// A Retry costs the host no memory and a stranger one more round trip, which a forged address does not make.
#[tokio::test]
async fn a_crowd_over_quic_has_to_prove_its_address() -> Outcome {
    let castle = Castle::build();
    let mut datagram = [0; 2_048];
    let mut kinds = Vec::new();
    let mut sockets = Vec::new();
    for number in 0..=limits::RETRY_FROM + 1 {
        let socket = UdpSocket::bind((from(number), 0)).await?;
        for datagram in quic_initial().await? {
            socket.send_to(&datagram, castle.address).await?;
        }
        in_time(socket.recv(&mut datagram)).await??;
        // The type of a packet with a long header: RFC 9000, section 17.2.
        kinds.push(datagram[0] >> 4 & 0b11);
        sockets.push(socket);
    }
    const INITIAL: u8 = 0;
    const RETRY: u8 = 3;
    assert_eq!((kinds.first(), kinds.last()), (Some(&INITIAL), Some(&RETRY)), "{kinds:?}");
    Ok(())
}
