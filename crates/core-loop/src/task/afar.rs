//! The part of a task that other threads touch: who holds its memory, and the wakes that come from afar.
//!
//! ```text
//!              wake: the waker sends a message            wake
//!   RESTING ─────────────────────────────────► QUEUED ──────────┐ (a message is on its way)
//!      ▲                                         │  ▲───────────┘
//!      └─────────────────────────────────────────┘
//!           taken: the loop has the message, and queues a step
//!
//!   finish, from either: DONE; wakes send nothing any more
//! ```
//!
//! The holders are the loop's side (all that lives on the loop's thread counts as one), each waker, and each message.
//! Whoever lets go last frees the memory, on whatever thread; the loop's side empties it before it lets go.

use crate::sync::{AtomicU32, Ordering};

/// A message is on its way to the loop.
const QUEUED: u32 = 1;
/// The task has ended.
const DONE: u32 = 2;
/// One holder. Both bits above are below it.
const HOLDER: u32 = 4;
/// So many wakers can only be leaked ones. Half the range, so that no race of threads can pass the end of it unseen.
const MAX: u32 = u32::MAX / 2;

pub(crate) struct Afar(AtomicU32);

impl Afar {
    /// Held by the loop's side.
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(HOLDER))
    }

    /// One more holder, made by one.
    #[inline]
    pub(crate) fn hold(&self) {
        // Relaxed: whoever hands the new hold to another thread orders that himself.
        if self.0.fetch_add(HOLDER, Ordering::Relaxed) > MAX {
            // As `Arc` does: to unwind would leave the count wrong.
            std::process::abort();
        }
    }

    /// One holder lets go; `true` if it was the last, who must free the memory.
    #[inline]
    pub(crate) fn release(&self) -> bool {
        // Acquire: pairs with the Release below. A sole holder needs no exchange: nobody is left to race with it.
        if self.0.load(Ordering::Acquire) / HOLDER == 1 {
            return true;
        }
        // Release: what this holder did to the memory comes before it is freed.
        if self.0.fetch_sub(HOLDER, Ordering::Release) / HOLDER != 1 {
            return false;
        }
        // Acquire: pairs with it. A load and not a fence, because the thread sanitizer does not understand fences.
        self.0.load(Ordering::Acquire);
        true
    }

    /// A wake from another thread; `true` if the waker must send a message, which then is a holder.
    pub(crate) fn wake(&self) -> bool {
        // AcqRel: pairs with the one in `taken`. Also a wake that finds QUEUED publishes what came before it: the loop
        // clears the bit by an exchange that comes after this one, so the step that follows sees it.
        let first = self.0.fetch_or(QUEUED, Ordering::AcqRel) & (QUEUED | DONE) == 0;
        if first {
            self.hold();
        }
        first
    }

    /// The loop has the message. Called before it queues the step: a wake from now on sends another.
    pub(crate) fn taken(&self) {
        self.0.fetch_and(!QUEUED, Ordering::AcqRel);
    }

    /// The task has ended. Spares the wakers their messages; none would do harm.
    #[inline]
    pub(crate) fn finish(&self) {
        // Relaxed: nothing is published with it. Without another holder there is nobody to tell.
        if self.0.load(Ordering::Relaxed) / HOLDER != 1 {
            self.0.fetch_or(DONE, Ordering::Relaxed);
        }
    }
}
