//! The task itself: header, then future or outcome, in one allocation.
#![expect(unsafe_code, reason = "the future is pinned in a cell whose type the loop has forgotten")]
//!
//! ```text
//!             poll gave Ready, or panicked; drop_future           take_outcome, throw_away
//!   FUTURE ──────────────────────────────────────────► OUTCOME ────────────────────────────► neither
//! ```
//!
//! FUTURE goes when the outcome is decided, before the future's destructor runs.
//! The two bits say what the stage holds, and BUSY that a poll or a destructor is at work on it: every function here checks
//! them before it touches the stage, so no order of calls, also from the user's destructors, can break it.

use super::afar::Afar;
use super::header::{BUSY, CANCEL, DONE, FUTURE, HANDLE, Header, Id, OUTCOME, SCHEDULED};
use super::list::Links;
use super::reference::TaskRef;
use crate::error::JoinError;
use crate::exception;
use crate::memory::Piece;
use crate::shared::{Ready, Shared};
use crate::verdict::is_error;
use contract::Panic;
use std::any::Any;
use std::cell::{Cell, OnceCell, UnsafeCell};
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, offset_of};
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll};

#[repr(C)]
struct TaskCell<F: Future> {
    header: Header,
    stage: UnsafeCell<Stage<F>>,
}

/// Which of the two it is, the header's state says.
#[repr(C)]
union Stage<F: Future> {
    future: ManuallyDrop<F>,
    outcome: ManuallyDrop<Outcome<F::Output>>,
}

/// What becomes of a task. The error is boxed, because every task has room for it.
type Outcome<T> = Result<T, Box<JoinError>>;

/// What the type of the future is needed for.
pub(super) struct VTable {
    poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> Polled,
    drop_future: unsafe fn(NonNull<Header>),
    fail: unsafe fn(NonNull<Header>, Box<JoinError>),
    discard_outcome: unsafe fn(NonNull<Header>, Unread) -> Option<Box<JoinError>>,
    /// Where the stage begins, in bytes from the header.
    stage: usize,
    pub(super) free: unsafe fn(NonNull<Header>),
}

/// What came of one poll.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Polled {
    Pending,
    /// The outcome is there, the future is gone.
    Ended,
    /// A cancel came during the last step: the output was dropped, the future is still there.
    Overruled,
}

/// What becomes of an outcome that is thrown away.
#[derive(Clone, Copy)]
pub(super) enum Unread {
    Dropped,
    /// If it is an error, this is called with the name of its type, and with it.
    Told(fn(&Header, &'static str, &dyn Any)),
}

/// The handle's way to the outcome.
pub(super) struct Join<T> {
    task: TaskRef,
    output: PhantomData<fn() -> T>,
}

/// Where a task comes from.
pub(super) struct Origin {
    pub(super) id: u64,
    pub(super) parent: u64,
    pub(super) spawned_at: &'static Location<'static>,
}

/// Makes a task that is SCHEDULED: the references are for the list of tasks and for its first step.
#[inline]
pub(super) fn create<F: Future + 'static>(
    future: F,
    shared: &Arc<Shared>,
    ready: &Ready,
    origin: Origin,
) -> (Join<F::Output>, TaskRef, TaskRef) {
    let (place, shared) = const { Piece::of::<TaskCell<F>>() }.allocate(&ready.memory, shared);
    let place = place.cast::<TaskCell<F>>();
    let cell = TaskCell {
        header: Header {
            vtable: const {
                &VTable {
                    poll: poll::<F>,
                    drop_future: drop_future::<F>,
                    fail: fail::<F>,
                    discard_outcome: discard_outcome::<F>,
                    stage: offset_of!(TaskCell<F>, stage),
                    free: free::<F>,
                }
            },
            shared,
            afar: Afar::new(),
            owners: Cell::new(3),
            links: Links::default(),
            state: Cell::new(SCHEDULED | FUTURE | HANDLE),
            parent: Id::new(origin.parent),
            id: origin.id,
            waiter: Cell::new(None),
            extras: OnceCell::new(),
            spawned_at: origin.spawned_at,
        },
        stage: UnsafeCell::new(Stage { future: ManuallyDrop::new(future) }),
    };
    // SAFETY: the place is as large as the cell, and nobody else's. The header comes first in the cell; three owners were
    // counted, and here they are, on the loop's thread.
    unsafe {
        place.write(cell);
        let header = place.cast::<Header>();
        let join = Join { task: TaskRef::from_raw(header), output: PhantomData };
        (join, TaskRef::from_raw(header), TaskRef::from_raw(header))
    }
}

impl<T> Join<T> {
    pub(super) fn task(&self) -> &TaskRef {
        &self.task
    }

