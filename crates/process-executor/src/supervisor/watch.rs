//! The one place where the supervisor waits.

use crate::child::Child;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

/// What has happened, and to which worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Bell,
    Socket(u64),
    Stderr(u64),
    End(u64),
}

/// A descriptor's mark in the epoll: the worker's number and one of these.
const SOCKET: u64 = 0;
const STDERR: u64 = 1;
const END: u64 = 2;
const MARKS: u64 = 4;
/// Workers are numbered from 1.
const BELL: u64 = 0;

pub(super) struct Watch {
    epoll: Epoll,
    /// Sockets that are watched, and whether also for room to write.
    sockets: BTreeMap<u64, bool>,
}

impl Watch {
    pub(super) fn new(bell: &EventFd) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(bell, EpollEvent::new(EpollFlags::EPOLLIN, BELL))?;
        Ok(Self { epoll, sockets: BTreeMap::new() })
    }

    pub(super) fn add(&mut self, number: u64, child: &Child) -> io::Result<()> {
        let event = |mark| EpollEvent::new(EpollFlags::EPOLLIN, number * MARKS + mark);
        self.epoll.add(&child.socket, event(SOCKET))?;
        if let Some(tail) = &child.tail {
            self.epoll.add(tail.pipe(), event(STDERR))?;
        }
        if let Some(pidfd) = &child.pidfd {
            self.epoll.add(pidfd, event(END))?;
        }
        self.sockets.insert(number, false);
        Ok(())
    }

    /// The socket is at its end, and would report that for ever; or its worker is gone. Then the other descriptors leave the
    /// epoll when they are closed, but this one a submitter may hold a moment longer.
    pub(super) fn forget_socket(&mut self, number: u64, child: &Child) {
        if self.sockets.remove(&number).is_some() {
            let _ = self.epoll.delete(&child.socket);
        }
    }

    /// Standard error is at its end.
    pub(super) fn forget_stderr(&self, child: &Child) {
        if let Some(tail) = &child.tail {
            let _ = self.epoll.delete(tail.pipe());
        }
    }

    /// Watches for room to write exactly where there is something to write.
    pub(super) fn update(&mut self, children: &BTreeMap<u64, Child>) -> io::Result<()> {
        for (number, writing) in &mut self.sockets {
            let Some(child) = children.get(number) else { continue };
            if *writing != child.wants_to_write() {
                *writing = child.wants_to_write();
                let mut flags = EpollFlags::EPOLLIN;
                flags.set(EpollFlags::EPOLLOUT, *writing);
                self.epoll.modify(&child.socket, &mut EpollEvent::new(flags, number * MARKS + SOCKET))?;
            }
        }
        Ok(())
    }

    /// Sleeps until something happens or `due` comes.
    pub(super) fn wait(&self, due: Option<Instant>) -> io::Result<Vec<Seen>> {
        let timeout = match due {
            None => EpollTimeout::NONE,
            Some(due) => {
                // Rounded up: a millisecond early would be a turn for nothing, again and again.
                let ms = due.saturating_duration_since(Instant::now()).as_nanos().div_ceil(1_000_000);
                EpollTimeout::try_from(u64::try_from(ms).unwrap_or(u64::MAX)).unwrap_or(EpollTimeout::MAX)
            }
        };
        let mut events = [EpollEvent::empty(); 64];
        let count = match self.epoll.wait(&mut events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        let mut seen: Vec<Seen> = events[..count].iter().map(|event| seen_by(event.data())).collect();
        // The last: what a worker said before its end is heard before it is buried.
        seen.sort_by_key(|seen| matches!(seen, Seen::End(_)));
        Ok(seen)
    }
}

fn seen_by(mark: u64) -> Seen {
    match (mark / MARKS, mark % MARKS) {
        (BELL, _) => Seen::Bell,
        (number, SOCKET) => Seen::Socket(number),
        (number, STDERR) => Seen::Stderr(number),
        (number, _) => Seen::End(number),
    }
}
