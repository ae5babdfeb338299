//! Drivers that break one promise each, and the behaviours that catch them.

use crate::broken::{Broken as Caught, cases};
use conformance::{Kind, Loops, Subject};
use contract::{Driver, Profile, Reactor, Readiness};
use core_loop::NativeDriver;
use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// A promise that the driver is made to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    /// Wakes from other threads are lost.
    ForgetsForeignWakes,
    /// Its clock runs ahead, so timers fire early.
    ClockRunsAhead,
    /// It polls a loop that woke itself again without looking at its I/O.
    NeverVisitsTheHost,
    /// Its timers fire later than its profile says.
    TimersAreLate,
    /// Once its timer is armed it cannot be moved.
    TimerCannotBeMoved,
}

/// How many times too fast the clock of [`Bug::ClockRunsAhead`] runs.
const AHEAD: u32 = 20;

/// How late the timers of [`Bug::TimersAreLate`] are.
const LATE: Duration = Duration::from_millis(20);

pub(crate) struct Broken {
    driver: NativeDriver,
    reactor: Rc<BrokenReactor>,
    bug: Bug,
}

struct BrokenReactor {
    reactor: Rc<dyn Reactor>,
    begin: Instant,
    armed: Cell<Option<Instant>>,
    bug: Bug,
}

impl Broken {
    pub(crate) fn new(bug: Bug) -> Result<Self, contract::Unavailable> {
        let driver = NativeDriver::new()?;
        let reactor = driver.reactor();
        let reactor = BrokenReactor { reactor, begin: Instant::now(), armed: Cell::new(None), bug };
        Ok(Self { driver, reactor: Rc::new(reactor), bug })
    }
}

/// Stands between the loop and the runtime's waker.
struct Between {
    runtime: Waker,
    thread: ThreadId,
    bug: Bug,
    woken: AtomicBool,
}

impl Wake for Between {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        if self.bug != Bug::ForgetsForeignWakes || thread::current().id() == self.thread {
            self.runtime.wake_by_ref();
        }
    }
}

impl Driver for Broken {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.reactor.clone()
    }

    fn run(&self, mut root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        let bug = self.bug;
        let between = poll_fn(|cx| {
            let between = Arc::new(Between {
                runtime: cx.waker().clone(),
                thread: thread::current().id(),
                bug,
                woken: AtomicBool::new(false),
            });
            let waker = Waker::from(between.clone());
            loop {
                between.woken.store(false, Ordering::SeqCst);
                let poll = root.as_mut().poll(&mut Context::from_waker(&waker));
                let again = bug == Bug::NeverVisitsTheHost && between.woken.load(Ordering::SeqCst);
                if poll.is_ready() || !again {
                    return poll;
                }
            }
        });
        self.driver.run(pin!(between));
    }
}

impl Reactor for BrokenReactor {
    fn profile(&self) -> Profile {
        self.reactor.profile()
    }

    fn now(&self) -> Instant {
        let now = self.reactor.now();
        if self.bug == Bug::ClockRunsAhead { self.begin + (now - self.begin) * AHEAD } else { now }
    }

    fn poll_timer(&self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let mut deadline = deadline;
        if self.bug == Bug::TimerCannotBeMoved {
            deadline = self.armed.get().filter(|armed| *armed > self.now()).or(deadline);
            self.armed.set(deadline);
        }
        if self.bug == Bug::TimersAreLate {
            deadline = deadline.and_then(|deadline| deadline.checked_add(LATE));
        }
        if self.bug == Bug::ClockRunsAhead {
            // Back into the time of the runtime below.
            deadline = deadline.map(|deadline| self.begin + (deadline - self.begin) / AHEAD);
        }
        self.reactor.poll_timer(cx, deadline)
    }

    fn watch(&self, descriptor: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        self.reactor.watch(descriptor)
    }
}

/// A driver with this bug. What hangs on it is not waited for for long.
fn driver(bug: Bug) -> Subject<Loops> {
    Subject::driver(format!("{bug:?}"), move || Broken::new(bug)).limit(HANG)
}

