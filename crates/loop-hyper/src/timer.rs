//! The loop's timers, for hyper.

use core_loop::{Loop, Sleep, ThreadBound, sleep, sleep_until};
use hyper::rt::Timer;
use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The timers of the loop that runs, for hyper's timeouts: on virtual time, of that.
///
/// # Panics
///
/// Its methods, outside a loop.
///
/// # Examples
///
/// ```
/// use loop_hyper::LoopTimer;
/// use loop_hyper::hyper::server::conn::http1;
/// use std::time::Duration;
///
/// let mut http = http1::Builder::new();
/// http.timer(LoopTimer).header_read_timeout(Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LoopTimer;

/// Made by [`LoopTimer`]. hyper wants it `Send`; it can be awaited on its own loop only, and dropped elsewhere it stays armed.
///
/// # Panics
///
/// Awaited on another thread than the one that made it.
pub struct LoopSleep(ThreadBound<RefCell<Sleep>>);

impl LoopSleep {
    fn boxed(sleep: Sleep) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Self(ThreadBound::new(RefCell::new(sleep))))
    }

    fn sleep(&self) -> &RefCell<Sleep> {
        self.0
            .get()
            .expect("a timer of hyper's was taken to another thread: await it on the loop that made it")
    }
}

impl Future for LoopSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut *self.sleep().borrow_mut()).poll(cx)
    }
}

impl hyper::rt::Sleep for LoopSleep {}

impl Timer for LoopTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        LoopSleep::boxed(sleep(duration))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        LoopSleep::boxed(sleep_until(deadline))
    }

    fn now(&self) -> Instant {
        Loop::current().time()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, new_deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<LoopSleep>() {
            Some(ours) => {
                let before = ours.sleep().replace(sleep_until(new_deadline));
                drop(before);
            }
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

impl std::fmt::Debug for LoopSleep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LoopSleep").field(&self.0.get()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::LoopTimer;
    use hyper::rt::Timer;
    use std::time::Duration;

    #[test]
    fn a_sleep_ends_at_its_time_and_at_the_one_it_was_moved_to() {
        core_loop::run(async {
            let begun = LoopTimer.now();
            LoopTimer.sleep(Duration::from_millis(2)).await;
            assert!(LoopTimer.now() - begun >= Duration::from_millis(2));
            let mut sleep = LoopTimer.sleep(Duration::from_secs(3600));
            LoopTimer.reset(&mut sleep, begun + Duration::from_millis(5));
            sleep.await;
            assert!(LoopTimer.now() - begun >= Duration::from_millis(5));
        })
        .unwrap();
    }

    #[test]
    fn a_sleep_that_is_awaited_on_another_thread_says_so() {
        let mut made = None;
        core_loop::run(async { made = Some(LoopTimer.sleep(Duration::from_secs(3600))) }).unwrap();
        let sleep = made.unwrap();
        let ended = std::thread::spawn(move || core_loop::run(sleep)).join();
        let said = ended.unwrap_err().downcast::<String>().unwrap();
        assert!(said.contains("await it on the loop that made it"), "{said}");
    }
}
