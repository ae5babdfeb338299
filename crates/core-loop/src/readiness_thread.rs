//! Readiness of descriptors for a runtime that has none of its own: a thread with the native poller.

use crate::native::{Hub, Registry, Timer, Watch};
use contract::{Direction, Readiness};
use std::cell::{Cell, OnceCell};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake};
use std::thread::JoinHandle;

type SharedHub = Hub<Mutex<Registry>>;

/// Watches descriptors on a helper thread, for drivers of runtimes that cannot (completion-based ones).
///
/// The thread starts with the first watch; it ends with this value and its last watch. Wakers are woken from it.
#[derive(Default)]
pub struct ReadinessThread {
    helper: OnceCell<Rc<Helper>>,
}

/// The running thread. Dropping it ends the thread.
struct Helper {
    hub: Arc<SharedHub>,
    stop: Arc<AtomicBool>,
    thread: Cell<Option<JoinHandle<()>>>,
}

/// A watch keeps the thread alive.
struct ThreadWatch {
    watch: Watch<Arc<SharedHub>, Mutex<Registry>>,
    /// After the watch, which uses the hub.
    _helper: Rc<Helper>,
}

impl ReadinessThread {
    /// Starts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches a descriptor that is in non-blocking mode.
    ///
    /// # Errors
    ///
    /// What the kernel says of a descriptor that cannot be watched, or of a thread or poller that cannot be made.
    pub fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        let helper = self.helper()?;
        Ok(Box::new(ThreadWatch { watch: Watch::new(helper.hub.clone(), descriptor)?, _helper: helper }))
    }

    fn helper(&self) -> io::Result<Rc<Helper>> {
        if let Some(helper) = self.helper.get() {
            return Ok(helper.clone());
        }
        let helper = Rc::new(Helper::start()?);
        Ok(self.helper.get_or_init(|| helper).clone())
    }
}

impl Helper {
    fn start() -> io::Result<Self> {
        let hub = Arc::new(SharedHub::new().map_err(io::Error::other)?);
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("loop-readiness".into()).spawn({
            let (hub, stop) = (hub.clone(), stop.clone());
            move || {
                // Relaxed: only the wake that follows the store brings us here again, and it synchronizes.
                let stopped = poll_fn(|_| match stop.load(Ordering::Relaxed) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                });
                hub.run(&Timer::default(), pin!(stopped));
            }
        })?;
        Ok(Self { hub, stop, thread: Cell::new(Some(thread)) })
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // Relaxed: the wake releases it to the thread.
        self.stop.store(true, Ordering::Relaxed);
        self.hub.poller().wakeup().wake_by_ref();
        if let Some(thread) = self.thread.take() {
            // It only ever calls wakers, so this is short.
            let joined = thread.join();
            debug_assert!(joined.is_ok(), "a waker that panics is reported there");
        }
    }
}

impl Readiness for ThreadWatch {
    fn poll_io_up_to(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        limit: usize,
        operation: &mut dyn FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.watch.poll_io_up_to(cx, direction, limit, operation)
    }
}

impl fmt::Debug for ReadinessThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadinessThread").field("runs", &self.helper.get().is_some()).finish()
    }
}