    /// The outcome, while it is there.
    pub(super) fn outcome(&self) -> Option<Result<&T, &JoinError>> {
        let task = &self.task;
        if !task.is(OUTCOME) || task.is(BUSY) || !task.is(DONE) {
            return None;
        }
        // SAFETY: the bit says that the outcome is there. It stays as long as this handle is borrowed: only the handle takes
        // it, and it is thrown away only when the handle is gone.
        let outcome = unsafe { task.as_ptr().byte_add(task.vtable.stage).cast::<Outcome<T>>().as_ref() };
        Some(outcome.as_ref().map_err(|error| &**error))
    }

    /// Takes the outcome.
    ///
    /// # Panics
    ///
    /// If it is not there.
    #[inline]
    pub(super) fn take_outcome(&mut self) -> Result<T, JoinError> {
        let task = &self.task;
        assert!(
            task.is(OUTCOME) && !task.is(BUSY),
            "a task was polled again after it gave its output: keep what the first await gave"
        );
        // The handle has nothing more to ask for.
        task.clear(OUTCOME | HANDLE);
        // SAFETY: the bit said that the outcome is there, and it is gone now. `T` is the output of the future that `create`
        // was given, and in a `repr(C)` union it begins where the union does.
        let outcome = unsafe { task.as_ptr().byte_add(task.vtable.stage).cast::<Outcome<T>>().read() };
        outcome.map_err(|error| *error)
    }
}

impl TaskRef {
    /// Polls the future, and drops it once it has ended. Does not catch panics: see [`unwound`](Self::unwound).
    #[inline]
    pub(super) fn poll_future(&self, cx: &mut Context<'_>) -> Polled {
        assert!(self.is(FUTURE) && !self.is(BUSY), "a task runs one step at a time");
        self.set(BUSY);
        // SAFETY: the future is there, and nobody else is at it.
        let polled = unsafe { (self.vtable.poll)(self.as_ptr(), cx) };
        self.clear(BUSY);
        polled
    }

    /// A panic has come out of `poll_future` if this is `true`; whoever caught it calls this once.
    pub(super) fn unwound(&self) -> bool {
        let busy = self.is(BUSY);
        self.clear(BUSY);
        busy
    }

    /// Drops the future. An error is its destructor's panic.
    pub(super) fn drop_future(&self) -> Result<(), Panic> {
        assert!(self.is(FUTURE) && !self.is(BUSY), "a future is dropped once");
        self.set(BUSY);
        // Before the destructor runs: the outcome is decided, so a cancel comes too late, and must say so.
        self.clear(FUTURE);
        // SAFETY: the future is there, and nobody else is at it: BUSY keeps everybody away until it is gone, also after a
        // panic.
        let dropped = Panic::catch(|| unsafe { (self.vtable.drop_future)(self.as_ptr()) });
        self.clear(BUSY);
        dropped
    }

    /// Leaves an error where the future was.
    pub(super) fn fail(&self, error: JoinError) {
        assert!(!self.is(FUTURE | OUTCOME | BUSY), "there is one outcome");
        let _set_once = self.extras().failed.set(error.echo());
        // SAFETY: the stage holds nothing, and nobody is at it.
        unsafe { (self.vtable.fail)(self.as_ptr(), Box::new(error)) }
        self.set(OUTCOME);
    }

