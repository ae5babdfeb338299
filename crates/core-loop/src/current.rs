//! The loop that runs on this thread, and everything it owns.

use crate::callback::Timer;
use crate::debug::Settings;
use crate::error::Reason;
use crate::exception::Handler;
use crate::future::DoneCallbacks;
use crate::idle::Idle;
use crate::instrument::Observers;
use crate::offload::DefaultExecutor;
use crate::shared::{Ready, Remote, Shared};
use crate::task::{CurrentTask, Tasks};
use crate::timers::Timers;
use crate::watchers::Watchers;
use contract::{Profile, Reactor};
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// The event loop that runs on this thread: a cheap handle, `!Send`. For other threads there is [`handle`](Self::handle).
///
/// # Python
///
/// `asyncio.AbstractEventLoop`. Running and closing it is the [`Runner`](crate::Runner)'s.
#[derive(Clone)]
pub struct Loop(Rc<Inner>);

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) reactor: Rc<dyn Reactor>,
    pub(crate) timers: RefCell<Timers<Timer>>,
    pub(crate) tasks: Tasks,
    /// The task whose step is running.
    pub(crate) current: CurrentTask,
    /// Set while futures are being dropped because of a cancel: whatever task they were awaiting is cancelled with them.
    pub(crate) cancelling: RefCell<Option<Reason>>,
    pub(crate) done_callbacks: DoneCallbacks,
    pub(crate) handler: Handler,
    /// The functions that are called when descriptors are ready, or signals arrive.
    pub(crate) watchers: Watchers,
    pub(crate) idle: Idle,
    pub(crate) executor: RefCell<Option<Arc<dyn DefaultExecutor>>>,
    /// It was shut down by name, and no other has been set.
    pub(crate) executor_closed: Cell<bool>,
    /// For the inbox, which is emptied into it.
    pub(crate) spare: Cell<Vec<Remote>>,
    /// How many entries of the turn under way are still to run.
    pub(crate) turn_left: Cell<usize>,
    /// Counts the tasks ever spawned: a task's id.
    pub(crate) spawned: Cell<u64>,
    /// The close has come to the point where tasks are dropped on the spot.
    pub(crate) discarding: Cell<bool>,
    pub(crate) observers: Observers,
    /// Of debug mode.
    pub(crate) settings: Arc<Settings>,
    /// The loop is observed, or drops everything: the one branch that leads to either.
    pub(crate) special: Cell<bool>,
    /// The run ends after the present turn.
    pub(crate) stopping: Cell<bool>,
    /// It is a pool's, which alone ends its runs: who it is. A job has no business to stop it.
    pub(crate) kept_by: OnceCell<String>,
}

thread_local! {
    /// Without a destructor, so that a loop kept in another thread-local can still be closed when its thread ends. Nothing
    /// is lost by it: whoever sets it puts back what was there before.
    static CURRENT: ManuallyDrop<RefCell<Option<Loop>>> = const { ManuallyDrop::new(RefCell::new(None)) };
}

impl Inner {
    /// The one branch that leads to debug mode and instruments. With `--cfg core_loop_unwatched` nothing does: only to
    /// measure what the branches cost, see `docs/src/decisions/0020`.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        !cfg!(core_loop_unwatched) && self.special.get()
    }
}

impl Loop {
    pub(crate) fn new(reactor: Rc<dyn Reactor>) -> Self {
        let lp = Self(Rc::new(Inner {
            shared: Shared::new(),
            reactor,
            timers: RefCell::new(Timers::new()),
            tasks: Tasks::default(),
            current: CurrentTask::none(),
            cancelling: RefCell::new(None),
            done_callbacks: DoneCallbacks::new(),
            handler: Handler::new(),
            watchers: Watchers::default(),
            idle: Idle::new(),
            executor: RefCell::new(None),
            executor_closed: Cell::new(false),
            spare: Cell::default(),
            turn_left: Cell::new(0),
            spawned: Cell::new(0),
            discarding: Cell::new(false),
            stopping: Cell::new(false),
            kept_by: OnceCell::new(),
            observers: Observers::new(),
            settings: Settings::new(),
            special: Cell::new(false),
        }));
        lp.begin_watch();
        lp
    }

    /// The loop that runs on this thread.
    ///
    /// # Panics
    ///
    /// Outside a loop; [`try_current`](Self::try_current) does not.
    ///
    /// # Python
    ///
    /// `asyncio.get_running_loop()`.
    #[must_use]
    #[track_caller]
    pub fn current() -> Self {
        match Self::try_current() {
            Some(current) => current,
            None => no_loop(),
        }
    }

    /// What [`current`](Self::current) does, without a handle of its own.
    #[track_caller]
    #[inline]
    pub(crate) fn with_current<T>(act: impl FnOnce(&Self) -> T) -> T {
        match CURRENT.with(|current| current.borrow().as_ref().map(act)) {
            Some(output) => output,
            None => no_loop(),
        }
    }

    /// The loop that runs on this thread, if there is one.
    #[must_use]
    pub fn try_current() -> Option<Self> {
        CURRENT.with(|current| current.borrow().clone())
    }

    /// What the runtime that carries this loop promises.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.0.reactor.profile()
    }

    /// The loop's clock.
    ///
    /// # Python
    ///
    /// `loop.time()`, which counts seconds as a float.
    #[must_use]
    pub fn time(&self) -> Instant {
        self.0.reactor.now()
    }

    pub(crate) fn reactor(&self) -> Rc<dyn Reactor> {
        self.0.reactor.clone()
    }

    /// What is ready to run.
    #[inline]
    pub(crate) fn ready(&self) -> &Ready {
        self.0.shared.ready().expect("a loop stays on the thread that made it")
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Whether both are the same loop.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Makes this the loop of this thread until the guard is dropped.
    pub(crate) fn enter(&self) -> Entered {
        Entered {
            before: CURRENT.with(|current| current.replace(Some(self.clone()))),
            _role: contract::role::enter(contract::role::Role::Loop),
        }
    }
}

#[cold]
#[track_caller]
fn no_loop() -> ! {
    panic!(
        "no event loop is running on this thread: call this inside `core_loop::run(async {{ … }})` or another runtime's \
         `run`; from another thread use the loop's `LoopHandle`"
    )
}

/// Restores what was current before, also on unwind.
pub(crate) struct Entered {
    before: Option<Loop>,
    _role: contract::role::RoleGuard,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let ours = CURRENT.with(|current| current.replace(self.before.take()));
        drop(ours);
    }
}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loop")
            .field("runtime", &self.profile().name)
            .field("tasks", &self.0.tasks.len())
            .finish_non_exhaustive()
    }
}
