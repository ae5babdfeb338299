//! Children whose loop has closed: a thread reaps them, and ends with the last.

use super::child::Child;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

static ORPHANS: Mutex<Orphans> = Mutex::new(Orphans { children: Vec::new(), bell: None });

struct Orphans {
    /// Those that the thread has not seen yet.
    children: Vec<Arc<Child>>,
    /// Tells the thread of new ones; there while it runs.
    bell: Option<Arc<EventFd>>,
}

fn orphans() -> MutexGuard<'static, Orphans> {
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on a thread looks after `child`: the one for all, or, if that cannot be, one of its own. If none can start at all,
/// the next that does takes it as well.
pub(super) fn adopt(child: Arc<Child>) {
    let mut orphans = orphans();
    if orphans.bell.is_none() {
        let Ok(bell) = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK) else {
            drop(orphans);
            return Child::wait_on_a_thread(child, None);
        };
        let bell = Arc::new(bell);
        let rung = bell.clone();
        let thread = std::thread::Builder::new().name("loop-io-reaper".to_owned());
        if thread.spawn(move || look_after(&rung)).is_ok() {
            orphans.bell = Some(bell);
        }
    }
    orphans.take(child);
}

/// Leaves `child`, for which no thread could start, to the one for all: that which runs, or the next that starts.
pub(super) fn leave(child: Arc<Child>) {
    orphans().take(child);
}

impl Orphans {
    fn take(&mut self, child: Arc<Child>) {
        self.children.push(child);
        if let Some(bell) = &self.bell {
            // It fails only when it was rung 2⁶⁴ - 2 times.
            let _ = bell.write(1);
        }
    }
}

fn look_after(bell: &EventFd) {
    let mut children: Vec<Arc<Child>> = Vec::new();
    loop {
        // Outside the lock: whoever waited for one is woken, and may adopt another.
        children.retain(|child| !child.reap());
        {
            let mut orphans = orphans();
            children.append(&mut orphans.children);
            if children.is_empty() {
                orphans.bell = None;
                return;
            }
        }
        if let Some(blind) = children.iter().find(|child| child.pidfd().is_none()) {
            blind.wait();
            continue;
        }
        let pidfds = children.iter().filter_map(|child| child.pidfd());
        let mut watched: Vec<_> =
            pidfds.chain([bell.as_fd()]).map(|end| PollFd::new(end, PollFlags::POLLIN)).collect();
        // Interrupted or not, what has ended is seen above.
        let _ = poll(&mut watched, PollTimeout::NONE);
        let _ = bell.read();
    }
}
