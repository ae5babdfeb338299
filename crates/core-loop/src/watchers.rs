//! Functions that are called each time a descriptor is ready: asyncio's readers and writers.
//!
//! ```text
//!        add             ready, in a turn of the loop
//!   ────────► WATCHING ─────────────────────────────► CALLED
//!                ▲  ▲                                    │
//!                │  └── in the next turn: ready no more ─┤ still ready: called again
//!                └───────────────────────────────────────┘
//! ```
//!
//! Removing, replacing and the close end it, from any state; a function that is being called finishes its call.

use crate::context::{self, Context};
use crate::current::Loop;
use crate::descriptor::look;
use crate::exception::ExceptionContext;
use crate::shared::Shared;
use contract::{Direction, Readiness};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Wake, Waker};

/// What a function is registered for. It has one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Reader(RawFd),
    Writer(RawFd),
    Signal(i32),
    /// Ctrl-C, for the runner.
    Interrupt,
}

/// All that is registered with one loop.
#[derive(Default)]
pub(crate) struct Watchers {
    entries: RefCell<HashMap<Subject, Rc<Watcher>>>,
    /// Counts the registrations: their ids.
    added: Cell<u64>,
}

/// One registration.
pub(crate) struct Watcher {
    /// A look that was queued for an earlier registration must not reach this one.
    id: u64,
    /// Ends before the descriptor, which it holds as well.
    watch: Box<dyn Readiness>,
    descriptor: Rc<OwnedFd>,
    direction: Direction,
    /// Empty while it is being called.
    function: RefCell<Option<Box<dyn FnMut()>>>,
    context: Context,
    registered_at: &'static Location<'static>,
    look: Arc<Look>,
}

/// Has the loop look after a registration, from any thread.
struct Look {
    shared: Arc<Shared>,
    subject: Subject,
    id: u64,
    /// The loop will look anyhow.
    queued: AtomicBool,
}

impl Look {
    fn queue(self: &Arc<Self>) {
        // AcqRel: a wake that finds it queued releases what became ready to the look that follows, whose swap acquires it.
        if !self.queued.swap(true, Ordering::AcqRel) {
            let look = self.clone();
            // A loop that is closed looks no more.
            self.shared.send(|| Box::new(move |lp| lp.attend(&look)));
        }
    }
}

impl Wake for Look {
    fn wake(self: Arc<Self>) {
        self.queue();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.queue();
    }
}

impl Watchers {
    /// Everything, to be dropped one by one.
    pub(crate) fn take(&self) -> Vec<Rc<Watcher>> {
        self.entries.take().into_values().collect()
    }

    fn find(&self, look: &Look) -> Option<Rc<Watcher>> {
        self.entries.borrow().get(&look.subject).filter(|watcher| watcher.id == look.id).cloned()
    }

    fn put(&self, subject: Subject, watcher: Watcher) {
        let before = self.entries.borrow_mut().insert(subject, Rc::new(watcher));
        // Outside the borrow: its destructor is the user's.
        drop(before);
    }

    pub(crate) fn remove(&self, subject: Subject) -> bool {
        let removed = self.entries.borrow_mut().remove(&subject);
        removed.is_some()
    }
}

impl Loop {
    /// Calls `function` whenever there is something to read from `descriptor`, or its other side has closed: again and again,
    /// once a turn, until it has been read. A second call for the same descriptor replaces the function of the first.
    ///
    /// The loop watches a duplicate, and changes no mode: a descriptor in blocking mode stays so. It is known by its number,
    /// so remove it before you close it.
    ///
    /// # Errors
    ///
    /// What the kernel says of a descriptor that cannot be watched (a permission error for a plain file), or of too many; a
    /// loop that is closed. On virtual time, where there are no descriptors.
    ///
    /// # Panics
    ///
    /// Not here: if `function` panics, the exception handler is told, and it stays registered.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_loop::{Future, Loop};
    /// use std::io::{Read, Write};
    ///
    /// # core_loop::run(async {
    /// let (mut reader, mut writer) = std::io::pipe()?;
    /// let lp = Loop::current();
    /// let heard = Future::new();
    /// lp.add_reader(&reader.try_clone()?, {
    ///     let heard = heard.clone();
    ///     move || {
    ///         let mut byte = [0];
    ///         if reader.read(&mut byte).is_ok() {
    ///             let _heard_before = heard.set_result(byte[0]);
    ///         }
    ///     }
    /// })?;
    /// writer.write_all(b"!")?;
    /// assert_eq!(heard.await.unwrap(), b'!');
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    ///
    /// # Python
    ///
    /// `loop.add_reader(fd, callback)`.
    #[track_caller]
    pub fn add_reader(&self, descriptor: impl AsFd, function: impl FnMut() + 'static) -> io::Result<()> {
        let subject = Subject::Reader(descriptor.as_fd().as_raw_fd());
        let duplicate = descriptor.as_fd().try_clone_to_owned()?;
        self.watch_with(subject, duplicate, Direction::Read, Box::new(function))
    }