/// Within which what does not hang ends, or ends when it is tried again.
const HANG: Duration = Duration::from_secs(5);

/// One that forgets wakes from other threads, without the behaviours that wait for a thread at every step: each of them would
/// hang for as long as it is given, and say no more than those of `bridge`.
fn forgetful() -> Subject<Loops> {
    let threads = |id: &str| {
        id.starts_with("file.")
            || id.starts_with("sendfile.")
            || id.starts_with("pool.")
            || id == "subprocess.without_a_pidfd_a_thread_waits"
    };
    let waiting = Loops::behaviours().iter().map(|behaviour| behaviour.id).filter(|id| threads(id));
    waiting
        .fold(driver(Bug::ForgetsForeignWakes), |subject, id| subject.skip(id, "it waits for threads only"))
}

/// Where timers that are 20 ms apart come due in one turn, any of the traces may differ.
fn a_trace(id: &str) -> bool {
    id.starts_with("differential.")
}

/// The other thread may be done before the loop falls asleep, and then nothing is missed.
fn fast_threads(id: &str) -> bool {
    const FAST_THREADS: &[&str] = &[
        "bridge.run_in_executor_runs_elsewhere",
        "bridge.run_in_executor_cancel_queued",
        "bridge.to_thread_value_error_concurrency",
        "bridge.to_thread_carries_context",
        "bridge.run_coroutine_threadsafe_roundtrip",
        "bridge.threadsafe_result_timeout_then_cancel",
        "timer.the_next_deadline_is_one_reset",
        "timeout.absolute_none_and_unused",
        "future.set_from_another_thread",
        "loop.foreign_future_rejected",
        "bridge.wrong_thread_detected",
        "runner.first_interrupt_cancels_main",
        "signal.handler_is_a_loop_callback",
        "differential.futures",
        "differential.contexts",
        "differential.threadsafe_cancel",
        "differential.executors",
    ];
    FAST_THREADS.contains(&id)
}

#[test]
fn a_driver_without_a_bug_is_not_caught() {
    Caught::from(driver(Bug::None).limit(HANG * 24)).is_caught_by(&[]);
}

cases! { "loop":
    /// A driver that forgets wakes from other threads.
    a_driver_that_forgets_wakes_from_other_threads_is_caught: Caught::but_for(forgetful(), fast_threads) => [
        "driver.a_foreign_wake_is_never_lost",
        "driver.wakes_during_a_poll_are_never_lost",
        "driver.a_timer_set_again_replaces_the_one_before",
        "timer.earlier_timer_is_not_late",
        "bridge.threadsafe_call_wakes_idle_loop_fifo",
        "differential.threads",
    ];
    /// A driver whose clock runs ahead.
    a_driver_whose_clock_runs_ahead_is_caught: Caught::but_for(driver(Bug::ClockRunsAhead), a_trace)
        => [
        "driver.a_timer_wakes_a_waiting_root_and_never_early",
        "timer.never_early",
        "server.accept_survives_fd_exhaustion",
    ];
    /// A driver whose timers are later than it declares.
    a_driver_whose_timers_are_later_than_it_declares_is_caught: Caught::but_for(driver(Bug::TimersAreLate), a_trace)
        => ["driver.a_root_that_never_waits_sees_its_timer", "timer.as_fine_as_declared"];
    /// A driver that never visits the host.
    a_driver_that_never_visits_the_host_is_caught: driver(Bug::NeverVisitsTheHost) => [
        "driver.a_root_that_never_waits_sees_its_descriptors",
        "loop.rearming_callback_starves_nobody",
        "idle.what_has_arrived_is_taken_first",
        "io.transport_fd_protected",
    ];
    /// A driver whose timer cannot be moved.
    a_driver_whose_timer_cannot_be_moved_is_caught: Caught::but_for(driver(Bug::TimerCannotBeMoved), a_trace)
        => ["driver.a_timer_set_again_replaces_the_one_before", "timer.earlier_timer_is_not_late"];
}
