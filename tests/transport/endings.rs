//! How a connection ends: with a reason that arrives after everything that was sent before it, or without one.

use parlor::{
    transport::{Error, Kind},
    wire::{CloseCode, limits},
};
use tokio::{sync::oneshot, time::timeout};

use crate::harness::{
    A_MOMENT, Outcome, Pair, assert_matches, count_numbered, in_time, numbered, over_every_transport, say,
};

const REASON: &str = "Good night, and thank you all: it was a pleasure. До свидания!";

over_every_transport![
    a_reason_arrives,
    a_reason_that_is_too_long_arrives_cut,
    a_reason_arrives_before_any_stream_is_used,
    what_was_sent_last_is_not_lost,
    what_was_sent_before_the_way_out_ended_is_not_lost,
    a_reason_gets_past_what_was_not_read,
    a_reason_gets_past_a_reader_at_work,
    closing_ends_in_time_when_nobody_reads,
    who_vanishes_has_not_left,
    who_vanishes_in_the_middle_of_a_frame_has_not_finished,
];

/// Either side may be the one who ends it.
const BOTH_WAYS: [bool; 2] = [true, false];

fn is_closed(error: &Error, with: CloseCode, why: &str) -> bool {
    matches!(error, Error::Closed { code, reason } if *code == with && reason == why)
}

async fn a_reason_arrives(kind: Kind) -> Outcome {
    for the_host_ends in BOTH_WAYS {
        for (code, reason) in
            [(CloseCode::Left, ""), (CloseCode::HostLeft, REASON), (CloseCode::Other(40_000), "of a later version")]
        {
            let (ends, mut other, _rest) = Pair::new(kind).await?.ends(the_host_ends);
            let closing = tokio::spawn(async move { ends.close(code, reason).await });
            let error = in_time(other.recv.next()).await?.err().ok_or("it goes on")?;
            assert!(is_closed(&error, code, reason), "{error:?}");
            drop(other);
            in_time(closing).await??;
        }
    }
    Ok(())
}

async fn a_reason_that_is_too_long_arrives_cut(kind: Kind) -> Outcome {
    let (ends, mut other, _rest) = Pair::new(kind).await?.apart();
    let closing = tokio::spawn(async move { ends.close(CloseCode::Violation, &"äöü".repeat(1000)).await });
    assert_matches!(in_time(other.recv.next()).await?, Err(Error::Closed { reason, .. }) if reason.len() == limits::REASON);
    drop(other);
    in_time(closing).await??;
    Ok(())
}

async fn a_reason_arrives_before_any_stream_is_used(kind: Kind) -> Outcome {
    let mut hosted = crate::harness::Hosted::new(kind)?;
    let somebody = hosted.somebody()?;
    let (member, host) = hosted.connect(&somebody).await?;
    let closing = tokio::spawn(async move { host.close(CloseCode::Busy, REASON).await });
    let told = async {
        let mut stream = member.open().await?;
        stream.recv.next().await
    };
    let error = in_time(told).await?.err().ok_or("it goes on")?;
    assert!(is_closed(&error, CloseCode::Busy, REASON), "{error:?}");
    drop(member);
    in_time(closing).await??;
    Ok(())
}

async fn what_was_sent_last_is_not_lost(kind: Kind) -> Outcome {
    const SIZE: usize = 4_000;
    const FRAMES: u32 = 500;
    for the_host_ends in BOTH_WAYS {
        let (ends, mut other, _rest) = Pair::new(kind).await?.ends(the_host_ends);
        let ending = tokio::spawn(async move {
            let mut ends = ends;
            let mut batch = (0..FRAMES).map(|number| numbered(number, SIZE)).collect();
            ends.send.send(&mut batch).await?;
            ends.close(CloseCode::Left, REASON).await;
            Ok::<_, Error>(())
        });
        let (count, ended) = count_numbered(&mut other.recv, SIZE).await?;
        let error = ended.err().ok_or("no reason came")?;
        assert!(is_closed(&error, CloseCode::Left, REASON), "after {count}: {error:?}");
        assert_eq!(count, FRAMES);
        drop(other);
        in_time(ending).await???;
    }
    Ok(())
}

async fn what_was_sent_before_the_way_out_ended_is_not_lost(kind: Kind) -> Outcome {
    const SIZE: usize = 4_000;
    const FRAMES: u32 = 500;
    for the_host_ends in BOTH_WAYS {
        let (ends, mut other, _rest) = Pair::new(kind).await?.ends(the_host_ends);
        let ending = tokio::spawn(async move {
            let mut ends = ends;
            let mut batch = (0..FRAMES).map(|number| numbered(number, SIZE)).collect();
            ends.send.send(&mut batch).await?;
            ends.send.finish().await?;
            ends.close(CloseCode::Left, REASON).await;
            Ok::<_, Error>(())
        });
        let (count, ended) = count_numbered(&mut other.recv, SIZE).await?;
        assert_eq!(count, FRAMES, "{ended:?}");
        // The way out had ended, so a reason may come or not.
        assert_matches!(ended, Ok(()) | Err(Error::Closed { code: CloseCode::Left, .. }));
        drop(other);
        in_time(ending).await???;
    }
    Ok(())
}