    /// Drops the outcome if it is there; gives back an error. Runs a destructor of the user's, which may panic.
    pub(super) fn discard_outcome(&self, unread: Unread) -> Option<Box<JoinError>> {
        if self.is(BUSY) || !self.is(OUTCOME) {
            return None;
        }
        self.clear(OUTCOME);
        // SAFETY: the outcome was there, and belongs to this call now.
        unsafe { (self.vtable.discard_outcome)(self.as_ptr(), unread) }
    }
}

// The functions of the table. SAFETY of all: `header` begins a `TaskCell<F>` whose stage is as the callers above have
// checked, and nobody else is at it.

unsafe fn stage_of<F: Future>(header: NonNull<Header>) -> *mut Stage<F> {
    // SAFETY: see above. Only the address is taken.
    UnsafeCell::raw_get(unsafe { &raw const (*header.cast::<TaskCell<F>>().as_ptr()).stage })
}

unsafe fn poll<F: Future>(header: NonNull<Header>, cx: &mut Context<'_>) -> Polled {
    /// Puts the output where the future was, also when the future's destructor panics.
    struct Settle<'a, F: Future> {
        header: &'a Header,
        stage: *mut Stage<F>,
        output: ManuallyDrop<F::Output>,
    }

    impl<F: Future> Drop for Settle<'_, F> {
        fn drop(&mut self) {
            // SAFETY: the future has been dropped, so its place is free; the output is taken once, here.
            unsafe { (*self.stage).outcome = ManuallyDrop::new(Ok(ManuallyDrop::take(&mut self.output))) }
            self.header.set(OUTCOME);
        }
    }

    // SAFETY: see above.
    let (stage, header) = unsafe { (stage_of::<F>(header), header.as_ref()) };
    // SAFETY: the future is there. It stays in its cell until it is dropped in place: the cell is never moved.
    let future = unsafe { Pin::new_unchecked(&mut *(*stage).future) };
    let Poll::Ready(output) = future.poll(cx) else { return Polled::Pending };
    if header.is(CANCEL) {
        exception::shielded("the output's destructor panicked", || drop(output));
        return Polled::Overruled;
    }
    let _settle = Settle { header, stage, output: ManuallyDrop::new(output) };
    // The output is given: a cancel by the destructor below comes too late, and must say so.
    header.clear(FUTURE);
    // SAFETY: once: whether this returns or panics, the output takes the future's place.
    unsafe { ManuallyDrop::drop(&mut (*stage).future) }
    Polled::Ended
}

unsafe fn drop_future<F: Future>(header: NonNull<Header>) {
    // SAFETY: see above: there is a future.
    unsafe { ManuallyDrop::drop(&mut (*stage_of::<F>(header)).future) }
}

unsafe fn fail<F: Future>(header: NonNull<Header>, error: Box<JoinError>) {
    // SAFETY: see above: there is nothing.
    unsafe { (*stage_of::<F>(header)).outcome = ManuallyDrop::new(Err(error)) }
}

unsafe fn discard_outcome<F>(header: NonNull<Header>, unread: Unread) -> Option<Box<JoinError>>
where
    F: Future,
    F::Output: 'static,
{
    // SAFETY: see above: there is an outcome.
    let outcome = unsafe { ManuallyDrop::take(&mut (*stage_of::<F>(header)).outcome) };
    if let (Unread::Told(tell), Ok(output)) = (unread, &outcome)
        && is_error(output)
    {
        // SAFETY: see above.
        tell(unsafe { header.as_ref() }, std::any::type_name::<F::Output>(), output);
    }
    outcome.err()
}

unsafe fn free<F: Future>(header: NonNull<Header>) {
    let header = header.as_ptr();
    // SAFETY: see above: nobody holds it any more, and these two are all in it that has a destructor: the stage is a union,
    // and the waiter and the links are empty.
    unsafe {
        let extras = &mut (*header).extras;
        let extras = extras.take();
        if extras.is_some() {
            drop(extras);
        }
        let shared = (&raw const (*header).shared).read();
        const { Piece::of::<TaskCell<F>>() }.free(NonNull::new_unchecked(header.cast()), shared);
    }
}
