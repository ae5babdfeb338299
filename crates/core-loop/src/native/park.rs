//! Whether the loop's thread sleeps: all that a wake from anywhere has to know.
//!
//! ```text
//!            park                     wake: rings the bell
//!  AWAKE ─────────────► PARKED ─────────────────────────────► WOKEN
//!   ▲ │ ◄─────────────                                         ▲ │
//!   │ │     unpark                                             │ │
//!   │ └───────────────── wake: a mere store ───────────────────┘ │
//!   └────────────────────────── take ────────────────────────────┘
//! ```
//!
//! `park` and `wake` race; whoever comes second sees the first. Either the wake finds PARKED and rings, or the park finds
//! WOKEN and does not sleep. Only the loop's thread parks, unparks and takes. While it dispatches events it is AWAKE, so
//! the wakes that this causes ring nothing, and of many wakes at most the first rings.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, Ordering};

const AWAKE: u8 = 0;
const PARKED: u8 = 1;
const WOKEN: u8 = 2;

#[derive(Debug)]
pub(crate) struct Park(AtomicU8);

impl Park {
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(AWAKE))
    }

    /// Asks for another poll, from any thread. `true`: the loop's thread sleeps, and the caller must ring the bell.
    #[must_use = "a parked thread sleeps on until the bell rings"]
    pub(crate) fn wake(&self) -> bool {
        // Release: pairs with the Acquire in `take`, so that the poll sees what was done before the wake. A swap also
        // when WOKEN already: it continues the release sequence of the wakes before, where a mere load would not.
        // Acquire: pairs with the Release in `park`, so that whoever finds PARKED finds the bell, too.
        self.0.swap(WOKEN, Ordering::AcqRel) == PARKED
    }

    /// Whether a wake came and was not taken yet. On the loop's own thread while AWAKE.
    pub(crate) fn is_woken(&self) -> bool {
        // Relaxed: whoever acts on it calls `park` or `take`.
        self.0.load(Ordering::Relaxed) == WOKEN
    }

    /// `true`: from now on a wake rings the bell, so sleeping is safe. `false`: woken already, do not sleep.
    pub(crate) fn park(&self) -> bool {
        // Release: pairs with the Acquire in `wake`: the bell is there. Else this only settles the race with `wake`; what
        // was done before a wake is fetched by `take`.
        let parked = self.0.compare_exchange(AWAKE, PARKED, Ordering::Release, Ordering::Relaxed);
        debug_assert_ne!(parked, Err(PARKED), "parked twice");
        parked.is_ok()
    }

    /// Ends the sleep; a wake that came meanwhile stays.
    pub(crate) fn unpark(&self) {
        // Relaxed: this only settles the race with `wake`. It fails when WOKEN, and then nothing is to be done.
        let _ = self.0.compare_exchange(PARKED, AWAKE, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether a wake came since the last call.
    pub(crate) fn take(&self) -> bool {
        // Acquire: pairs with the Release in `wake`.
        let before = self.0.swap(AWAKE, Ordering::Acquire);
        debug_assert_ne!(before, PARKED, "still parked");
        before == WOKEN
    }
}
