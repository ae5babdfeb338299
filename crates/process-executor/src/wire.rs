//! Where frames are read from: a socket, with the descriptors that travel beside its bytes.

use crate::sys;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// What frames can be read from.
pub(crate) trait Source: Read {
    /// Appends at most `most` bytes, which `buffer` has room for; as [`Read::read`] in all else.
    fn append(&mut self, buffer: &mut Vec<u8>, most: usize) -> io::Result<usize> {
        let before = buffer.len();
        buffer.resize(before + most, 0);
        let answer = self.read(&mut buffer[before..]);
        buffer.truncate(before + answer.as_ref().map_or(0, |count| *count));
        answer
    }
}

impl Source for &[u8] {}

impl<A: Read, B: Read> Source for io::Chain<A, B> {}

/// From here on memory for a part is taken in large pages, if the system has some: their faults are a tenth as dear.
const LARGE: usize = 4 << 20;

/// Takes the memory for a part as a whole.
pub(crate) fn reserve(buffer: &mut Vec<u8>, wanted: usize) {
    if buffer.capacity() < wanted {
        buffer.reserve_exact(wanted - buffer.len());
        if wanted >= LARGE {
            sys::prefer_large_pages(buffer);
        }
    }
}

/// Descriptors that have come, in the order of the frames that speak of them.
#[derive(Debug, Default)]
pub(crate) struct Descriptors(VecDeque<OwnedFd>);

impl Descriptors {
    /// More of them than this wait for their frames only if the other side does not speak our language.
    const MAX: usize = 128;

    pub(crate) fn next(&mut self) -> Option<OwnedFd> {
        self.0.pop_front()
    }
}

/// A socket, for one visit.
pub(crate) struct Wire<'a> {
    pub(crate) socket: &'a UnixStream,
    pub(crate) descriptors: &'a mut Descriptors,
    /// After so many bytes there is nothing more to read in this visit.
    pub(crate) bytes: usize,
}

impl Wire<'_> {
    /// What is left of the visit, at most `most`.
    fn room(&self, most: usize) -> io::Result<usize> {
        if self.bytes == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(most.min(self.bytes)) }
    }

    fn note(&mut self, count: usize, descriptor: Option<OwnedFd>) -> usize {
        // Beyond the bound they are closed at once.
        self.descriptors.0.extend(descriptor.filter(|_| self.descriptors.0.len() < Descriptors::MAX));
        self.bytes -= count;
        count
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = self.room(buffer.len())?;
        let (count, descriptor) = sys::receive(self.socket.as_fd(), &mut buffer[..room])?;
        Ok(self.note(count, descriptor))
    }
}

impl Source for Wire<'_> {
    fn append(&mut self, buffer: &mut Vec<u8>, most: usize) -> io::Result<usize> {
        let room = self.room(most)?;
        let (count, descriptor) = sys::receive_behind(self.socket.as_fd(), buffer, room)?;
        Ok(self.note(count, descriptor))
    }
}
