//! What every task has, whatever its future.

use super::afar::Afar;
use super::cell::VTable;
use super::list::Links;
use super::listeners::Listeners;
use super::reference::TaskRef;
use super::requests::Requests;
use super::waiter::Waiter;
use crate::callback::CallRef;
use crate::clean_up::CleanUp;
use crate::context::Context;
use crate::debug;
use crate::error::{JoinError, Reason};
use crate::shared::Shared;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;

/// A step is queued.
pub(super) const SCHEDULED: u16 = 1;
/// The future is there: it has not ended.
pub(super) const FUTURE: u16 = 1 << 1;
/// The outcome is there, and nobody has taken it.
pub(super) const OUTCOME: u16 = 1 << 2;
/// The future is being polled or dropped right now: nobody else may touch it, nor the outcome in its place.
pub(super) const BUSY: u16 = 1 << 3;
/// The task has ended, clean-ups and all: it is out of the loop's list.
pub(super) const DONE: u16 = 1 << 4;
/// There is a handle that may still ask for the outcome.
pub(super) const HANDLE: u16 = 1 << 5;
/// Nobody will miss the outcome: a panic that nobody saw is not reported.
pub(super) const QUIET: u16 = 1 << 6;
/// A cancel was asked for, and has not been delivered: its reason is in the extras.
pub(super) const CANCEL: u16 = 1 << 7;
/// There are clean-ups to run, in the extras.
pub(super) const CLEAN_UPS: u16 = 1 << 8;
/// A cancel is a request that the task answers itself: see `cooperative.rs`.
pub(super) const COOPERATIVE: u16 = 1 << 9;
/// A cooperative task ends as cancelled: the reason is in the extras.
pub(super) const GIVES_UP: u16 = 1 << 10;
/// There are callbacks to call at the end, or listeners to wake, in the extras.
pub(super) const CALLBACKS: u16 = 1 << 11;
/// The handle cancels the task when it is dropped.
pub(super) const CANCEL_ON_DROP: u16 = 1 << 13;
/// Somebody awaits the handle, or did.
pub(super) const AWAITED: u16 = 1 << 14;
/// Between its steps: it has a context that is not empty, in the extras.
pub(super) const CONTEXT: u16 = 1 << 12;

/// Other threads touch `vtable`, `shared` and `afar`, all else is the loop's thread's: only a [`TaskRef`] leads there.
pub(crate) struct Header {
    pub(super) vtable: &'static VTable,
    pub(super) shared: Arc<Shared>,
    pub(super) afar: Afar,
    /// How many [`TaskRef`]s there are.
    pub(super) owners: Cell<u32>,
    pub(super) links: Links,
    pub(super) state: Cell<u16>,
    /// The id of the task that spawned it.
    pub(super) parent: Id,
    pub(super) id: u64,
    /// Who awaits it, if that is a task of this thread; anybody else is in the extras. Never both.
    pub(super) waiter: Cell<Option<TaskRef>>,
    /// Boxed, because hardly any task has any.
    pub(super) extras: OnceCell<Box<Extras>>,
    pub(super) spawned_at: &'static Location<'static>,
}

/// A task's id in six bytes, beside the state in one word: three hundred days of ten million spawns a second. Zero is none.
#[derive(Clone, Copy)]
pub(super) struct Id([u16; 3]);

impl Id {
    #[inline]
    pub(super) fn new(id: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the three parts of the number")]
        Self([id as u16, (id >> 16) as u16, (id >> 32) as u16])
    }

    fn get(self) -> u64 {
        let [low, middle, high] = self.0.map(u64::from);
        low | middle << 16 | high << 32
    }
}

/// What few tasks have.
#[derive(Default)]
pub(super) struct Extras {
    name: RefCell<Option<Box<str>>>,
    pub(super) cancel: Cell<Option<Reason>>,
    pub(super) context: Cell<Context>,
    waiter: Cell<Option<Waker>>,
    /// Whose step it was that left that waker, if it was a task's of the same loop.
    pub(super) awaited_by: Cell<Option<u64>>,
    clean_ups: RefCell<VecDeque<CleanUp>>,
    /// Called when the task has ended, in this order.
    pub(super) callbacks: RefCell<Vec<CallRef>>,
    /// Woken when the task has ended, after its awaiter's turn to ask has come: see CALLBACKS.
    pub(super) listeners: Listeners,
    pub(super) requests: Requests,
    /// Why there is no output, for those who ask when the handle has taken the outcome.
    pub(super) failed: OnceCell<JoinError>,
}

