//! A current-thread tokio runtime that carries the loop.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use contract::driver::{Driver, Reactor, Unavailable};
use tokio::runtime::{Builder, Handle, LocalOptions, LocalRuntime};
use tokio::task::unconstrained;

use crate::reactor::TokioReactor;

/// How long a dropped driver waits for work that is still in tokio's own blocking pool (a file being flushed, a host
/// name being looked up). Bounded, because such work cannot be cancelled.
const BLOCKING_WORK_GRACE: Duration = Duration::from_secs(5);

/// Carries the loop on a tokio runtime of its own, on the thread that made it.
///
/// Everything of tokio works inside the loop's tasks: `tokio::time`, its sockets and channels, `tokio::spawn` and
/// `tokio::task::spawn_local`.
pub struct TokioDriver {
    /// `None` only while it is dropped, because shutting a runtime down consumes it.
    runtime: Option<LocalRuntime>,
    reactor: Rc<TokioReactor>,
}

impl TokioDriver {
    /// Starts a runtime on this thread.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] inside a running tokio runtime, which is entered instead of nested, and when the kernel refuses
    /// a descriptor.
    pub fn new() -> Result<Self, Unavailable> {
        if Handle::try_current().is_ok() {
            return Err(Unavailable::new(
                "tokio",
                "a tokio runtime already runs on this thread",
                "await loop_tokio::enter(main) inside it, or start the loop on a thread of its own",
            ));
        }
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
            .map_err(|error| {
                Unavailable::new(
                    "tokio",
                    error.to_string(),
                    "close descriptors, or raise the limit (ulimit -n)",
                )
            })?;
        let reactor = Rc::new(TokioReactor::new(runtime.handle().clone()));
        Ok(Self { runtime: Some(runtime), reactor })
    }
}

impl Driver for TokioDriver {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.reactor.clone()
    }

    fn run(&self, root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        if let Some(runtime) = &self.runtime {
            // Unconstrained, because tokio's budget counts per poll of the root: it would fire in the middle of a turn
            // and stall every task behind the one that spent it.
            runtime.block_on(unconstrained(root));
        }
    }
}

impl Drop for TokioDriver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Inside another runtime tokio does not allow a blocking wait, and would panic.
            if Handle::try_current().is_ok() {
                runtime.shutdown_background();
            } else {
                runtime.shutdown_timeout(BLOCKING_WORK_GRACE);
            }
        }
    }
}

impl fmt::Debug for TokioDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioDriver").finish_non_exhaustive()
    }
}
