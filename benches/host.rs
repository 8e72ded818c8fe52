//! parlor's host, to be put under load by `load`: on the loopback, with every transport on one port, as the program runs it,
//! but that its members may send as fast as they like, that there may be five thousand of them, and that nobody looks at what they
//! say.
//!
//! It takes an address, prints the one that it got, and ends when it is killed. With a number of milliseconds after the address, what
//! is said waits for so long (see `host/schedule.rs`), and not for as long as it would.

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use parlor::{
    conversation::Event,
    host::{self, Options},
    identity::Identity,
    room,
    transport::warm_up,
};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let Some(address) = std::env::args().skip(1).find_map(|argument| argument.parse().ok()) else {
        eprintln!("usage: host 127.0.0.1:0 [MILLISECONDS] (scripts/peers starts it)");
        return ExitCode::SUCCESS;
    };
    if let Some(wait) = std::env::args().skip(1).find_map(|argument| argument.parse().ok()) {
        host::let_news_wait(Duration::from_millis(wait));
    }
    room::let_so_many_in(5_001);
    host::take_descriptors();
    let runtime = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(runtime.spawn(run(address))).expect("no panic")
}

async fn run(address: SocketAddr) -> ExitCode {
    let identity = Arc::new(Identity::generate().expect("an identity"));
    warm_up();
    host::let_members_hurry();
    let options = Options {
        room: Some("Load".parse().expect("a name")),
        name: "Host".parse().expect("a name"),
        port: address.port(),
        bind: Some(address.ip()),
        encrypted: true,
        plain: true,
        announce: false,
        save: None,
        map_port: false,
    };
    let mut conversation = host::host(options, identity);
    while let Some(event) = conversation.events.recv().await {
        match event {
            Event::Listening(listening) => println!("listening {}", SocketAddr::new(address.ip(), listening.port)),
            Event::Refused(refused) => {
                eprintln!("{}", refused.detail);
                return ExitCode::FAILURE;
            }
            _ => {}
        }
    }
    ExitCode::SUCCESS
}
