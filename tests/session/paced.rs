//! How soon one looks for a host who has fallen silent, and how often one comes back to one who does not keep one. The host is
//! played, and time is made up.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use parlor::{
    conversation::{Command, Conversation},
    identity::Identity,
    session::{self, Way},
    transport::{Listener, Stream, Transport, memory},
    wire::{
        FromMember, Message, limits,
        message::{Hello, Ping, Pong},
    },
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use crate::harness::{Joiner, accept, heard, hello, options, roster, said, welcome};

/// A host whom somebody joins who wants to stay, and what that one is told to do.
fn joined() -> (Box<dyn Listener>, mpsc::Sender<Command>) {
    let [host, member] = [1, 2].map(|number| SocketAddr::from(([192, 0, 2, number], 7275)));
    let network = memory::Network::default();
    let key = Identity::generate().unwrap().fingerprint();
    let listener = memory::Memory::new(network.clone(), key, host).listen(host).unwrap();
    let joiner = Joiner::new();
    let way_there: Arc<dyn Transport> = Arc::new(memory::Memory::new(network, joiner.identity.fingerprint(), member));
    let options = options(&*listener, Some(key), Way::Encrypted);
    let conversation = session::join_over(vec![way_there], options, joiner.pins());
    let Conversation { commands, mut events, exit } = conversation;
    tokio::spawn(async move {
        let _stay = (joiner, exit);
        while events.recv().await.is_some() {}
    });
    (listener, commands)
}

async fn say(commands: &mpsc::Sender<Command>) {
    commands.send(Command::Say { text: "hello?".to_owned(), tag: 7 }).await.unwrap();
}

async fn let_in(stream: &mut Stream) -> Hello {
    let hello = hello(stream).await;
    stream.send.send(&mut vec![welcome().encode(), roster().encode()]).await.unwrap();
    hello
}

/// Lets in who knocks next, and ends it after so long. Gives how long there was nobody to be heard before.
async fn let_in_for(time: Duration, listener: &mut dyn Listener) -> Duration {
    let begun = Instant::now();
    let (_connection, mut stream) = accept(listener).await;
    let waited = begun.elapsed();
    let_in(&mut stream).await;
    sleep(time).await;
    waited
}

/// It was knocked at five times a second.
#[tokio::test(start_paused = true)]
async fn a_host_who_ends_each_conversation_at_once_is_knocked_at_ever_less_often() {
    let (mut listener, _commands) = joined();
    for _ in 0..12 {
        let_in_for(Duration::from_millis(1), &mut *listener).await;
    }
    let wait = let_in_for(Duration::ZERO, &mut *listener).await;
    assert!(wait >= limits::RETRY_MAX / 2, "{wait:?}");
}

#[tokio::test(start_paused = true)]
async fn who_was_in_the_room_for_long_is_back_at_once() {
    let (mut listener, _commands) = joined();
    for _ in 0..12 {
        let_in_for(Duration::from_millis(1), &mut *listener).await;
    }
    let_in_for(limits::RETRY_MAX + Duration::from_secs(1), &mut *listener).await;
    let wait = let_in_for(Duration::ZERO, &mut *listener).await;
    assert!(wait <= limits::RETRY_FIRST, "{wait:?}");
}

/// What one says hung for half a minute.
#[tokio::test(start_paused = true)]
async fn what_is_said_into_a_silent_connection_is_soon_said_over_another() {
    let (mut listener, commands) = joined();
    let (_silent, mut stream) = accept(&mut *listener).await;
    let_in(&mut stream).await;
    sleep(Duration::from_secs(3)).await;
    let begun = Instant::now();
    say(&commands).await;
    let (_connection, mut stream) = accept(&mut *listener).await;
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert!(let_in(&mut stream).await.resume.is_some());
    match FromMember::read(&heard(&mut stream).await) {
        Ok(Some(FromMember::Say(say))) => assert_eq!(say.text, "hello?"),
        other => panic!("{other:?}"),
    }
}

/// Its disk is slow: it would be dialled without end.
#[tokio::test(start_paused = true)]
async fn a_host_who_lets_an_echo_wait_and_answers_is_not_doubted() {
    let (mut listener, commands) = joined();
    let (_connection, mut stream) = accept(&mut *listener).await;
    let_in(&mut stream).await;
    say(&commands).await;
    let answering = async {
        loop {
            if let Ok(Some(FromMember::Ping(Ping { number }))) = FromMember::read(&heard(&mut stream).await) {
                stream.send.send(&mut vec![Pong { number }.encode()]).await.unwrap();
            }
        }
    };
    tokio::select! {
        () = answering => {}
        knock = timeout(Duration::from_secs(120), listener.accept()) => assert!(knock.is_err(), "it knocks again"),
    }
    // And is still there.
    stream.send.send(&mut vec![said(1, "at last")]).await.unwrap();
}
