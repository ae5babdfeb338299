//! A worker's line to its parent: one socket, one frame at a time.

use crate::blob::crossing::{self, Way};
use crate::child::send_beside;
use crate::frame::{Body, Frame, Kind};
use crate::sys;
use nix::sys::socket::MsgFlags;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// The exit code of a worker whose parent is gone.
pub(crate) const ORPHANED: i32 = 86;

/// The socket, and the right to write to it: frames of two threads must not mix.
pub(crate) struct Line {
    pub(crate) socket: UnixStream,
    turn: Mutex<()>,
}

/// The right to write.
pub(crate) struct Turn<'a> {
    line: &'a Line,
    _held: MutexGuard<'a, ()>,
}

impl Line {
    pub(crate) fn new(socket: UnixStream) -> Self {
        Self { socket, turn: Mutex::new(()) }
    }

    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn { line: self, _held: self.turn.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// `None` while somebody writes.
    pub(crate) fn try_turn(&self) -> Option<Turn<'_>> {
        let held = match self.turn.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(held)) => held.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(Turn { line: self, _held: held })
    }
}

impl Turn<'_> {
    pub(crate) fn send(&self, mut frame: Frame) {
        // Kept until the frame is written: a loan must not be given back before the frame that speaks of it has gone.
        let blobs = frame.body.blobs.clone();
        for blob in crossing::pack(&mut frame, Way::ToParent) {
            let Some(((number, size), file)) = blob.segment().zip(blob.file()) else { continue };
            let pieces = Frame::new(Kind::Segment, number, size, Body::default()).into_pieces();
            let sent = send_beside(&self.line.socket, &pieces[0], file, MsgFlags::MSG_NOSIGNAL);
            self.check(sent.is_ok_and(|count| count == pieces[0].len()));
        }
        for piece in frame.into_pieces() {
            self.check((&self.line.socket).write_all(&piece).is_ok());
        }
        drop(blobs);
    }

    fn check(&self, sent: bool) {
        if !sent {
            // Nobody is left to work for.
            sys::exit_now(ORPHANED);
        }
    }
}
