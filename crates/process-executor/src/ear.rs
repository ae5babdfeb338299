//! How a worker waits for its next job: awake for a moment, where jobs follow one another closely.
//!
//! It is a delay before the read and nothing else, so it can neither lose a job nor miss the parent's end.

use contract::spin::{self, Pace, SPIN_MAX};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// The longest wait awake, and the longest that counts as short: between an answer and the next job lie two wakes, that of
/// the supervisor and that of whoever waits, not one.
const WAIT_MAX: Duration = SPIN_MAX.saturating_mul(2);

/// Learns from the waits before.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    pace: Pace,
    /// When the read that follows began, if it is timed: after a spin in vain it is not.
    since: Option<Instant>,
    /// Whether there is another processor for the parent; asked when it would spin for the first time.
    pays: Option<bool>,
}

impl Ear {
    /// The worker is about to read its next job: waits awake for it, if that pays.
    pub(crate) fn wait_awake(&mut self, is_there: impl Fn() -> bool) {
        let now = Instant::now();
        if self.pace.spins() && *self.pays.get_or_insert_with(spin::pays_here) {
            let in_time = spin::spin(now, WAIT_MAX, is_there);
            self.pace.spun(in_time);
            self.since = None;
        } else {
            self.since = Some(now);
        }
    }

    /// It has read it. A job that took its time to arrive was no short wait.
    pub(crate) fn heard(&mut self) {
        if let Some(since) = self.since.take() {
            self.pace.slept(since.elapsed() <= WAIT_MAX);
        }
    }
}

/// Whether a read would not wait: there are bytes, the end, or an error.
pub(crate) fn has_something(socket: &UnixStream) -> bool {
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
    !matches!(recv(socket.as_raw_fd(), &mut [0], flags), Err(Errno::EAGAIN | Errno::EINTR))
}

#[cfg(test)]
mod tests {
    use super::{Ear, has_something};
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    const HOUR: Duration = Duration::from_secs(3600);

    /// A read that began at `since`. One that begins later than now has taken no time.
    fn read(ear: &mut Ear, since: Instant) {
        ear.since = Some(since);
        ear.heard();
    }

    #[test]
    fn it_waits_awake_after_short_waits_and_only_then() {
        let (mut ear, now) = (Ear::default(), Instant::now());
        read(&mut ear, now + HOUR);
        read(&mut ear, now + HOUR);
        assert!(ear.pace.spins());
        read(&mut ear, now - HOUR);
        assert!(!ear.pace.spins());
    }

    #[test]
    fn bytes_and_the_end_are_heard_and_bytes_stay_to_be_read() {
        let (socket, mut peer) = UnixStream::pair().expect("a pair");
        assert!(!has_something(&socket));
        peer.write_all(b"1").expect("room");
        assert!(has_something(&socket) && has_something(&socket));
        let (socket, peer) = UnixStream::pair().expect("a pair");
        drop(peer);
        assert!(has_something(&socket));
    }
}