    /// Calls `function` whenever there is room to write to `descriptor`, or its other side has closed: as
    /// [`add_reader`](Self::add_reader), beside which it may stand.
    ///
    /// # Errors
    ///
    /// As [`add_reader`](Self::add_reader).
    ///
    /// # Python
    ///
    /// `loop.add_writer(fd, callback)`.
    #[track_caller]
    pub fn add_writer(&self, descriptor: impl AsFd, function: impl FnMut() + 'static) -> io::Result<()> {
        let subject = Subject::Writer(descriptor.as_fd().as_raw_fd());
        let duplicate = descriptor.as_fd().try_clone_to_owned()?;
        self.watch_with(subject, duplicate, Direction::Write, Box::new(function))
    }

    /// Ends what [`add_reader`](Self::add_reader) began, also from within its function; that will not be called any more, and
    /// is dropped. `false` if there was none, as after the close of the loop.
    ///
    /// # Python
    ///
    /// `loop.remove_reader(fd)`.
    pub fn remove_reader(&self, descriptor: impl AsFd) -> bool {
        self.inner().watchers.remove(Subject::Reader(descriptor.as_fd().as_raw_fd()))
    }

    /// Ends what [`add_writer`](Self::add_writer) began: as [`remove_reader`](Self::remove_reader).
    ///
    /// # Python
    ///
    /// `loop.remove_writer(fd)`.
    pub fn remove_writer(&self, descriptor: impl AsFd) -> bool {
        self.inner().watchers.remove(Subject::Writer(descriptor.as_fd().as_raw_fd()))
    }

    /// Calls `function` whenever `descriptor` is ready, in place of what was registered for `subject`.
    #[track_caller]
    pub(crate) fn watch_with(
        &self,
        subject: Subject,
        descriptor: OwnedFd,
        direction: Direction,
        function: Box<dyn FnMut()>,
    ) -> io::Result<()> {
        let (inner, registered_at) = (self.inner(), Location::caller());
        if inner.shared.is_closed() || inner.discarding.get() {
            return Err(io::Error::other(
                "the loop is closed: it watches nothing any more; register with a loop that runs",
            ));
        }
        let descriptor = Rc::new(descriptor);
        let id = inner.watchers.added.get();
        inner.watchers.added.set(id + 1);
        let look =
            Arc::new(Look { shared: inner.shared.clone(), subject, id, queued: AtomicBool::new(false) });
        let watcher = Watcher {
            id,
            watch: inner.reactor.watch(descriptor.clone())?,
            descriptor,
            direction,
            function: RefCell::new(Some(function)),
            context: Context::current(),
            registered_at,
            look: look.clone(),
        };
        inner.watchers.put(subject, watcher);
        look.queue();
        Ok(())
    }

    /// Looks whether a descriptor is ready, and calls the function if so.
    fn attend(&self, look: &Arc<Look>) {
        // AcqRel: see `queue`. Before the look, so that whatever becomes ready after it queues another one.
        look.queued.swap(false, Ordering::AcqRel);
        let Some(watcher) = self.inner().watchers.find(look) else { return };
        let waker = Waker::from(look.clone());
        let mut is_ready = || look_at(&watcher);
        let cx = &mut std::task::Context::from_waker(&waker);
        match watcher.watch.poll_io(cx, watcher.direction, &mut is_ready) {
            Poll::Pending => return,
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(error)) => {
                let message = format!("{watcher:?} cannot be watched any more: {error}");
                self.report(&ExceptionContext::new(message));
                self.inner().watchers.remove(look.subject);
                return;
            }
        }
        self.call_watcher(&watcher);
        if self.inner().watchers.find(look).is_some() {
            look.queue();
        }
    }

    fn call_watcher(&self, watcher: &Watcher) {
        let Some(mut function) = watcher.function.take() else { return };
        let context = watcher.context.clone();
        if let Err(panic) = context::call_outermost(|| context.call(&mut function)) {
            self.report(&ExceptionContext::panicked(format!("{watcher:?} panicked"), &panic));
        }
        // If it was removed meanwhile, it goes with the watcher.
        watcher.function.replace(Some(function));
    }
}

fn look_at(watcher: &Watcher) -> io::Result<usize> {
    look(watcher.descriptor.as_fd(), watcher.direction).map(|()| 0)
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.look.subject {
            Subject::Reader(descriptor) => write!(f, "the reader of descriptor {descriptor}")?,
            Subject::Writer(descriptor) => write!(f, "the writer of descriptor {descriptor}")?,
            Subject::Signal(signal) => write!(f, "the handler of signal {signal}")?,
            Subject::Interrupt => f.write_str("the runner's handler of Ctrl-C")?,
        }
        write!(f, " registered at {}", self.registered_at)
    }
}
