//! Instruments: what a loop tells whoever measures it.
//!
//! ```text
//!   spawned ─► ( before_step ─► after_step )* ─► finished          of one task; it finishes inside its last step
//!
//!   after_park ─► begin_turn ─► steps … ─► begin_turn ─► steps … ─► before_park          of the loop
//! ```

use crate::current::Loop;
use crate::debug::{StepInfo, Watch};
use crate::exception::ExceptionContext;
use crate::shared::Entry;
use crate::task::{Header, TaskRef};
use contract::Panic;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Hooks into a loop, for metrics: how long steps take, how long the queue is, how late timers are. Every hook does nothing
/// by default.
///
/// Set by [`Loop::set_instrument`]. Hooks are called on the loop's thread, and hold up the loop for as long as they run. What
/// a hook itself does to the loop, a spawn for example, is not told to it. One that panics is reported to the exception
/// handler, and the instrument is taken off.
///
/// A loop without an instrument pays one branch for each hook.
///
/// # Python
///
/// There is no counterpart: asyncio's debug mode logs slow callbacks only.
///
/// # Examples
///
/// ```
/// use core_loop::{Instrument, Loop, Step};
/// use std::{cell::Cell, rc::Rc};
///
/// #[derive(Default)]
/// struct Steps(Cell<u32>);
///
/// impl Instrument for Steps {
///     fn after_step(&self, _: &Step<'_>) {
///         self.0.set(self.0.get() + 1);
///     }
/// }
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// let steps = Rc::new(Steps::default());
/// let instrument = steps.clone();
/// core_loop::run(async move {
///     Loop::current().set_instrument(instrument);
///     core_loop::spawn(core_loop::yield_now()).await.unwrap();
/// })?;
/// assert!(steps.0.get() >= 2);
/// # Ok(())
/// # }
/// ```
pub trait Instrument {
    /// A task was spawned. It may still get its name.
    fn spawned(&self, task: &TaskView<'_>) {
        let _ = task;
    }

    /// A task has ended, clean-ups and all. Its outcome is there, and nobody was told yet.
    fn finished(&self, task: &TaskView<'_>) {
        let _ = task;
    }

    /// A step begins: of a task, or a callback.
    fn before_step(&self, step: &Step<'_>) {
        let _ = step;
    }

    /// The step that began last has ended, also if it panicked. Steps do not nest.
    fn after_step(&self, step: &Step<'_>) {
        let _ = step;
    }

    /// A turn begins.
    fn begin_turn(&self, turn: &Turn) {
        let _ = turn;
    }

    /// Nothing is ready: the loop gives its thread back to the runtime, until the next timer (at `until`, if there is one),
    /// an event, or a wake.
    fn before_park(&self, until: Option<Instant>) {
        let _ = until;
    }

    /// The runtime called again after [`before_park`](Self::before_park).
    fn after_park(&self) {}
}

/// A turn, at its beginning.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Turn {
    /// How many steps are ready: all of them run in this turn.
    pub queued: usize,
    /// How late the loop is for the first of its due timers, if one is due.
    ///
    /// # Units
    ///
    /// The loop's clock.
    pub late: Option<Duration>,
}

/// What a loop runs without interruption.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// One poll of a task, or what is left of it: clean-ups, a cancel.
    Task(TaskView<'a>),
    /// A callback: `call_soon`, `call_later`, `call_at`.
    #[non_exhaustive]
    Callback {
        /// Where it was registered.
        registered_at: &'static Location<'static>,
    },
    /// A callback, or work, that another thread has sent.
    FromThread,
}

/// A task, as an instrument sees it.
pub struct TaskView<'a>(&'a Header);

impl<'a> TaskView<'a> {
    pub(crate) fn new(task: &'a Header) -> Self {
        Self(task)
    }

    pub(crate) fn header(&self) -> &'a Header {
        self.0
    }

    /// Counts the loop's tasks from one.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id()
    }

    /// Its name: `Task-7` unless it was given another.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Where it was spawned.
    #[must_use]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.0.spawned_at()
    }
}

impl Loop {
    /// Sets the loop's instrument; the one before is taken off. The loop's close takes it off as well.
    pub fn set_instrument(&self, instrument: Rc<dyn Instrument>) {
        self.change_observers(|observers| observers.users.replace(Some(instrument)));
    }

