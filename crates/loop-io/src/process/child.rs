//! One child, from its start until it was reaped.
//!
//! ```text
//!            it ends                 whoever sees it first: the loop, the waiter thread, the reaper of orphans
//!   RUNNING ─────────► ENDED ───────────────────────────────────────────────────────────────────────► REAPED
//!      its number is its own until here: signals are sent under the lock that also covers the reaping
//! ```

use super::orphans;
use super::sys::pidfd_open;
use core_loop::{Future, Loop, Outside};
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What asyncio says of a child that somebody else has reaped.
const UNKNOWN: i32 = 255 << 8;

pub(super) struct Child {
    pid: u32,
    /// `None` where the kernel has none.
    pidfd: Option<OwnedFd>,
    state: Mutex<State>,
    exited: Future<ExitStatus>,
}

struct State {
    child: std::process::Child,
    /// Its number may belong to somebody else by now.
    reaped: bool,
}

impl Child {
    /// Takes charge of a child that has just been started: from now on it will be reaped, whatever happens.
    pub(super) fn take_charge(child: std::process::Child) -> Arc<Self> {
        let pid = child.id();
        let state = Mutex::new(State { child, reaped: false });
        let child = Arc::new(Self { pid, pidfd: pidfd_open(pid).ok(), state, exited: Future::new() });
        match child.pidfd {
            // If it cannot, whoever else takes charge is told there.
            Some(_) => drop(Self::watch(&child)),
            None => Self::wait_on_a_thread(child.clone(), Some(core_loop::outside())),
        }
        child
    }

    /// The loop looks when the child has ended.
    fn watch(child: &Arc<Self>) -> io::Result<()> {
        let Some(pidfd) = &child.pidfd else { return Err(Errno::ENOSYS.into()) };
        let charge = Charge(child.clone());
        Loop::current().add_reader(pidfd, move || {
            if charge.0.reap()
                && let Some(pidfd) = charge.0.pidfd()
            {
                Loop::current().remove_reader(pidfd);
            }
        })
    }

    /// A thread waits for the child. Where there is none to be had it stays a zombie, until the reaper of orphans has a thread.
    pub(super) fn wait_on_a_thread(child: Arc<Self>, outside: Option<Outside>) {
        let thread = std::thread::Builder::new().name("loop-io-wait".to_owned());
        let waiting = child.clone();
        let started = thread.spawn(move || {
            waiting.wait();
            drop(outside);
        });
        if started.is_err() {
            orphans::leave(child);
        }
    }

    /// Blocks until the child has ended, and reaps it.
    pub(super) fn wait(&self) {
        // Without reaping it: that is done under the lock, which must not be held meanwhile.
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while let Err(Errno::EINTR) = waitid(Id::Pid(self.number()), flags) {}
        self.reap();
    }

    /// Reaps the child if it has ended; `true` once it was reaped.
    pub(super) fn reap(&self) -> bool {
        let mut state = self.state();
        if state.reaped {
            return true;
        }
        let status = match state.child.try_wait() {
            Ok(Some(status)) => status,
            Ok(None) => return false,
            // A program that ignores SIGCHLD has its children reaped by the kernel.
            Err(_) => ExitStatus::from_raw(UNKNOWN),
        };
        state.reaped = true;
        drop(state);
        // Outside the lock: it wakes.
        let told = self.exited.set_result(status);
        debug_assert!(told.is_ok(), "it is reaped once, and nobody cancels it");
        true
    }

    /// Sends a signal. `false` if the child was reaped before, and then nothing is sent.
    pub(super) fn signal(&self, signal: i32) -> io::Result<bool> {
        let signal = Signal::try_from(signal)?;
        self.while_unreaped(|pid| Ok(kill(Pid::from_raw(pid), signal)?))
    }

    /// Calls `act` with its number, which stays its own until that returns. `false` if it was reaped before.
    pub(super) fn while_unreaped(&self, act: impl FnOnce(i32) -> io::Result<()>) -> io::Result<bool> {
        let state = self.state();
        if !state.reaped {
            act(self.number().as_raw())?;
        }
        Ok(!state.reaped)
    }

    /// When it was reaped.
    pub(super) fn exited(&self) -> &Future<ExitStatus> {
        &self.exited
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }

    fn number(&self) -> Pid {
        Pid::from_raw(self.pid.cast_signed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The loop's charge of a child. When the loop closes before the child has ended, somebody else takes it.
struct Charge(Arc<Child>);

impl Drop for Charge {
    fn drop(&mut self) {
        if !self.0.reap() {
            orphans::adopt(self.0.clone());
        }
    }
}

pub(super) const TERMINATE: i32 = libc::SIGTERM;
pub(super) const KILL: i32 = libc::SIGKILL;