/// A TCP socket that is dropped with bytes unread is reset, and a reset takes with it what the peer has not read yet.
async fn a_reason_gets_past_what_was_not_read(kind: Kind) -> Outcome {
    const SIZE: usize = 8_000;
    const FRAMES: u32 = 100;
    for the_host_ends in BOTH_WAYS {
        let (ends, other, _rest) = Pair::new(kind).await?.ends(the_host_ends);
        let (mut send, mut recv) = (other.send, other.recv);
        let unread = tokio::spawn(async move { while say(&mut send, &[1; 8_000]).await.is_ok() {} });
        let ending = tokio::spawn(async move {
            let mut ends = ends;
            let mut batch = (0..FRAMES).map(|number| numbered(number, SIZE)).collect();
            ends.send.send(&mut batch).await?;
            ends.close(CloseCode::HostLeft, REASON).await;
            Ok::<_, Error>(())
        });
        let (count, ended) = count_numbered(&mut recv, SIZE).await?;
        let error = ended.err().ok_or("no reason came")?;
        assert!(is_closed(&error, CloseCode::HostLeft, REASON), "after {count}: {error:?}");
        assert_eq!(count, FRAMES);
        drop((recv, other.connection));
        in_time(ending).await???;
        in_time(unread).await??;
    }
    Ok(())
}

/// Somebody waits for frames while somebody else closes, drops everything and is gone, and the peer still talks.
async fn a_reason_gets_past_a_reader_at_work(kind: Kind) -> Outcome {
    const SIZE: usize = 8_000;
    const FRAMES: u32 = 100;
    for the_host_ends in BOTH_WAYS {
        let (mut ends, mut other, _rest) = Pair::new(kind).await?.ends(the_host_ends);
        let (at_work, is_at_work) = oneshot::channel();
        let (gone, is_gone) = oneshot::channel();
        let ending = tokio::spawn(async move {
            let mut recv = ends.recv;
            let reader = tokio::spawn(async move {
                let _ = recv.next().await;
                let _ = at_work.send(());
                while let Ok(Some(_)) = recv.next().await {}
            });
            let _ = is_at_work.await;
            let mut batch = (0..FRAMES).map(|number| numbered(number, SIZE)).collect();
            ends.send.send(&mut batch).await?;
            drop(ends.send);
            ends.connection.close(CloseCode::HostLeft, REASON).await;
            reader.abort();
            let _ = reader.await;
            drop(ends.connection);
            let _ = gone.send(());
            Ok::<_, Error>(())
        });
        say(&mut other.send, b"to work").await?;
        // Gone in no time, or, as it should be, not before we have read.
        let _ = timeout(A_MOMENT, is_gone).await;
        let _ = say(&mut other.send, b"still talking").await;
        let _ = say(&mut other.send, b"and on").await;
        let (count, ended) = count_numbered(&mut other.recv, SIZE).await?;
        let error = ended.err().ok_or("no reason came")?;
        assert!(is_closed(&error, CloseCode::HostLeft, REASON), "after {count}: {error:?}");
        assert_eq!(count, FRAMES);
        drop(other);
        in_time(ending).await???;
    }
    Ok(())
}

async fn closing_ends_in_time_when_nobody_reads(kind: Kind) -> Outcome {
    let (ends, _other, _rest) = Pair::new(kind).await?.apart();
    let mut send = ends.send;
    let stuck = tokio::spawn(async move { while say(&mut send, &[1; 60_000]).await.is_ok() {} });
    let begun = tokio::time::Instant::now();
    ends.connection.close(CloseCode::Left, REASON).await;
    assert!(begun.elapsed() < limits::FAREWELL * 3, "{:?}", begun.elapsed());
    stuck.abort();
    Ok(())
}

async fn who_vanishes_has_not_left(kind: Kind) -> Outcome {
    for the_host_ends in BOTH_WAYS {
        let (mut ends, mut other, _rest) = Pair::new(kind).await?.ends(the_host_ends);
        say(&mut ends.send, b"I was about to say").await?;
        drop(ends);
        loop {
            match in_time(other.recv.next()).await? {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    assert!(!matches!(error, Error::Closed { .. }), "{error:?}");
                    break;
                }
            }
        }
    }
    Ok(())
}

async fn who_vanishes_in_the_middle_of_a_frame_has_not_finished(kind: Kind) -> Outcome {
    for the_host_ends in BOTH_WAYS {
        let (mut ends, mut other, _rest) = Pair::new(kind).await?.ends(the_host_ends);
        crate::harness::send_bytes(&mut ends.send, &numbered(0, 100)[..50]).await?;
        drop(ends);
        assert_matches!(in_time(other.recv.next()).await?, Err(error) if !matches!(error, Error::Closed { .. }));
    }
    Ok(())
}
