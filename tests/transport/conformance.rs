//! Frames both ways, as many and as large as one likes, over every transport alike.

use std::{
    net::{Ipv4Addr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parlor::{
    transport::{Accepted, Error, Expect, Kind, memory::Network},
    wire::{Security, frame, limits},
};
use tokio::{
    net::TcpSocket,
    time::{sleep, timeout},
};

use crate::harness::{
    A_MOMENT, Hosted, KIND, Outcome, Pair, Side, assert_matches, count_numbered, error_of, expect_frame, in_time,
    is_numbered, loopback, numbered, over_every_transport, say, send_bytes,
};

over_every_transport![
    frames_go_both_ways,
    both_know_who_the_other_is,
    large_data_arrives_whole_and_a_reader_that_does_not_read_holds_the_writer_up,
    one_way_ends_and_the_other_goes_on,
    a_slow_handshake_does_not_block_the_listener,
    a_host_with_another_key_is_not_joined,
    where_nobody_listens_nobody_is_reached,
    a_listener_that_is_dropped_leaves_its_connections_alone,
    reading_can_be_cancelled_at_any_moment,
    a_frame_over_the_limit_is_not_believed,
    a_frame_of_no_length_is_not_believed,
    the_largest_frame_arrives,
    a_write_that_was_cancelled_corrupts_nothing,
];

async fn frames_go_both_ways(kind: Kind) -> Outcome {
    let mut pair = Pair::new(kind).await?;
    let mut batch: Vec<_> = (0..100).map(|number| numbered(number, 10 + number as usize)).collect();
    pair.member.send.send(&mut batch).await?;
    assert!(batch.is_empty(), "a batch that was sent is left empty");
    for number in 0..100 {
        let frame = in_time(pair.host.recv.next()).await??.ok_or("the stream has ended")?;
        assert!(is_numbered(&frame, number, 10 + number as usize), "{number}");
        say(&mut pair.host.send, &number.to_be_bytes()).await?;
    }
    for number in 0u32..100 {
        expect_frame(&mut pair.member.recv, &number.to_be_bytes()).await?;
    }
    pair.member.send.send(&mut Vec::new()).await?;
    pair.still_talks().await
}

async fn both_know_who_the_other_is(kind: Kind) -> Outcome {
    let pair = Pair::new(kind).await?;
    let (host, member) = (pair.member.connection.peer(), pair.host.connection.peer());
    let keys = (kind != Kind::Tcp).then_some((pair.hosted.host.fingerprint, pair.somebody.fingerprint));
    assert_eq!(host.fingerprint.zip(member.fingerprint), keys);
    assert_eq!((host.kind, member.kind), (kind, kind));
    assert_eq!(host.remote, pair.hosted.address);
    assert_eq!(member.remote.ip(), Ipv4Addr::LOCALHOST);
    let security = match kind {
        Kind::Tcp => (Security::Plaintext, Security::Plaintext),
        // What the host makes of the member's key is for the room to say.
        _ => (Security::Pinned, Security::Encrypted),
    };
    assert_eq!((host.security, member.security), security);
    let exchange = matches!(kind, Kind::Quic | Kind::Tls).then_some("X25519MLKEM768");
    assert_eq!(host.key_exchange.as_deref(), exchange);
    assert_eq!(member.key_exchange.as_deref(), exchange);
    Ok(())
}

async fn large_data_arrives_whole_and_a_reader_that_does_not_read_holds_the_writer_up(kind: Kind) -> Outcome {
    const SIZE: usize = limits::FRAME - 1;
    const FRAMES: u32 = 512;
    let (mut member, mut host, _rest) = Pair::new(kind).await?.apart();
    let sent = Arc::new(AtomicU32::new(0));
    let counter = sent.clone();
    let writer = tokio::spawn(async move {
        for number in 0..FRAMES {
            member.send.send(&mut vec![numbered(number, SIZE)]).await?;
            counter.fetch_add(1, Ordering::Relaxed);
        }
        member.send.finish().await.map(|()| member)
    });
    // The writer is held up once nothing more is taken for a moment.
    let mut before = u32::MAX;
    while before != sent.load(Ordering::Relaxed) {
        before = sent.load(Ordering::Relaxed);
        sleep(A_MOMENT).await;
    }
    assert!(before < FRAMES * 3 / 4, "{before} frames of {SIZE} bytes were taken, and nobody read one");
    let (count, ended) = count_numbered(&mut host.recv, SIZE).await?;
    assert_eq!(count, FRAMES);
    ended?;
    in_time(writer).await???;
    Ok(())
}

async fn one_way_ends_and_the_other_goes_on(kind: Kind) -> Outcome {
    let mut pair = Pair::new(kind).await?;
    say(&mut pair.member.send, b"that is all").await?;
    pair.member.send.finish().await?;
    expect_frame(&mut pair.host.recv, b"that is all").await?;
    assert_matches!(in_time(pair.host.recv.next()).await?, Ok(None));
    assert_matches!(in_time(pair.host.recv.next()).await?, Ok(None));
    assert!(say(&mut pair.member.send, b"one more thing").await.is_err());
    for number in 0u32..10 {
        say(&mut pair.host.send, &number.to_be_bytes()).await?;
        expect_frame(&mut pair.member.recv, &number.to_be_bytes()).await?;
    }
    pair.host.send.finish().await?;
    assert_matches!(in_time(pair.member.recv.next()).await?, Ok(None));
    Ok(())
}

async fn a_slow_handshake_does_not_block_the_listener(kind: Kind) -> Outcome {
    let network = Network::default();
    let host = Side::new(kind, &network, 1)?;
    let mut listener = host.transport.listen(loopback())?;
    let address = listener.local_address()?;
    let expect = if kind == Kind::Tcp { Expect::Unknown } else { Expect::Key(host.fingerprint) };
    let dial = || -> Outcome<_> {
        let member = Side::new(kind, &network, 2)?;
        Ok(tokio::spawn(async move {
            let connection = member.transport.dial(address, expect).await?;
            let mut stream = connection.open().await?;
            stream.send.send(&mut vec![frame::write(KIND, b"in")]).await?;
            Ok::<_, Error>((connection, stream))
        }))
    };
    let greet = async |handshake| {
        let Accepted::Connection(connection) = in_time(handshake).await?? else {
            return Outcome::Err("not a new connection".into());
        };
        expect_frame(&mut in_time(connection.accept()).await??.recv, b"in").await
    };
    let slow = dial()?;
    let waits = in_time(listener.accept()).await??;
    for _ in 0..3 {
        let quick = dial()?;
        let incoming = in_time(listener.accept()).await??;
        greet(incoming.handshake).await?;
        in_time(quick).await???;
    }
    greet(waits.handshake).await?;
    in_time(slow).await???;
    Ok(())
}

async fn a_host_with_another_key_is_not_joined(kind: Kind) -> Outcome {
    let mut hosted = Hosted::new(kind)?;
    let member = hosted.somebody()?;
    let other = hosted.somebody()?.fingerprint;
    let refused = error_of(in_time(member.transport.dial(hosted.address, Expect::Key(other))).await?)?;
    match kind {
        Kind::Tcp => assert_matches!(refused, Error::IdentityImpossible),
        _ => {
            let real = hosted.host.fingerprint;
            assert!(refused.is_about_identity());
            assert_matches!(refused, Error::IdentityMismatch { expected, found } if (*expected, *found) == (other, real));
        }
    }
    // And the host is there for the next.
    hosted.connect(&member).await?;
    Ok(())
}

async fn where_nobody_listens_nobody_is_reached(kind: Kind) -> Outcome {
    let side = Side::new(kind, &Network::default(), 1)?;
    // Ports that nobody else is given, for they are taken, and where nobody hears: one does not listen, and the other hears
    // a single peer only.
    let tcp = TcpSocket::new_v4()?;
    tcp.bind(loopback())?;
    let udp = UdpSocket::bind(loopback())?;
    udp.connect(udp.local_addr()?)?;
    let address = if kind == Kind::Quic { udp.local_addr()? } else { tcp.local_addr()? };
    let expect = if kind == Kind::Tcp { Expect::Unknown } else { Expect::Key(side.fingerprint) };
    let dialled = side.transport.dial(address, expect);
    match kind {
        // A datagram to nobody may be answered by nothing at all. It takes the caller's deadline.
        Kind::Quic => assert!(!matches!(timeout(Duration::from_secs(1), dialled).await, Ok(Ok(_)))),
        _ => assert_matches!(error_of(in_time(dialled).await?)?, Error::Unreachable(_)),
    }
    Ok(())
}

async fn a_listener_that_is_dropped_leaves_its_connections_alone(kind: Kind) -> Outcome {
    let mut pair = Pair::new(kind).await?;
    pair.hosted.accepting.stop().await;
    pair.still_talks().await?;
    let again = timeout(A_MOMENT, pair.somebody.transport.dial(pair.hosted.address, pair.hosted.expect())).await;
    assert!(!matches!(again, Ok(Ok(_))), "nobody listens any more");
    pair.still_talks().await
}

async fn reading_can_be_cancelled_at_any_moment(kind: Kind) -> Outcome {
    const SIZE: usize = 300;
    let mut pair = Pair::new(kind).await?;
    let bytes: Vec<u8> = (0..5).flat_map(|number| numbered(number, SIZE)).collect();
    let mut read = 0;
    let mut cancelled = 0;
    for piece in bytes.chunks(7) {
        send_bytes(&mut pair.member.send, piece).await?;
        for _ in 0..20 {
            tokio::select! {
                biased;
                frame = pair.host.recv.next() => {
                    assert!(is_numbered(&frame?.ok_or("the stream has ended")?, read, SIZE), "{read}");
                    read += 1;
                }
                () = tokio::task::yield_now() => cancelled += 1,
            }
        }
    }
    assert!(cancelled > 1_000, "{cancelled}");
    while read < 5 {
        let frame = in_time(pair.host.recv.next()).await??.ok_or("the stream has ended")?;
        assert!(is_numbered(&frame, read, SIZE), "{read}");
        read += 1;
    }
    pair.still_talks().await
}

async fn a_frame_over_the_limit_is_not_believed(kind: Kind) -> Outcome {
    let mut pair = Pair::new(kind).await?;
    let length = limits::FRAME as u32 + 1;
    // The length alone is enough to know.
    send_bytes(&mut pair.member.send, &length.to_be_bytes()).await?;
    assert_matches!(in_time(pair.host.recv.next()).await?, Err(Error::WrongProtocol(_)));
    assert_matches!(in_time(pair.host.recv.next()).await?, Err(Error::WrongProtocol(_)));
    Ok(())
}

async fn a_frame_of_no_length_is_not_believed(kind: Kind) -> Outcome {
    let mut pair = Pair::new(kind).await?;
    say(&mut pair.host.send, b"one that is good").await?;
    send_bytes(&mut pair.host.send, &[0, 0, 0, 0]).await?;
    expect_frame(&mut pair.member.recv, b"one that is good").await?;
    assert_matches!(in_time(pair.member.recv.next()).await?, Err(Error::WrongProtocol(_)));
    Ok(())
}

async fn the_largest_frame_arrives(kind: Kind) -> Outcome {
    let (mut member, mut host, _rest) = Pair::new(kind).await?.apart();
    let largest = vec![0xa5; limits::FRAME - 1];
    let sent = largest.clone();
    let writer = tokio::spawn(async move { say(&mut member.send, &sent).await.map(|()| member) });
    expect_frame(&mut host.recv, &largest).await?;
    in_time(writer).await???;
    Ok(())
}

async fn a_write_that_was_cancelled_corrupts_nothing(kind: Kind) -> Outcome {
    const SIZE: usize = 60_001;
    const FRAMES: u32 = 512;
    let (mut member, mut host, _rest) = Pair::new(kind).await?.apart();
    let mut batch: Vec<_> = (0..FRAMES).map(|number| numbered(number, SIZE)).collect();
    let cancelled = timeout(A_MOMENT, member.send.send(&mut batch)).await;
    assert!(cancelled.is_err(), "so much fits nowhere, and nobody reads it");
    for _ in 0..3 {
        assert!(in_time(member.send.send(&mut vec![numbered(0, 8)])).await?.is_err());
    }
    drop(member);
    let (count, _) = count_numbered(&mut host.recv, SIZE).await?;
    assert!(count < FRAMES, "{count}");
    Ok(())
}
