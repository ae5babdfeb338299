//! What tokio gives to the tasks of a loop: one timer, and the readiness of descriptors.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use contract::driver::{Io, Profile, Reactor, Readiness};
use tokio::runtime::Handle;
use tokio::time::Sleep;

use crate::readiness::TokioReadiness;
use crate::register::register;

/// tokio's timers tick once a millisecond: a deadline is rounded up to the next tick, and the wait for that tick is
/// again rounded up to whole milliseconds.
const TIMER_GRANULARITY: Duration = Duration::from_millis(2);

/// The reactor of one tokio runtime, which need not be the loop's own.
pub(crate) struct TokioReactor {
    runtime: Handle,
    /// The loop's one timer, while it is armed.
    timer: RefCell<Option<Pin<Box<Sleep>>>>,
}

impl TokioReactor {
    pub(crate) fn new(runtime: Handle) -> Self {
        Self { runtime, timer: RefCell::new(None) }
    }
}

impl Reactor for TokioReactor {
    fn profile(&self) -> Profile {
        Profile::new("tokio", TIMER_GRANULARITY, Io::Readiness)
    }

    fn poll_timer(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let mut timer = self.timer.borrow_mut();
        let Some(deadline) = deadline else {
            *timer = None;
            return Poll::Pending;
        };
        // Asked of the clock, because tokio's wheel stands still between its looks at I/O and would say "not yet".
        if deadline <= Instant::now() {
            *timer = None;
            return Poll::Ready(());
        }
        let sleep = timer.get_or_insert_with(|| {
            let _inside = self.runtime.enter();
            Box::pin(tokio::time::sleep_until(deadline.into()))
        });
        if sleep.deadline() != deadline.into() {
            sleep.as_mut().reset(deadline.into());
        }
        sleep.as_mut().poll(cx)
    }

    fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        let _inside = self.runtime.enter();
        Ok(Box::new(TokioReadiness::new(register(descriptor)?)))
    }
}
