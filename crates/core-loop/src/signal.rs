//! Waiting for Ctrl-C.

mod bell;
mod common;
mod handler;

pub(crate) use common::{restarting, ring, unnoticed};

use crate::Descriptor;
use handler::Handler;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the next SIGINT.
///
/// Any number of tasks, loops and threads may wait; one signal ends all of their waits. While nobody waits, the
/// disposition that was there before is back: a second Ctrl-C while the program shuts down ends it.
/// Listening begins with the first poll. A child that was forked without exec does not reach this process.
///
/// # Errors
///
/// No descriptors left.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future ends this wait only.
///
/// # Examples
///
/// ```no_run
/// # core_loop::run(async {
/// core_loop::ctrl_c().await?;
/// println!("shutting down");
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// `loop.add_signal_handler(signal.SIGINT, ..)` with an `Event`. `asyncio.run` cancels the main task on its own; here the
/// program says what Ctrl-C does.
pub async fn ctrl_c() -> io::Result<()> {
    let waiter = Waiter::new()?;
    let descriptor = Descriptor::new(waiter.bell.try_clone()?)?;
    descriptor.readable().await
}

/// One who waits. Its bell is a duplicate: it is in no other loop's poller, and stays readable once it was rung.
struct Waiter {
    bell: OwnedFd,
}

/// Those who wait now.
struct Waiting {
    waiters: usize,
    /// While somebody waits: the handler, and the bell that it rings. The bell is never read; once rung it stays so, for
    /// those who wait for it and have not looked yet, and the next to come gets a new one.
    listening: Option<(Handler, EventFd)>,
}

static WAITING: Mutex<Waiting> = Mutex::new(Waiting { waiters: 0, listening: None });

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiter {
    fn new() -> io::Result<Self> {
        let mut waiting = waiting();
        let bell = match &mut waiting.listening {
            Some((handler, bell)) => {
                if is_rung(bell)? {
                    let fresh = new_bell()?;
                    handler.ring(&fresh);
                    *bell = fresh;
                }
                bell
            }
            none => {
                let bell = new_bell()?;
                &none.insert((Handler::install(&bell)?, bell)).1
            }
        };
        let bell = bell.as_fd().try_clone_to_owned();
        // Counted also when there was no descriptor left for the duplicate: the drop ends what was begun.
        waiting.waiters += 1;
        drop(waiting);
        match bell {
            Ok(bell) => Ok(Self { bell }),
            Err(error) => {
                leave();
                Err(error)
            }
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        leave();
    }
}

/// The last to leave restores what was there before.
fn leave() {
    let mut waiting = waiting();
    waiting.waiters -= 1;
    if waiting.waiters == 0 {
        // First the handler, which rings the bell, then the bell.
        let (handler, bell) = waiting.listening.take().expect("somebody was waiting");
        drop(handler);
        drop(bell);
    }
}

fn new_bell() -> nix::Result<EventFd> {
    EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
}

fn is_rung(bell: &EventFd) -> nix::Result<bool> {
    Ok(poll(&mut [PollFd::new(bell.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO)? > 0)
}