impl Header {
    /// Whether any of these bits is set.
    #[inline]
    pub(super) fn is(&self, bits: u16) -> bool {
        self.state.get() & bits != 0
    }

    #[inline]
    pub(super) fn set(&self, bits: u16) {
        self.state.set(self.state.get() | bits);
    }

    #[inline]
    pub(super) fn clear(&self, bits: u16) {
        self.state.set(self.state.get() & !bits);
    }

    pub(crate) fn belongs_to(&self, shared: &Arc<Shared>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }

    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.is(DONE)
    }

    /// Counts the loop's tasks from one.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The id of the task that spawned it; `None` if no task did.
    pub(crate) fn parent(&self) -> Option<u64> {
        Some(self.parent.get()).filter(|parent| *parent != 0)
    }

    pub(crate) fn name(&self) -> String {
        let name = self.extras.get().and_then(|extras| extras.name.borrow().as_deref().map(str::to_owned));
        name.unwrap_or_else(|| format!("Task-{}", self.id))
    }

    /// The last name counts.
    pub(crate) fn set_name(&self, name: String) {
        self.extras().name.replace(Some(name.into_boxed_str()));
        if self.is_observed() {
            debug::named(self);
        }
    }

    pub(crate) fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// Why it gave no output; `None` before the end, and if it gave one.
    pub(super) fn failure(&self) -> Option<&JoinError> {
        self.extras.get()?.failed.get()
    }

    pub(super) fn extras(&self) -> &Extras {
        self.extras.get_or_init(Box::default)
    }

    /// The last one counts.
    #[inline]
    pub(super) fn set_waiter(&self, waiter: Waiter) {
        match waiter {
            Waiter::Task(task) => {
                self.waiter.set(Some(task));
                if let Some(extras) = self.extras.get() {
                    extras.waiter.take();
                }
            }
            Waiter::Other(waker) => {
                self.waiter.take();
                let awaits = self.loop_here().map(|lp| lp.inner().current.id()).filter(|id| *id != 0);
                self.extras().awaited_by.set(awaits);
                self.extras().waiter.set(Some(waker));
            }
        }
    }

    #[inline]
    pub(super) fn take_waiter(&self) -> Option<Waiter> {
        if let Some(task) = self.waiter.take() {
            return Some(Waiter::Task(task));
        }
        let extras = self.extras.get()?;
        extras.awaited_by.set(None);
        extras.waiter.take().map(Waiter::Other)
    }
}

/// The queue of clean-ups: who polls and who drops them is in `clean_up.rs`.
impl Header {
    pub(crate) fn push_clean_up(&self, clean_up: CleanUp) {
        self.extras().clean_ups.borrow_mut().push_back(clean_up);
        self.set(CLEAN_UPS);
    }

    /// The one that was under way goes first.
    pub(crate) fn put_clean_up_back(&self, clean_up: CleanUp) {
        self.extras().clean_ups.borrow_mut().push_front(clean_up);
        self.set(CLEAN_UPS);
    }

    pub(crate) fn pop_clean_up(&self) -> Option<CleanUp> {
        let first = self.extras().clean_ups.borrow_mut().pop_front();
        if first.is_none() {
            self.clear(CLEAN_UPS);
        }
        first
    }

    pub(crate) fn count_clean_ups(&self) -> usize {
        self.extras.get().map_or(0, |extras| extras.clean_ups.borrow().len())
    }

    /// Takes all but the first `count`.
    pub(crate) fn split_clean_ups(&self, count: usize) -> VecDeque<CleanUp> {
        match self.extras.get() {
            Some(extras) => extras.clean_ups.borrow_mut().split_off(count),
            None => VecDeque::new(),
        }
    }
}
