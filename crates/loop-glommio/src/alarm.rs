//! A glommio timer that cannot be slept through.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use glommio::timer::Timer;

/// How much later the second timer is.
const SECOND_CALL: Duration = Duration::from_millis(1);

/// Two timers of glommio's: one for the deadline, and one shortly after it.
///
/// glommio 0.9 has a moment, after a timer has made a task ready and before it runs the task, in which any completion that
/// wakes nobody sends it to sleep. The second timer ends that sleep. Mostly the task has run by then, and dropped it.
#[derive(Debug)]
pub(crate) struct Alarm {
    deadline: Instant,
    first: Timer,
    second: Timer,
}

impl Alarm {
    fn new(deadline: Instant) -> Self {
        let left = deadline.saturating_duration_since(Instant::now());
        Self { deadline, first: Timer::new(left), second: Timer::new(left + SECOND_CALL) }
    }

    /// Wakes `cx` at `deadline`, in place of what `slot` was set to. `Ready` if it has passed, and then nothing is set.
    ///
    /// glommio counts from its own reading of the clock, which is later than ours: it is never early, and it may say "not yet"
    /// of a deadline that has just passed. So the clock is asked first.
    pub(crate) fn poll(slot: &mut Option<Self>, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if deadline <= Instant::now() {
            *slot = None;
            return Poll::Ready(());
        }
        let alarm = slot.get_or_insert_with(|| Self::new(deadline));
        if alarm.deadline != deadline {
            alarm.deadline = deadline;
            let left = deadline.saturating_duration_since(Instant::now());
            alarm.first.reset(left);
            alarm.second.reset(left + SECOND_CALL);
        }
        if Pin::new(&mut alarm.first).poll(cx).is_ready() {
            *slot = None;
            return Poll::Ready(());
        }
        let _ = Pin::new(&mut alarm.second).poll(cx);
        Poll::Pending
    }

    /// Wakes `cx` when glommio looks at its timers next, in place of what `slot` was set to.
    pub(crate) fn at_next_look(slot: &mut Option<Self>, cx: &mut Context<'_>) {
        /// Any time that does not pass between two statements.
        const LATER: Duration = Duration::from_secs(3600);
        // A timer that is due when it is polled is ready at once; one that becomes due afterwards fires at the next look.
        let _ = Self::poll(slot, cx, Instant::now() + LATER);
        if let Some(alarm) = slot {
            alarm.first.reset(Duration::ZERO);
            alarm.second.reset(SECOND_CALL);
        }
    }
}
