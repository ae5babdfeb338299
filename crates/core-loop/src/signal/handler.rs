//! The signal handler: what runs between any two instructions of any thread.
#![expect(unsafe_code, reason = "signal handlers are beyond what the compiler can check")]

use super::bell::Bells;
use super::common::{is_fault, ring, unnoticed};
use crate::sync::{AtomicBool, AtomicI32, AtomicPtr, AtomicUsize, Ordering::Relaxed};
use nix::libc::{self, c_int};
use nix::unistd::getpid;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::ptr;
use std::sync::Arc;

/// One more than the largest number of a signal.
const SIGNALS: usize = 65;

/// What each signal rings.
static BELLS: [Bells<Hung>; SIGNALS] =
    [const { Bells { hung: AtomicPtr::new(ptr::null_mut()), running: AtomicUsize::new(0) } }; SIGNALS];

/// What was there before each signal's handler is there again, and hears those that still find ours.
static RESTORED: [AtomicBool; SIGNALS] = [const { AtomicBool::new(false) }; SIGNALS];

/// The process that listens.
static OWNER: AtomicI32 = AtomicI32::new(0);

/// Whom a signal reaches.
pub(super) enum Hung {
    /// Descriptors to write to.
    Program(Vec<RawFd>),
    /// They want to hear it once; when all have, the signal does what it does by default.
    Runners(Vec<Arc<Ear>>),
}

/// How one runner is told.
pub(crate) struct Ear {
    /// The signal has come. In the handler itself, so that the next one ends the program also while the loop is blocked.
    told: AtomicBool,
    /// It is known that the signal is for runners. Until then it does nothing but to say that it came.
    listens: AtomicBool,
    /// A descriptor to write to as well.
    bell: AtomicI32,
}

const NO_BELL: RawFd = -1;

impl Default for Ear {
    fn default() -> Self {
        Self { told: AtomicBool::new(false), listens: AtomicBool::new(false), bell: AtomicI32::new(NO_BELL) }
    }
}

// Relaxed throughout: single words, each of which says nothing about anything else but the bell; and that is hung before what
// the handler acquires, and closed after the handler.
impl Ear {
    /// Once whoever asks was rung, or has waited for the handler.
    pub(crate) fn is_told(&self) -> bool {
        self.told.load(Relaxed)
    }

    pub(super) fn listen(&self) {
        self.listens.store(true, Relaxed);
    }

    /// Before the same is hung again, which all handlers that are to ring it come after.
    pub(super) fn hang(&self, bell: BorrowedFd<'_>) {
        self.bell.store(bell.as_raw_fd(), Relaxed);
    }

    /// For the handler. `false` if it was told before, and wants no more.
    fn tell(&self) -> bool {
        if self.told.swap(true, Relaxed) {
            return !self.listens.load(Relaxed);
        }
        let bell = self.bell.load(Relaxed);
        if bell != NO_BELL {
            // SAFETY: the descriptor is open until this returns: whoever closes it has called `replace` before.
            ring(unsafe { BorrowedFd::borrow_raw(bell) });
        }
        true
    }
}

extern "C" fn on_signal(signal: c_int) {
    unnoticed(|| {
        // Relaxed: it was stored before the handler was installed, and forks copy it. In a forked child nobody listens, and the
        // bells are the parent's: the signal does what it does by default.
        let mut ends = getpid().as_raw() != OWNER.load(Relaxed);
        let mut again = false;
        if !ends && let Some(index) = usize::try_from(signal).ok().filter(|index| *index < SIGNALS) {
            // Unless there is something hung. Relaxed: what is hung, or that nothing is, was acquired before.
            let mut late = true;
            BELLS[index].ring(|hung| {
                late = false;
                // SAFETY: what is hung came from `Box::into_raw` and is freed only after `replace`, which waits for this.
                match unsafe { &*hung } {
                    Hung::Program(bells) => {
                        for &bell in bells {
                            // SAFETY: the descriptor is open until this returns: whoever closes it has called `replace` before.
                            ring(unsafe { BorrowedFd::borrow_raw(bell) });
                        }
                    }
                    Hung::Runners(ears) => ends = ears.iter().filter(|ear| ear.tell()).count() == 0,
                }
            });
            again = late && RESTORED[index].load(Relaxed);
        }
        if ends {
            let default = action(libc::SIG_DFL);
            // SAFETY: the default action is no handler, so nothing can be wrong with it; the signal was just received, so it
            // has a valid number.
            unsafe { libc::sigaction(signal, &raw const default, ptr::null_mut()) };
        }
        if ends || again {
            // SAFETY: the signal has a valid number; raising it again is delivered when this returns.
            unsafe { libc::raise(signal) };
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

/// Sets what a signal does, and gives what it did.
fn sigaction(signal: c_int, next: &libc::sigaction) -> io::Result<libc::sigaction> {
    let mut before = action(libc::SIG_DFL);
    // SAFETY: both point to actions of ours. An action that is set is either our handler, which only does what is
    // safe in one (atomics, `getpid`, `write`, `sigaction`, `raise`; it allocates nothing, takes no lock, cannot unwind, and
    // puts `errno` back), or was set before by someone who answered for it.
    match unsafe { libc::sigaction(signal, next, &raw mut before) } {
        0 => Ok(before),
        _ => Err(io::Error::last_os_error()),
    }
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
        match sigaction(signal, &action(ours())) {
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
        let Ok(replaced) = sigaction(self.signal, &self.before) else { return hang(self.signal, None) };
        let restored = replaced.sa_sigaction == ours();
        if !restored {
            // Somebody else has come meanwhile, and may call us as the one before: theirs stays.
            let _ = sigaction(self.signal, &replaced);
        }
        // A signal may have been on its way to our handler.
        RESTORED[self.signal as usize].store(restored, Relaxed);
        hang(self.signal, None);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{action, sigaction};
    use crate::signal::RunnerListener;
    use nix::libc::{self, SIGINT, c_int};
    use nix::sys::signal::{Signal, raise};
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};

    static HEARD: AtomicU32 = AtomicU32::new(0);

    extern "C" fn hears(_: c_int) {
        HEARD.fetch_add(1, Ordering::SeqCst);
    }

    #[test]
    fn a_signal_that_comes_while_a_runner_looks_is_for_whom_it_was_before() {
        let theirs = hears as extern "C" fn(c_int) as libc::sighandler_t;
        let before = sigaction(SIGINT, &action(theirs)).unwrap();
        let (rounds, at) = (2_000, Barrier::new(2));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..rounds {
                    at.wait();
                    raise(Signal::SIGINT).unwrap();
                    at.wait();
                }
            });
            for round in 1..=rounds {
                at.wait();
                assert!(RunnerListener::new(false).unwrap().is_none(), "it listens where somebody else does");
                at.wait();
                assert_eq!(HEARD.load(Ordering::SeqCst), round);
            }
        });
        assert_eq!(sigaction(SIGINT, &before).unwrap().sa_sigaction, theirs);
    }
}