    /// Takes the instrument off.
    pub fn reset_instrument(&self) {
        self.change_observers(|observers| observers.users.take());
    }

    /// Sets or clears an instrument, and what depends on whether there is one.
    pub(crate) fn change_observers<T>(&self, change: impl FnOnce(&Observers) -> T) {
        let inner = self.inner();
        let before = change(&inner.observers);
        let any = inner.observers.users.borrow().is_some() || inner.observers.own.borrow().is_some();
        inner.special.set(any || inner.discarding.get());
        for task in inner.tasks.to_vec() {
            task.set_observed(any);
        }
        drop(before);
    }
}

/// The instruments of one loop.
pub(crate) struct Observers {
    users: RefCell<Option<Rc<dyn Instrument>>>,
    /// The one behind debug mode and dumps.
    pub(crate) own: RefCell<Option<Rc<Watch>>>,
    /// A hook of the user's is running: what it does is not observed.
    inside: Cell<bool>,
    parked: Cell<bool>,
}

impl Observers {
    pub(crate) const fn new() -> Self {
        Self {
            users: RefCell::new(None),
            own: RefCell::new(None),
            inside: Cell::new(false),
            parked: Cell::new(false),
        }
    }

    /// All of them, for whoever drops them.
    pub(crate) fn take(&self) -> impl Sized + use<> {
        (self.users.take(), self.own.take())
    }
}

/// Calling the hooks. All of this is behind the one branch.
impl Loop {
    #[cold]
    fn observe(&self, hook: impl Fn(&dyn Instrument)) {
        let observers = &self.inner().observers;
        let own = observers.own.borrow().clone();
        if let Some(own) = own {
            hook(&*own);
        }
        if observers.inside.get() {
            return;
        }
        let Some(users) = observers.users.borrow().clone() else { return };
        observers.inside.set(true);
        let called = Panic::catch(|| hook(&*users));
        observers.inside.set(false);
        if let Err(panic) = called {
            self.report(&ExceptionContext::panicked("an instrument panicked, and was taken off", &panic));
            self.reset_instrument();
        }
    }

    #[cold]
    pub(crate) fn observe_spawn(&self, task: &TaskRef) {
        task.set_observed(true);
        self.observe(|instrument| instrument.spawned(&TaskView::new(task)));
    }

    #[cold]
    pub(crate) fn observe_finish(&self, task: &TaskRef) {
        self.observe(|instrument| instrument.finished(&TaskView::new(task)));
    }

    #[cold]
    pub(crate) fn observe_turn(&self, queued: usize, late: Option<Duration>) {
        let turn = Turn { queued, late };
        self.observe(|instrument| instrument.begin_turn(&turn));
    }

    #[cold]
    pub(crate) fn observe_park(&self, until: Option<Instant>) {
        self.inner().observers.parked.set(true);
        self.observe(|instrument| instrument.before_park(until));
    }

    #[cold]
    pub(crate) fn observe_unpark(&self) {
        if self.inner().observers.parked.replace(false) {
            self.observe(|instrument| instrument.after_park());
        }
    }

    /// Runs one entry between the two hooks. A panic is dealt with in between, too: the task's end is part of its step.
    #[cold]
    pub(crate) fn run_observed(&self, entry: Entry) {
        // Its own hold: the step may be the end of the task.
        let task = match &entry {
            Entry::Step(task) => Some(task.clone()),
            _ => None,
        };
        let step = match (&entry, &task) {
            (_, Some(task)) if task.is_done() => return,
            (_, Some(task)) => Step::Task(TaskView::new(task)),
            (Entry::Call(call), _) => Step::Callback { registered_at: call.fate().registered_at() },
            _ => Step::FromThread,
        };
        self.observe(|instrument| instrument.before_step(&step));
        let mut entry = Some(entry);
        let mut panicked = None;
        while let Err(panic) = Panic::catch(|| match panicked.take() {
            Some(panic) => self.after_panic(panic),
            None => entry.take().into_iter().for_each(|entry| self.run_entry(entry)),
        }) {
            panicked = Some(panic);
        }
        self.observe(|instrument| instrument.after_step(&step));
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        StepInfo::of(self).fmt(f)
    }
}

impl fmt::Debug for TaskView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskView").field("id", &self.id()).field("name", &self.name()).finish_non_exhaustive()
    }
}
