//! Pointers to a task: one for the loop's thread, one for all others, and the wakers made of it.
#![expect(unsafe_code, reason = "counted pointers to a task whose type is forgotten")]

use super::header::{DONE, Header, OUTCOME, SCHEDULED};
use crate::shared::{Entry, Ready, Remote};
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

/// A task, on its loop's thread. Counted without atomics; all of them together are one holder of the memory.
pub(crate) struct TaskRef(NonNull<Header>);

impl TaskRef {
    /// Takes over one count of `owners`.
    ///
    /// # Safety
    ///
    /// `header` is alive, on this thread, and that count is nobody else's.
    #[inline]
    pub(super) unsafe fn from_raw(header: NonNull<Header>) -> Self {
        Self(header)
    }

    /// Hands its count over to the caller.
    #[inline]
    pub(super) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    #[inline]
    pub(super) fn as_ptr(&self) -> NonNull<Header> {
        self.0
    }

    /// The task behind a waker, if it is one of a loop of this thread, and has not ended.
    #[inline]
    pub(crate) fn of(waker: &Waker) -> Option<Self> {
        if !std::ptr::eq(waker.vtable(), &raw const WAKER) {
            return None;
        }
        let header = NonNull::new(waker.data().cast::<Header>().cast_mut())?;
        // SAFETY: the table is ours, so the data is a header that the waker holds, or that the running step does.
        let known = unsafe { header.as_ref() };
        known.shared.ready()?;
        // Until it has ended the loop's list owns it too, so the count does not rise from nothing.
        (!known.is_done()).then(|| {
            own_one_more(known);
            Self(header)
        })
    }

    #[inline]
    pub(crate) fn is_woken_by(&self, waker: &Waker) -> bool {
        waker.data() == self.0.as_ptr().cast_const().cast() && std::ptr::eq(waker.vtable(), &raw const WAKER)
    }

    /// Queues its next step, unless one is queued already or the task has ended.
    #[inline]
    pub(crate) fn schedule(&self) {
        if let Some(ready) = self.shared.ready() {
            self.schedule_in(ready);
        }
    }

    #[inline]
    pub(super) fn schedule_in(&self, ready: &Ready) {
        if !self.is(SCHEDULED | DONE) {
            self.set(SCHEDULED);
            ready.push(Entry::Step(self.clone()));
        }
    }

    /// Calls `poll` with a waker of this task.
    #[inline]
    pub(super) fn with_waker<T>(&self, poll: impl FnOnce(&Waker) -> T) -> T {
        // SAFETY: the table keeps its promises. This waker counts as no holder, and is never dropped: it is lent out while
        // `self` keeps the task alive, and its clones count.
        let waker = unsafe { Waker::from_raw(RawWaker::new(self.0.as_ptr().cast_const().cast(), &WAKER)) };
        poll(&ManuallyDrop::new(waker))
    }
}

impl Deref for TaskRef {
    type Target = Header;

    #[inline]
    fn deref(&self) -> &Header {
        // SAFETY: it is alive as long as one owner is; and the loop's thread may touch all of it.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for TaskRef {
    #[inline]
    fn clone(&self) -> Self {
        own_one_more(self);
        Self(self.0)
    }
}

#[inline]
fn own_one_more(header: &Header) {
    // Checked, because handles can be leaked without cost: a count that wraps would free a task that is in use.
    header
        .owners
        .set(header.owners.get().checked_add(1).expect("four billion handles of one task were leaked"));
}

impl Drop for TaskRef {
    #[inline]
    fn drop(&mut self) {
        let owners = self.owners.get() - 1;
        self.owners.set(owners);
        if owners == 0 {
            debug_assert!(!self.is(OUTCOME), "the handle has taken the outcome or thrown it away");
            // SAFETY: this was the last owner, so the loop's side lets go.
            unsafe { release(self.0) }
        }
    }
}

/// The task whose step is running.
pub(crate) struct CurrentTask(Cell<Option<TaskRef>>);

impl CurrentTask {
    pub(crate) const fn none() -> Self {
        Self(Cell::new(None))
    }

    pub(crate) fn get(&self) -> Option<TaskRef> {
        let current = self.0.take();
        self.0.set(current.clone());
        current
    }

    /// Its id, or zero.
    #[inline]
    pub(super) fn id(&self) -> u64 {
        // SAFETY: nobody changes the cell during this look at it.
        unsafe { &*self.0.as_ptr() }.as_ref().map_or(0, |task| task.id)
    }

