//! A task that wants to run every millisecond, and notes how late it was.

use core_loop::{Task, sleep_until, spawn};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

const BEAT: Duration = Duration::from_millis(1);

/// Beats until it is stopped.
#[derive(Debug)]
pub(super) struct Heartbeat {
    pulse: Rc<Pulse>,
    beating: Task<()>,
}

#[derive(Debug)]
struct Pulse {
    /// When the next beat should be.
    due: Cell<Instant>,
    worst: Cell<Duration>,
}

impl Pulse {
    /// How late it is now, if it is later than ever before.
    fn note(&self) {
        self.worst.set(self.worst.get().max(self.due.get().elapsed()));
    }
}

impl Heartbeat {
    /// Starts, and waits for the first beat: what a runtime does once, at its first timer, is not measured.
    pub(super) async fn start() -> Self {
        sleep_until(Instant::now() + BEAT).await;
        let pulse = Rc::new(Pulse { due: Cell::new(Instant::now() + BEAT), worst: Cell::default() });
        let beating = spawn({
            let pulse = pulse.clone();
            async move {
                loop {
                    sleep_until(pulse.due.get()).await;
                    pulse.note();
                    pulse.due.set(Instant::now() + BEAT);
                }
            }
        });
        Self { pulse, beating: beating.cancel_on_drop() }
    }

    /// The latest beat of all, one that is overdue included.
    pub(super) fn stop(self) -> Duration {
        self.pulse.note();
        drop(self.beating);
        self.pulse.worst.get()
    }
}

#[cfg(test)]
mod tests {
    use super::Heartbeat;
    use std::time::Duration;

    #[test]
    fn a_loop_that_was_blocked_to_the_last_moment_is_found() {
        let worst = core_loop::run(async {
            let heartbeat = Heartbeat::start().await;
            std::thread::sleep(Duration::from_millis(30)); // the work that blocks the loop
            heartbeat.stop()
        });
        assert!(worst.unwrap() >= Duration::from_millis(29));
    }
}
