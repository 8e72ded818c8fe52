//! Plain TCP.

use std::io;

use bytes::BytesMut;
use tokio::net::{TcpListener, TcpStream};

use crate::{
    beside,
    room::{Pipe, Room},
};

impl Pipe for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }

    fn read(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        self.try_read_buf(buffer)
    }

    fn write(&self, ahead: &[u8]) -> io::Result<usize> {
        if ahead.is_empty() { Ok(0) } else { self.try_write(ahead) }
    }
}

pub(crate) async fn serve(listener: TcpListener) -> io::Result<()> {
    let room = Room::open();
    loop {
        let (tcp, _) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        beside(room.clone().attend(tcp));
    }
}
