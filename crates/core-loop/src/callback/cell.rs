//! A callback: what is known of it, then the function, in one piece of memory that the loop keeps for the next one.
#![expect(unsafe_code, reason = "counted pointers to a callback whose type is forgotten")]
//!
//! ```text
//!             call, cancel, or the last pointer goes
//!   WAITING ─────────────────────────────────────────► EMPTY
//! ```

use crate::context;
use crate::current::Loop;
use crate::exception::ExceptionContext;
use crate::memory::Piece;
use crate::shared::{Ready, Shared};
use crate::timers::TimerKey;
use std::cell::Cell;
use std::ops::Deref;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;

/// A callback, on its loop's thread. Counted without atomics.
pub(crate) struct CallRef(NonNull<Fate>);

/// What is known of a callback whatever its function.
pub(crate) struct Fate {
    vtable: &'static VTable,
    shared: Arc<Shared>,
    /// How many [`CallRef`]s there are.
    owners: Cell<u32>,
    pub(super) cancelled: Cell<bool>,
    pub(super) timer: Cell<Option<TimerKey>>,
    pub(super) when: Option<Instant>,
    /// `None`: it came from another thread.
    registered_at: Option<&'static Location<'static>>,
}

#[repr(C)]
struct Callback<F> {
    fate: Fate,
    /// Emptied when it is called or cancelled.
    function: Cell<Option<F>>,
}

/// What the type of the function is needed for.
struct VTable {
    call: unsafe fn(NonNull<Fate>, &Loop),
    cancel: unsafe fn(NonNull<Fate>),
    free: unsafe fn(NonNull<Fate>),
}

impl CallRef {
    #[inline]
    pub(crate) fn new<F: FnOnce() + 'static>(
        shared: &Arc<Shared>,
        ready: &Ready,
        registered_at: Option<&'static Location<'static>>,
        when: Option<Instant>,
        function: F,
    ) -> Self {
        let (place, shared) = const { Piece::of::<Callback<F>>() }.allocate(&ready.memory, shared);
        let place = place.cast::<Callback<F>>();
        let fate = Fate {
            vtable: const { &VTable { call: call::<F>, cancel: cancel::<F>, free: free::<F> } },
            shared,
            owners: Cell::new(1),
            cancelled: Cell::new(false),
            timer: Cell::new(None),
            when,
            registered_at,
        };
        // SAFETY: the place is as large as the callback, and nobody else's.
        unsafe { place.write(Callback { fate, function: Cell::new(Some(function)) }) };
        // The fate comes first in it.
        Self(place.cast())
    }

    /// Calls it, unless it was cancelled or called before.
    #[inline]
    pub(crate) fn call(&self, lp: &Loop) {
        // SAFETY: the table is that of the callback, which is alive.
        unsafe { (self.vtable.call)(self.0, lp) }
    }

    /// It will not be called: drops the function. Changes nothing once it was called.
    pub(crate) fn cancel(&self) {
        // SAFETY: as above.
        unsafe { (self.vtable.cancel)(self.0) }
    }

    /// `None`: it came from another thread.
    pub(crate) fn registered_at(&self) -> Option<&'static Location<'static>> {
        self.registered_at
    }

    #[cold]
    fn report(&self, lp: &Loop, panic: &contract::Panic) {
        let message = match self.registered_at {
            Some(place) => format!("the callback registered at {place} panicked"),
            None => "a callback from another thread panicked".to_owned(),
        };
        lp.report(&ExceptionContext::panicked(message, panic));
    }
}

impl Deref for CallRef {
    type Target = Fate;

    #[inline]
    fn deref(&self) -> &Fate {
        // SAFETY: it is alive as long as there is a pointer to it.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for CallRef {
    #[inline]
    fn clone(&self) -> Self {
        // Checked, because handles can be leaked without cost: a count that wraps would free a callback that is in use.
        let owners =
            self.owners.get().checked_add(1).expect("four billion handles of one callback were leaked");
        self.owners.set(owners);
        Self(self.0)
    }
}

impl Drop for CallRef {
    #[inline]
    fn drop(&mut self) {
        let owners = self.owners.get() - 1;
        self.owners.set(owners);
        if owners == 0 {
            // SAFETY: the table is that of the callback, and this was the last pointer to it.
            unsafe { (self.vtable.free)(self.0) }
        }
    }
}

// The functions of the table. SAFETY of all: `fate` begins a `Callback<F>` that is alive.

unsafe fn call<F: FnOnce()>(fate: NonNull<Fate>, lp: &Loop) {
    // SAFETY: see above. Whoever calls holds a pointer to it, whatever becomes of the others meanwhile.
    let callback = unsafe { fate.cast::<Callback<F>>().as_ref() };
    let Some(function) = callback.function.take() else { return };
    if let Err(panic) = context::call_outermost(function) {
        // Not dropped: it counts as no owner.
        std::mem::ManuallyDrop::new(CallRef(fate)).report(lp, &panic);
    }
}

unsafe fn cancel<F>(fate: NonNull<Fate>) {
    // SAFETY: as above.
    let callback = unsafe { fate.cast::<Callback<F>>().as_ref() };
    if let Some(function) = callback.function.take() {
        callback.fate.cancelled.set(true);
        drop(function);
    }
}

/// Of the last pointer.
unsafe fn free<F>(fate: NonNull<Fate>) {
    /// Gives the memory back, also when the function's destructor panics.
    struct GiveBack<F>(NonNull<Callback<F>>);
    impl<F> Drop for GiveBack<F> {
        #[inline]
        fn drop(&mut self) {
            // SAFETY: nobody else has a pointer to it, and its function is gone: the count of the loop is all in it that has
            // a destructor. The memory came from `CallRef::new` of the same type.
            unsafe {
                let shared = (&raw const (*self.0.as_ptr()).fate.shared).read();
                const { Piece::of::<Callback<F>>() }.free(self.0.cast(), shared);
            }
        }
    }
    let callback = GiveBack(fate.cast::<Callback<F>>());
    // SAFETY: as above.
    let function = unsafe { callback.0.as_ref() }.function.take();
    drop(function);
}
