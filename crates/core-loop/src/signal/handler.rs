//! The signal handler: what runs between any two instructions of any thread.
#![expect(unsafe_code, reason = "signal handlers are beyond what the compiler can check")]

use super::bell::Bells;
use super::common::{is_fault, ring, unnoticed};
use crate::sync::{AtomicBool, AtomicI32, AtomicPtr, AtomicUsize, Ordering::Relaxed};
use nix::libc::{self, c_int};
use nix::unistd::getpid;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, RawFd};
use std::ptr;

/// One more than the largest number of a signal.
const SIGNALS: usize = 65;

/// What each signal rings.
static BELLS: [Bells<Hung>; SIGNALS] =
    [const { Bells { hung: AtomicPtr::new(ptr::null_mut()), running: AtomicUsize::new(0) } }; SIGNALS];

/// The process that listens.
static OWNER: AtomicI32 = AtomicI32::new(0);

/// Descriptors to write to.
pub(super) struct Hung {
    pub(super) bells: Vec<RawFd>,
    /// Whoever listens wants to hear it once; the next time the signal does what it does by default, whether the first was
    /// heard or not. `true` once it was rung.
    pub(super) once: Option<&'static AtomicBool>,
}

extern "C" fn on_signal(signal: c_int) {
    unnoticed(|| {
        // Relaxed: it was stored before the handler was installed, and forks copy it. In a forked child nobody listens, and the
        // bells are the parent's: the signal does what it does by default.
        let mut is_ours = getpid().as_raw() == OWNER.load(Relaxed);
        if is_ours && let Some(bells) = usize::try_from(signal).ok().and_then(|signal| BELLS.get(signal)) {
            bells.ring(|hung| {
                // SAFETY: what is hung came from `Box::into_raw` and is freed only after `replace`, which waits for this.
                let hung = unsafe { &*hung };
                // Relaxed: one flag, which says nothing about anything else.
                if hung.once.is_some_and(|rung| rung.swap(true, Relaxed)) {
                    is_ours = false;
                    return;
                }
                for &bell in &hung.bells {
                    // SAFETY: the descriptor is open until this returns: whoever closes it has called `replace` before.
                    ring(unsafe { BorrowedFd::borrow_raw(bell) });
                }
            });
        }
        if !is_ours {
            let default = action(libc::SIG_DFL);
            // SAFETY: the default action is no handler, so nothing can be wrong with it; the signal was just received, so it
            // has a valid number, and raising it again is delivered when this returns.
            unsafe {
                libc::sigaction(signal, &raw const default, ptr::null_mut());
                libc::raise(signal);
            }
        }
    });
}

fn action(handler: libc::sighandler_t) -> libc::sigaction {
    // SAFETY: zeroes are a valid action: no flags, no mask, the default handler.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler;
    // Restarting, so that no thread's system call fails because somebody listens.
    action.sa_flags = libc::SA_RESTART;
    action
}

fn ours() -> libc::sighandler_t {
    on_signal as extern "C" fn(c_int) as libc::sighandler_t
}

/// Sets what a signal does, if `next` says so, and gives what it did.
fn sigaction(signal: c_int, next: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    let mut before = action(libc::SIG_DFL);
    let next = next.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: both point to actions of ours, or to none. An action that is set is either our handler, which only does what is
    // safe in one (atomics, `getpid`, `write`, `sigaction`, `raise`; it allocates nothing, takes no lock, cannot unwind, and
    // puts `errno` back), or was set before by someone who answered for it.
    match unsafe { libc::sigaction(signal, next, &raw mut before) } {
        0 => Ok(before),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether the signal does what it does by default.
pub(super) fn is_default(signal: c_int) -> bool {
    sigaction(signal, None).is_ok_and(|now| now.sa_sigaction == libc::SIG_DFL)
}

/// The handler of one signal. Dropping it restores what was there before.
pub(super) struct Handler {
    signal: c_int,
    before: libc::sigaction,
}

impl Handler {
    /// From now on `signal` rings `hung`. One handler a signal at a time.
    pub(super) fn install(signal: c_int, hung: Hung) -> io::Result<Self> {
        let impossible =
            |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, format!("signal {signal}: {why}")));
        match usize::try_from(signal) {
            Ok(1..SIGNALS) if is_fault(signal) => {
                return impossible(
                    "it says that an instruction has failed, after which nothing goes on: take another one",
                );
            }
            Ok(1..SIGNALS) => {}
            _ => return impossible("there is no such signal: their numbers are 1 to 64"),
        }
        OWNER.store(getpid().as_raw(), Relaxed);
        hang(signal, Some(hung));
        match sigaction(signal, Some(&action(ours()))) {
            Ok(before) => Ok(Self { signal, before }),
            Err(error) => {
                hang(signal, None);
                impossible(&format!("the kernel lets nobody catch it: {error}"))
            }
        }
    }

    /// From now on it rings `hung`, and what it rang before is no longer touched.
    pub(super) fn ring(&self, hung: Hung) {
        hang(self.signal, Some(hung));
    }

    /// Whether the signal did what it does by default before this was installed.
    pub(super) fn was_default(&self) -> bool {
        self.before.sa_sigaction == libc::SIG_DFL
    }
}

fn hang(signal: c_int, hung: Option<Hung>) {
    let next = hung.map_or(ptr::null_mut(), |hung| Box::into_raw(Box::new(hung)));
    let before = BELLS[signal as usize].replace(next);
    if !before.is_null() {
        // SAFETY: it came from `Box::into_raw`, and after `replace` nobody else has it.
        drop(unsafe { Box::from_raw(before) });
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        if let Ok(replaced) = sigaction(self.signal, Some(&self.before))
            && replaced.sa_sigaction != ours()
        {
            // Somebody else has come meanwhile, and may call us as the one before: theirs stays.
            let _ = sigaction(self.signal, Some(&replaced));
        }
        hang(self.signal, None);
    }
}
