//! Instruments: what a loop tells whoever measures it.
//!
//! ```text
//!   spawned ─► ( before_step ─► after_step )* ─► finished          of one task; it finishes inside its last step
//!
//!   after_park ─► begin_turn ─► steps … ─► begin_turn ─► steps … ─► before_park          of the loop
//! ```

use crate::context;
use crate::current::Loop;
use crate::debug::{StepInfo, Watch};
use crate::exception::ExceptionContext;
use crate::shared::Entry;
use crate::task::{AnyTask, TaskRef};
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
///     fn after_step(&self, _: &Step) {
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
///
/// # Python
///
/// There is no counterpart: asyncio's debug mode logs slow callbacks only.
pub trait Instrument {
    /// A task was spawned. It may still get its name.
    fn spawned(&self, task: &AnyTask) {
        let _ = task;
    }

    /// A task has ended, clean-ups and all. Its outcome is there, and nobody was told yet.
    fn finished(&self, task: &AnyTask) {
        let _ = task;
    }

    /// A step begins: of a task, or a callback.
    fn before_step(&self, step: &Step) {
        let _ = step;
    }

    /// The step that began last has ended, also if it panicked. Steps do not nest: the first one of an
    /// [eager](crate::spawn_eager) task is part of the step that spawned it.
    fn after_step(&self, step: &Step) {
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
pub enum Step {
    /// One poll of a task, or what is left of it: clean-ups, a cancel.
    Task(AnyTask),
    /// A callback: `call_soon`, `call_later`, `call_at`.
    #[non_exhaustive]
    Callback {
        /// Where it was registered.
        registered_at: &'static Location<'static>,
    },
    /// A callback, or work, that another thread has sent.
    FromThread,
}

impl Loop {
    /// Sets the loop's instrument; the one before is taken off. It is told of the next step first, not of the one that is under
    /// way. The loop's close takes it off as well.
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
        // What is left of this turn is no turn of its own.
        inner.observers.turn_left.set(inner.turn_left.get());
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
    /// What the loop's own count was when the last observed entry began.
    turn_left: Cell<usize>,
    /// Of the turn that begins next.
    late: Cell<Option<Duration>>,
}

impl Observers {
    pub(crate) const fn new() -> Self {
        Self {
            users: RefCell::new(None),
            own: RefCell::new(None),
            inside: Cell::new(false),
            parked: Cell::new(false),
            turn_left: Cell::new(0),
            late: Cell::new(None),
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
        self.tell_own(&hook);
        self.tell_users(&hook);
    }

    fn tell_own(&self, hook: impl Fn(&dyn Instrument)) {
        let own = self.inner().observers.own.borrow().clone();
        if let Some(own) = own {
            hook(&*own);
        }
    }

    fn tell_users(&self, hook: impl Fn(&dyn Instrument)) {
        let observers = &self.inner().observers;
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
        let task = AnyTask::of(task);
        self.observe(|instrument| instrument.spawned(&task));
    }

    #[cold]
    pub(crate) fn observe_finish(&self, task: &TaskRef) {
        let task = AnyTask::of(task);
        self.observe(|instrument| instrument.finished(&task));
    }

    /// Before a turn: how late the loop is for its first timer, if that is due.
    #[cold]
    pub(crate) fn note_lateness(&self, now: Instant) {
        let next = self.inner().timers.borrow_mut().next().map(Instant::from);
        let late = next.and_then(|next| now.checked_duration_since(next));
        self.inner().observers.late.set(late);
    }

    /// The entry that runs next may be the first of its turn: no entry of the turn before was left.
    fn observe_turn(&self) {
        let inner = self.inner();
        if inner.observers.turn_left.get() == 0 {
            let turn = Turn { queued: inner.turn_left.get() + 1, late: inner.observers.late.take() };
            self.observe(|instrument| instrument.begin_turn(&turn));
        }
        inner.observers.turn_left.set(inner.turn_left.get());
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
    #[inline(never)]
    pub(crate) fn run_observed(&self, entry: Entry) {
        self.observe_turn();
        // It holds the task: the step may be its end.
        let step = match &entry {
            Entry::Step(task) if task.is_done() => return,
            Entry::Step(task) => Step::Task(AnyTask::of(task)),
            Entry::Call(call) => match call.registered_at() {
                Some(registered_at) => Step::Callback { registered_at },
                None => Step::FromThread,
            },
        };
        let told = self.inner().observers.users.borrow().clone();
        self.observe(|instrument| instrument.before_step(&step));
        // What a hook sets is not the step's.
        context::leave_outermost();
        let mut entry = Some(entry);
        self.survive(|| entry.take().into_iter().for_each(|entry| self.run_entry(entry)));
        let after = |instrument: &dyn Instrument| instrument.after_step(&step);
        self.tell_own(after);
        let now = self.inner().observers.users.borrow().clone();
        if let (Some(told), Some(now)) = (told, now)
            && std::ptr::addr_eq(Rc::as_ptr(&told), Rc::as_ptr(&now))
        {
            // One that was set in this step was not told of its beginning.
            self.tell_users(after);
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        StepInfo::of(self).fmt(f)
    }
}
