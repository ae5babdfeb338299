//! The SIGINT handler: what runs between any two instructions of any thread.
#![expect(unsafe_code, reason = "signal handlers are beyond what the compiler can check")]

use super::bell::{self, Bell};
use super::common::{restarting, ring, unnoticed};
use crate::sync::{AtomicI32, AtomicUsize, Ordering::Relaxed};
use nix::libc;
use nix::sys::eventfd::EventFd;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::unistd::{Pid, getpid};
use std::os::fd::{AsRawFd, BorrowedFd};

/// What the handler rings.
static BELL: Bell = Bell { descriptor: AtomicI32::new(bell::NONE), running: AtomicUsize::new(0) };
/// The process that listens.
static OWNER: AtomicI32 = AtomicI32::new(0);

extern "C" fn on_signal(_: libc::c_int) {
    unnoticed(|| {
        // Relaxed: it was stored before the handler was installed, and forks copy it.
        if getpid() == Pid::from_raw(OWNER.load(Relaxed)) {
            BELL.ring(|descriptor| {
                // SAFETY: the descriptor is open until this returns: whoever closes it has called `replace` before.
                ring(unsafe { BorrowedFd::borrow_raw(descriptor) });
            });
        } else {
            // A forked child: nobody here listens, and the bell is the parent's. The signal does what it does by default.
            // SAFETY: the default action is no handler, so nothing can be wrong with it.
            let _ = unsafe { sigaction(Signal::SIGINT, &default_action()) };
            let _ = raise(Signal::SIGINT);
        }
    });
}

fn default_action() -> SigAction {
    SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty())
}

fn is_ours(action: &SigAction) -> bool {
    matches!(action.handler(), SigHandler::Handler(handler)
        if std::ptr::fn_addr_eq(handler, on_signal as extern "C" fn(libc::c_int)))
}

/// The installed handler. Dropping it restores what was there before.
pub(super) struct Handler {
    before: SigAction,
}

impl Handler {
    /// From now on SIGINT rings `bell`. One handler at a time.
    pub(super) fn install(bell: &EventFd) -> nix::Result<Self> {
        OWNER.store(getpid().as_raw(), Relaxed);
        BELL.replace(bell.as_raw_fd());
        let ours = restarting(on_signal);
        // SAFETY: the handler only does what is safe in one: atomics, `getpid`, `write`, `sigaction`, `raise`; it
        // allocates nothing, takes no lock, cannot unwind, and puts `errno` back.
        match unsafe { sigaction(Signal::SIGINT, &ours) } {
            Ok(before) => Ok(Self { before }),
            Err(errno) => {
                BELL.replace(bell::NONE);
                Err(errno)
            }
        }
    }

    /// From now on SIGINT rings `bell`, and the one before is no longer touched.
    pub(super) fn ring(&mut self, bell: &EventFd) {
        BELL.replace(bell.as_raw_fd());
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        // SAFETY: this was installed before us, by someone who answered for it.
        let replaced = unsafe { sigaction(Signal::SIGINT, &self.before) };
        if let Ok(replaced) = replaced
            && !is_ours(&replaced)
        {
            // Somebody else has come meanwhile, and may call us as the one before: theirs stays.
            // SAFETY: this was installed after us, by someone who answered for it.
            let _ = unsafe { sigaction(Signal::SIGINT, &replaced) };
        }
        BELL.replace(bell::NONE);
    }
}
