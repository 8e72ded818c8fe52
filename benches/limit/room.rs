//! The log, and who is behind: one task writes to all, as much as each takes, and begins again when there is news.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
};

use bytes::{Buf, BytesMut};
use tokio::{net::TcpStream, sync::Notify, task::spawn_local};

use crate::{WELCOME, whole};

/// What the log keeps; half of it when there would be more. Whoever is further behind is cut off.
const LOG: usize = 32 * 1024 * 1024;
/// What is read at once. Small, since whoever is idle keeps it.
const READ: usize = 2 * 1024;
/// What is written at once, at most.
const WRITE: usize = 256 * 1024;

/// A way to somebody, over a socket that does not block.
pub(crate) trait Pipe {
    fn socket(&self) -> &TcpStream;
    /// Adds what has arrived. Nothing means the end.
    fn read(&self, buffer: &mut BytesMut) -> io::Result<usize>;
    /// Takes what it can of `ahead`, and tells how much. Once nothing is ahead it holds nothing back.
    fn write(&self, ahead: &[u8]) -> io::Result<usize>;
}

struct Member<P> {
    pipe: P,
    position: Cell<u64>,
    /// Somebody waits until more can be written.
    is_blocked: Cell<bool>,
}

pub(crate) struct Room<P> {
    log: RefCell<Vec<u8>>,
    /// The position of the log's first byte.
    first: Cell<u64>,
    members: RefCell<Vec<Rc<Member<P>>>>,
    news: Notify,
}

impl<P: Pipe + 'static> Room<P> {
    pub(crate) fn open() -> Rc<Self> {
        let room = Rc::new(Self {
            log: RefCell::default(),
            first: Cell::new(0),
            members: RefCell::default(),
            news: Notify::new(),
        });
        drop(spawn_local(room.clone().sweep()));
        room
    }

    /// Serves somebody, once they have sent their first frame, until they are gone.
    pub(crate) async fn attend(self: Rc<Self>, pipe: P) -> io::Result<()> {
        let mut buffer = BytesMut::with_capacity(READ);
        while whole(&buffer, 1) == 0 {
            read(&pipe, &mut buffer).await?;
        }
        buffer.advance(whole(&buffer, 1));
        if pipe.write(WELCOME)? < WELCOME.len() || pipe.write(&[])? > 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let head = self.first.get() + self.log.borrow().len() as u64;
        let member = Rc::new(Member { pipe, position: Cell::new(head), is_blocked: Cell::new(false) });
        self.members.borrow_mut().push(member.clone());
        let ended = loop {
            let end = whole(&buffer, usize::MAX);
            if end > 0 {
                self.append(&buffer[..end]);
                buffer.advance(end);
            }
            if let Err(error) = read(&member.pipe, &mut buffer).await {
                break error;
            }
        };
        self.members.borrow_mut().retain(|one| !Rc::ptr_eq(one, &member));
        Err(ended)
    }

    fn append(&self, frames: &[u8]) {
        let mut log = self.log.borrow_mut();
        if log.len() > LOG {
            log.drain(..LOG / 2);
            self.first.set(self.first.get() + LOG as u64 / 2);
        }
        log.extend_from_slice(frames);
        self.news.notify_one();
    }

    async fn sweep(self: Rc<Self>) {
        loop {
            self.news.notified().await;
            for member in self.members.borrow().iter() {
                self.catch_up(member);
            }
        }
    }

    fn catch_up(self: &Rc<Self>, member: &Rc<Member<P>>) {
        let log = self.log.borrow();
        while !member.is_blocked.get() {
            let ahead = member.position.get().checked_sub(self.first.get()).and_then(|from| log.get(from as usize..));
            // Whoever is cut off, or gone, finds that out as they read.
            let Some(ahead) = ahead else { return };
            match member.pipe.write(&ahead[..ahead.len().min(WRITE)]) {
                Ok(0) => return,
                Ok(written) => member.position.set(member.position.get() + written as u64),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    member.is_blocked.set(true);
                    let (room, member) = (self.clone(), member.clone());
                    drop(spawn_local(async move {
                        let _ = member.pipe.socket().writable().await;
                        member.is_blocked.set(false);
                        room.news.notify_one();
                    }));
                }
                Err(_) => return,
            }
        }
    }
}

/// Waits until something has arrived.
async fn read(pipe: &impl Pipe, buffer: &mut BytesMut) -> io::Result<()> {
    loop {
        if buffer.capacity() == buffer.len() {
            buffer.reserve(READ);
        }
        match pipe.read(buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => pipe.socket().readable().await?,
            Err(error) => return Err(error),
        }
    }
}
