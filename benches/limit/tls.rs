//! TLS: each connection's state is driven where the log is, so that a batch is encrypted once and copied nowhere else.

use std::{
    cell::RefCell,
    io::{self, Read, Write},
    sync::Arc,
};

use bytes::{BufMut, BytesMut};
use rustls::ServerConnection;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::{
    beside, encrypted,
    room::{Pipe, Room},
};

struct Encrypted {
    tcp: TcpStream,
    tls: RefCell<ServerConnection>,
}

impl Pipe for Encrypted {
    fn socket(&self) -> &TcpStream {
        &self.tcp
    }

    fn read(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        let mut tls = self.tls.borrow_mut();
        loop {
            let mut into = [0; 2048];
            match tls.reader().read(&mut into) {
                Ok(read) => {
                    buffer.put_slice(&into[..read]);
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if tls.read_tls(&mut Socket(&self.tcp))? == 0 {
                return Ok(0);
            }
            tls.process_new_packets().map_err(io::Error::other)?;
        }
    }

    fn write(&self, ahead: &[u8]) -> io::Result<usize> {
        let mut tls = self.tls.borrow_mut();
        while tls.wants_write() {
            tls.write_tls(&mut Socket(&self.tcp))?;
        }
        tls.writer().write(ahead)
    }
}

/// The socket, for a library that knows nothing of waiting.
struct Socket<'a>(&'a TcpStream);

impl Read for Socket<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(into)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, many: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(many)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) async fn serve(listener: TcpListener) -> io::Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(encrypted()?));
    let room = Room::open();
    loop {
        let (tcp, _) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        let (room, accepting) = (room.clone(), acceptor.accept(tcp));
        beside(async move {
            // What a handshake takes is not kept for as long as somebody stays.
            let (tcp, mut tls) = Box::pin(accepting).await?.into_inner();
            tls.set_buffer_limit(None);
            room.attend(Encrypted { tcp, tls: RefCell::new(tls) }).await
        });
    }
}
