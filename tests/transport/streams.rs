//! Further streams beside the first, and the tickets that they need where a stream is a connection of its own.

use std::collections::HashSet;

use parlor::{
    transport::{Connection, Error, Kind, Stream},
    wire::{Ticket, limits},
};
use tokio::time::timeout;

use crate::harness::{
    A_MOMENT, Outcome, Pair, assert_matches, error_of, expect_frame, in_time, over, over_every_transport, say,
};

over_every_transport![
    every_stream_that_is_allowed_can_be_used_and_one_more_hurts_nobody,
    streams_that_are_done_make_room_for_others,
    a_stream_that_is_not_read_holds_no_other_up,
    only_who_dialled_opens_streams,
];

mod with_tickets {
    use super::*;

    over!([tls: Tls, tcp: Tcp, memory: Memory], [
        without_a_ticket_there_is_no_further_stream,
        a_forged_token_opens_nothing,
        a_ticket_of_no_session_opens_nothing,
        a_ticket_of_a_session_that_is_over_opens_nothing,
    ]);

    async fn without_a_ticket_there_is_no_further_stream(kind: Kind) -> Outcome {
        let mut pair = Pair::new(kind).await?;
        error_of(in_time(pair.member.connection.open()).await?)?;
        pair.still_talks().await
    }

    async fn a_forged_token_opens_nothing(kind: Kind) -> Outcome {
        let mut pair = Pair::new(kind).await?;
        let Ticket { session, token } = ticket(&pair)?;
        let mut forged = *token.bytes();
        for bit in [0x01, 0x80] {
            forged[15] ^= bit;
            is_refused(&mut pair, Ticket { session, token: forged.into() }).await?;
        }
        is_refused(&mut pair, Ticket { session, token: [0; 16].into() }).await?;
        is_refused(&mut pair, Ticket { session, token: session.into() }).await?;
        the_right_one_still_works(&mut pair).await
    }

    async fn a_ticket_of_no_session_opens_nothing(kind: Kind) -> Outcome {
        let mut pair = Pair::new(kind).await?;
        let Ticket { mut session, token } = ticket(&pair)?;
        session[0] ^= 1;
        is_refused(&mut pair, Ticket { session, token }).await?;
        the_right_one_still_works(&mut pair).await
    }

    async fn a_ticket_of_a_session_that_is_over_opens_nothing(kind: Kind) -> Outcome {
        let mut pair = Pair::new(kind).await?;
        let (member, host) = pair.hosted.connect(&pair.somebody).await?;
        let old = host.ticket().ok_or("no ticket")?;
        drop((member, host));
        is_refused(&mut pair, old).await?;
        the_right_one_still_works(&mut pair).await
    }

    mod bound_to_a_key {
        use super::*;

        over!([tls: Tls, memory: Memory], [the_ticket_of_another_key_opens_nothing]);

        async fn the_ticket_of_another_key_opens_nothing(kind: Kind) -> Outcome {
            let mut pair = Pair::new(kind).await?;
            let thief = pair.hosted.somebody()?;
            let (connection, _host) = pair.hosted.connect(&thief).await?;
            let _first = connection.open().await?;
            connection.use_ticket(ticket(&pair)?);
            opens_nothing(&*connection).await?;
            assert_matches!(pair.hosted.accepting.refusal().await?, Error::WrongProtocol(_));
            the_right_one_still_works(&mut pair).await
        }
    }

    fn ticket(pair: &Pair) -> Outcome<Ticket> {
        pair.host.connection.ticket().ok_or("no ticket".into())
    }

    async fn is_refused(pair: &mut Pair, ticket: Ticket) -> Outcome {
        pair.member.connection.use_ticket(ticket);
        opens_nothing(&*pair.member.connection).await?;
        assert_matches!(pair.hosted.accepting.refusal().await?, Error::WrongProtocol(_));
        pair.still_talks().await
    }

