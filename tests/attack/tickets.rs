//! Tickets that were not given to whoever shows them: invented, stolen, used too often, or used when all is over. Each is
//! dropped without a word, and the connection that it names goes on.

use std::sync::Arc;

use parlor::{
    identity::Identity,
    transport::{Kind, PROTOCOL},
    wire::{
        FromHost, Message, Ticket, limits,
        message::{Ping, Pong},
    },
};
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};
use tokio_rustls::TlsConnector;

use crate::{
    figures::Tally,
    harness::{Outcome, in_time},
    peer::{Inside, crowd, from, join_as, leave, next, read_out, send, stranger, tcp},
    raw::{self, Papers},
    siege::{Aim, siege},
};

#[test]
fn forged_and_replayed_attach_tokens() {
    siege("forged and replayed attach tokens", 0, |aim| async move {
        let mut met = Tally::new();
        for kind in [Kind::Tls, Kind::Tcp] {
            attack(aim, kind, &mut met).await.map_err(|error| format!("{kind}: {error}"))?;
        }
        Ok(met)
    });
}

async fn attack(aim: Aim, kind: Kind, met: &mut Tally) -> Outcome {
    let owner = stranger()?;
    let mut victim = join_as(aim, kind, from(1), &format!("Victim {} by {kind}", aim.round), &owner).await?;
    let ticket = victim.welcome.ticket.clone().ok_or("no ticket")?;
    let mut half = aim;
    half.window /= 2;
    let (forger, given) = (owner.clone(), ticket.clone());
    let forge = move |number: usize| {
        let (owner, ticket) = (forger.clone(), given.clone());
        async move {
            let forged = match number % 3 {
                0 => Ticket { token: [number as u8; 16].into(), ..ticket },
                1 => Ticket { session: [number as u8; 16], ..ticket },
                // One bit.
                _ => {
                    let mut token = *ticket.token.bytes();
                    token[number % 16] ^= 1 << (number % 8);
                    Ticket { token: token.into(), ..ticket }
                }
            };
            is_dropped(aim, kind, number, &forged, &owner).await?;
            Ok("forged, and dropped without a word")
        }
    };
    for (what, times) in crowd(half, aim.of(60, 1_000), forge).await? {
        *met.entry(what).or_default() += times;
    }
    if kind == Kind::Tls {
        // The right one, in the hands of another key.
        for number in 0..aim.of(5, 50) {
            is_dropped(aim, kind, number, &ticket, &stranger()?).await?;
            *met.entry("stolen, and dropped without a word").or_default() += 1;
        }
    }
    // Used by whoever it was given to, again and again: as often as is allowed, and no more.
    let more = aim.of(5, 100);
    let mut shown = JoinSet::new();
    for number in 0..limits::STREAMS + more {
        let (owner, ticket) = (owner.clone(), ticket.clone());
        shown.spawn(async move { is_dropped(aim, kind, number, &ticket, &owner).await });
    }
    for _ in 0..more {
        in_time(shown.join_next()).await?.ok_or("too few")???;
    }
    is_served(&mut victim).await?;
    assert_eq!(shown.len(), limits::STREAMS, "those that are allowed are there");
    leave(victim).await?;
    while let Some(dropped) = shown.join_next().await {
        dropped??;
    }
    *met.entry("one too many, and dropped without a word").or_default() += more;
    for number in 0..more {
        // Replayed when it is over.
        is_dropped(aim, kind, number, &ticket, &owner).await?;
        *met.entry("used when it was over, and dropped without a word").or_default() += 1;
    }
    Ok(())
}

async fn is_served(victim: &mut Inside) -> Outcome {
    send(&mut victim.stream, Ping { number: 4_711 }.encode()).await?;
    while next(&mut victim.stream).await? != FromHost::Pong(Pong { number: 4_711 }) {}
    Ok(())
}

/// Fails unless whoever shows the ticket hears nothing but the end.
async fn is_dropped(aim: Aim, kind: Kind, number: usize, ticket: &Ticket, key: &Arc<Identity>) -> Outcome {
    let mut tcp = tcp(aim, from(2 + number % 60)).await?;
    let preface = [&[1], &ticket.session[..], ticket.token.bytes()].concat();
    let heard = match kind {
        Kind::Tls => {
            let papers = Papers {
                certificate: key.certificate_der().to_vec().into(),
                key: PrivatePkcs8KeyDer::from(key.private_key_der().to_vec()).into(),
            };
            let connector = TlsConnector::from(Arc::new(raw::client(Some(&papers), &raw::ours())?));
            let name = ServerName::try_from("host.parlor.invalid")?;
            let mut tls = in_time(connector.connect(name, tcp)).await??;
            tls.write_all(&preface).await?;
            tls.flush().await?;
            let mut heard = Vec::new();
            // It may end without a close_notify: that is an error, and an end.
            let _ = in_time(tls.read_to_end(&mut heard)).await?;
            heard
        }
        _ => {
            tcp.write_all(&[PROTOCOL, &preface].concat()).await?;
            read_out(&mut tcp).await?
        }
    };
    match heard.as_slice() {
        [] => Ok(()),
        heard => Err(format!("a ticket that is not theirs was answered with {heard:?}").into()),
    }
}
