//! Telling a clock that jumps that something outside the loop works for it.

use crate::current::Loop;
use contract::Token;
use std::fmt;
use std::panic::Location;

/// Says that something outside the loop works for it, a thread for example, and will wake it: until the guard is dropped,
/// virtual time stands still, and the loop waits for real.
///
/// [`to_thread`](crate::to_thread) and [`run_in_executor`](crate::run_in_executor) do so by themselves. Code that starts
/// threads of its own and is to be tested on virtual time moves the guard into them. On any other driver, where time passes
/// by itself, it does nothing.
///
/// # Ordering
///
/// Wake the loop first (set the event, send the message, complete the job), then drop the guard.
///
/// # Panics
///
/// Outside a loop.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let handle = core_loop::Loop::current().handle();
///     let outside = core_loop::outside();
///     std::thread::spawn(move || {
///         let _outside = outside; // dropped last
///         handle.call_soon_threadsafe(|| println!("called by a thread"))
///     });
/// })
/// # }
/// ```
#[track_caller]
#[must_use = "it counts until it is dropped"]
pub fn outside() -> Outside {
    Outside::at(Location::caller())
}

/// Made by [`outside`]. `Send`: it goes where the work is.
pub struct Outside(#[expect(dead_code, reason = "held for its drop")] Option<Token>);

impl Outside {
    /// On behalf of the code at `place`.
    pub(crate) fn at(place: &'static Location<'static>) -> Self {
        Self(Loop::current().inner().reactor.outside(place))
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").finish_non_exhaustive()
    }
}
