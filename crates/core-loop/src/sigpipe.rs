//! Writes that the kernel would answer with a signal: SIGPIPE, which ends the process unless the program ignores it.
#![expect(unsafe_code, reason = "the signals of a thread are libc's")]

use nix::errno::Errno;
use nix::libc;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// Calls `write`, and has a broken pipe be its error and nothing else.
///
/// Where nobody reads any more, the kernel answers a write with `EPIPE` and SIGPIPE. Rust's `main` ignores that; a program that
/// is not Rust's, or that wants to end quietly behind `head`, does not, and there the signal ends the process. Sockets can be
/// told not to signal; `write(2)`, `writev(2)`, `splice(2)` and `sendfile(2)` cannot. All that this workspace writes to pipes
/// goes through here; use it for what you write with [`Descriptor::write_with`](crate::Descriptor::write_with).
///
/// The disposition of the signal stays as it is, since it belongs to the whole program: this thread blocks the signal for as
/// long as `write` takes, which costs two system calls.
///
/// # Errors
///
/// Those of `write`.
///
/// # Examples
///
/// ```
/// use std::io::Write;
///
/// let (reader, mut writer) = std::io::pipe()?;
/// drop(reader);
/// let broken = core_loop::pipe::without_sigpipe(|| writer.write(b"unread"));
/// assert_eq!(broken.unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
/// # std::io::Result::Ok(())
/// ```
///
/// # Python
///
/// The interpreter ignores the signal for all of the process.
pub fn without_sigpipe<T>(write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let blocked = Blocked::new();
    let outcome = write();
    let broken = outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    // One that was pending before is somebody else's, and signals do not queue.
    if broken && !blocked.was_pending {
        take(&blocked.sigpipe);
    }
    outcome
}

/// SIGPIPE is blocked for this thread until the drop, also of one that unwinds.
struct Blocked {
    sigpipe: libc::sigset_t,
    /// `None`: it was blocked before.
    before: Option<libc::sigset_t>,
    was_pending: bool,
}

impl Blocked {
    fn new() -> Self {
        let mut sigpipe = MaybeUninit::uninit();
        // SAFETY: the first call makes a whole set of the memory, and the second one adds a signal that there is.
        let sigpipe = unsafe {
            libc::sigemptyset(sigpipe.as_mut_ptr());
            libc::sigaddset(sigpipe.as_mut_ptr(), libc::SIGPIPE);
            sigpipe.assume_init()
        };
        let mut before = MaybeUninit::uninit();
        // SAFETY: both pointers lead to a set; the call cannot fail with this first number, and fills `before` in.
        let before = unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const sigpipe, before.as_mut_ptr());
            before.assume_init()
        };
        if has_sigpipe(&before) {
            Self { sigpipe, before: None, was_pending: has_sigpipe(&pending()) }
        } else {
            // What is not blocked is not pending.
            Self { sigpipe, before: Some(before), was_pending: false }
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // SAFETY: a pointer to a whole set goes in, and nothing is wanted back.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, ptr::from_ref(before), ptr::null_mut()) };
        }
    }
}

fn pending() -> libc::sigset_t {
    let mut pending = MaybeUninit::uninit();
    // SAFETY: the kernel fills the set in; with a valid pointer the call cannot fail.
    unsafe {
        libc::sigpending(pending.as_mut_ptr());
        pending.assume_init()
    }
}

fn has_sigpipe(set: &libc::sigset_t) -> bool {
    // SAFETY: it reads a whole set.
    unsafe { libc::sigismember(ptr::from_ref(set), libc::SIGPIPE) == 1 }
}

/// Takes the signal that is pending, if it is: not every `EPIPE` comes with one.
fn take(sigpipe: &libc::sigset_t) {
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a set and a time go in; nothing is wanted back. It does not wait.
    while unsafe { libc::sigtimedwait(ptr::from_ref(sigpipe), ptr::null_mut(), &raw const now) } < 0
        && Errno::last() == Errno::EINTR
    {}
}

#[cfg(test)]
mod tests {
    use super::{Blocked, has_sigpipe, pending, without_sigpipe};
    use std::io::{ErrorKind, Write};

    #[test]
    fn a_broken_pipe_leaves_no_signal_behind_unless_one_was_there() {
        let blocked = Blocked::new();
        let (reader, mut writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut broken = || without_sigpipe(|| writer.write(b"x")).unwrap_err().kind();
        assert_eq!((broken(), has_sigpipe(&pending())), (ErrorKind::BrokenPipe, false));
        // Somebody else's.
        let (reader, mut other) = std::io::pipe().unwrap();
        drop(reader);
        other.write_all(b"x").unwrap_err();
        assert!(has_sigpipe(&pending()));
        assert_eq!((broken(), has_sigpipe(&pending())), (ErrorKind::BrokenPipe, true));
        super::take(&blocked.sigpipe);
        assert!(!has_sigpipe(&pending()));
    }
}