    pub(super) fn set(&self, task: Option<TaskRef>) {
        let before = self.0.replace(task);
        drop(before);
    }

    /// Whose step it was that panicked.
    pub(crate) fn take(&self) -> Option<TaskRef> {
        self.0.take()
    }

    /// Runs `step` with `task` as the current one. If it panics, `task` stays: whoever catches the panic takes it.
    #[inline]
    pub(super) fn during(&self, task: TaskRef, step: impl FnOnce(&TaskRef)) {
        // Not counted, so not dropped: the cell below owns the task until the step is over.
        let lent = ManuallyDrop::new(TaskRef(task.0));
        let before = self.0.replace(Some(task));
        step(&lent);
        let after = self.0.replace(before);
        debug_assert!(after.as_ref().is_some_and(|after| after.0 == lent.0), "steps nest");
        drop(after);
    }
}

/// A task, on its way from another thread to its loop: a holder of the memory.
pub(crate) struct AfarRef(NonNull<Header>);

// SAFETY: it reaches nothing but what other threads may touch, until `arrive` has found the right thread.
unsafe impl Send for AfarRef {}

impl AfarRef {
    /// The message has arrived: the task's next step is queued.
    pub(crate) fn arrive(&self) {
        // SAFETY: a holder keeps the memory.
        let header = unsafe { self.0.as_ref() };
        let Some(ready) = header.shared.ready() else { return };
        header.afar.taken();
        // SAFETY: this is the loop's thread.
        unsafe { schedule_here(self.0, ready) }
    }
}

impl Drop for AfarRef {
    fn drop(&mut self) {
        // SAFETY: this is a holder that lets go.
        unsafe { release(self.0) }
    }
}

/// # Safety
///
/// On the loop's thread, with a live header.
#[inline]
unsafe fn schedule_here(header: NonNull<Header>, ready: &Ready) {
    // Not dropped: it stands for no owner. If the task has ended nothing clones it, so the count does not rise from nothing.
    let task = ManuallyDrop::new(TaskRef(header));
    task.schedule_in(ready);
}

/// # Safety
///
/// The caller is a holder, and is none any more.
#[inline]
unsafe fn release(header: NonNull<Header>) {
    // SAFETY: a holder keeps the memory until it lets go.
    let known = unsafe { header.as_ref() };
    let free = known.vtable.free;
    if known.afar.release() {
        // SAFETY: nobody holds it any more.
        unsafe { free(header) }
    }
}

/// A task's waker: its data is a header, and each is a holder of it.
static WAKER: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

// SAFETY of the four: the data is a header, and the waker holds it (or the step does that lends it).

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: see above.
    unsafe { &*data.cast::<Header>() }.afar.hold();
    RawWaker::new(data, &WAKER)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: see above.
    unsafe {
        wake_by_ref(data);
        drop_waker(data);
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: see above.
    let header = unsafe { NonNull::new_unchecked(data.cast::<Header>().cast_mut()) };
    // SAFETY: see above.
    let known = unsafe { header.as_ref() };
    match known.shared.ready() {
        // SAFETY: the loop's own thread has a ready queue, and no other.
        Some(ready) => unsafe { schedule_here(header, ready) },
        None => wake_from_afar(header, known),
    }
}

#[cold]
fn wake_from_afar(header: NonNull<Header>, known: &Header) {
    if known.afar.wake() {
        let message = AfarRef(header);
        // Refused after the close, and dropped here.
        known.shared.inbox.push_with(|| Remote::Wake(message));
    }
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: see above.
    unsafe { release(NonNull::new_unchecked(data.cast::<Header>().cast_mut())) }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::{NativeDriver, run_on, spawn};
    use contract::Panic;

    #[test]
    fn a_count_of_handles_that_is_full_panics_instead_of_wrapping() {
        run_on(NativeDriver::new, async {
            let task = spawn(async {});
            let owners = &task.header().owners;
            let counted = owners.replace(u32::MAX);
            let lp = crate::Loop::current();
            Panic::catch(|| lp.inner().tasks.to_vec()).map(std::mem::forget).expect_err("it is full");
            assert_eq!(owners.replace(counted), u32::MAX);
            task.await.expect("it ended");
        })
        .expect("it runs");
    }
}
