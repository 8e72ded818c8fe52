//! Whatever somebody says first on plain TCP: it is a connection only if it begins as one does.

#![no_main]

use std::{
    cell::RefCell,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use parlor::transport::{Accepted, Listener, PROTOCOL, Port};
use tokio::{
    io::AsyncWriteExt,
    net::TcpSocket,
    runtime::{Builder, Runtime},
    time::timeout,
};

/// Nothing waits for more once the bytes have ended.
const PATIENCE: Duration = Duration::from_secs(10);

struct Host {
    runtime: Runtime,
    listener: Box<dyn Listener>,
    /// Each time from another address of this machine's: ports of one that were just closed cannot be used for a while.
    from: u32,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::new({
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = {
            let _guard = runtime.enter();
            Port::plain().listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port")
        };
        Host { runtime, listener, from: 0 }
    });
}

fuzz_target!(|bytes: &[u8]| {
    HOST.with_borrow_mut(|Host { runtime, listener, from }| {
        *from = (*from + 1) % 0xff_ff00;
        let own = Ipv4Addr::from(0x7f00_0001 + *from);
        runtime.block_on(async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind((own, 0).into()).expect("an address");
            let mut stream = socket.connect(listener.local_address().expect("its address")).await.expect("it listens");
            let incoming = listener.accept().await.expect("a knock");
            // A refusal may come before everything was written.
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let shaken = timeout(PATIENCE, incoming.handshake).await.expect("an answer");
            let begins = bytes.starts_with(&[PROTOCOL, &[0]].concat());
            assert_eq!(matches!(shaken, Ok(Accepted::Connection(_))), begins);
        });
    });
});