    async fn the_right_one_still_works(pair: &mut Pair) -> Outcome {
        pair.member.connection.use_ticket(ticket(pair)?);
        let mut ours = in_time(pair.member.connection.open()).await??;
        say(&mut ours.send, b"with the right one").await?;
        let mut theirs = in_time(pair.host.connection.accept()).await??;
        expect_frame(&mut theirs.recv, b"with the right one").await?;
        pair.still_talks().await
    }
}

/// Where a stream is a connection of its own, the host refuses it by ending it.
async fn opens_nothing(connection: &dyn Connection) -> Outcome {
    let mut stream = in_time(connection.open()).await??;
    let _ = say(&mut stream.send, b"hello?").await;
    assert_matches!(in_time(stream.recv.next()).await?, Ok(None) | Err(_));
    Ok(())
}

/// Opens one more, says its number on it, and finds the host's end of it.
async fn one_more(pair: &Pair, number: u8) -> Outcome<(Stream, Stream)> {
    let mut ours = in_time(pair.member.connection.open()).await??;
    say(&mut ours.send, &[number]).await?;
    let mut theirs = in_time(pair.host.connection.accept()).await??;
    expect_frame(&mut theirs.recv, &[number]).await?;
    Ok((ours, theirs))
}

fn use_ticket(pair: &Pair) {
    if let Some(ticket) = pair.host.connection.ticket() {
        pair.member.connection.use_ticket(ticket);
    }
}

async fn every_stream_that_is_allowed_can_be_used_and_one_more_hurts_nobody(kind: Kind) -> Outcome {
    let mut pair = Pair::new(kind).await?;
    use_ticket(&pair);
    let mut streams = Vec::new();
    for number in 0..limits::STREAMS as u8 {
        streams.push(one_more(&pair, number).await?);
    }
    match kind {
        // Waits until another is done.
        Kind::Quic => assert!(timeout(A_MOMENT, pair.member.connection.open()).await.is_err()),
        _ => {
            opens_nothing(&*pair.member.connection).await?;
            assert_matches!(pair.hosted.accepting.refusal().await?, Error::WrongProtocol(_));
        }
    }
    let mut answered = HashSet::new();
    for (number, (ours, theirs)) in streams.iter_mut().enumerate() {
        say(&mut theirs.send, &[number as u8, 1]).await?;
        expect_frame(&mut ours.recv, &[number as u8, 1]).await?;
        answered.insert(number);
    }
    assert_eq!(answered.len(), limits::STREAMS);
    pair.still_talks().await
}

async fn streams_that_are_done_make_room_for_others(kind: Kind) -> Outcome {
    let mut pair = Pair::new(kind).await?;
    use_ticket(&pair);
    for round in 0..3 * limits::STREAMS as u8 {
        let (mut ours, mut theirs) = one_more(&pair, round).await?;
        ours.send.finish().await?;
        theirs.send.finish().await?;
        assert_matches!(in_time(ours.recv.next()).await?, Ok(None));
        assert_matches!(in_time(theirs.recv.next()).await?, Ok(None));
    }
    pair.still_talks().await
}

async fn a_stream_that_is_not_read_holds_no_other_up(kind: Kind) -> Outcome {
    let mut pair = Pair::new(kind).await?;
    use_ticket(&pair);
    let (mut ours, theirs) = one_more(&pair, 1).await?;
    let full = async {
        loop {
            say(&mut ours.send, &[7; limits::FRAME / 2]).await?;
        }
    };
    let stuck: Result<Outcome, _> = timeout(A_MOMENT * 2, full).await;
    assert!(stuck.is_err(), "nobody reads it");
    pair.still_talks().await?;
    drop(theirs);
    pair.still_talks().await
}

async fn only_who_dialled_opens_streams(kind: Kind) -> Outcome {
    let mut pair = Pair::new(kind).await?;
    error_of(in_time(pair.host.connection.open()).await?)?;
    pair.still_talks().await
}
