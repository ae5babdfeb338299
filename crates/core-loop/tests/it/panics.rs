//! Panics of the user's, wherever they come from: whoever waits is told, and the loop goes on.

use crate::alone::alone;
use crate::run;
use crate::trace::Trace;
use core_loop::contract::{Driver, Profile, Reactor, Readiness};
use core_loop::{JoinError, Loop, NativeDriver, carry, finally, sleep, spawn, yield_now};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("boom");
    }
}

/// Runs `first` in a task beside one before and one after it in the same turn. Gives what was reported.
fn beside_others(first: impl Future<Output = ()> + 'static) -> String {
    run(async {
        let (trace, reported) = (Trace::default(), Trace::default());
        let report = reported.clone();
        Loop::current().set_exception_handler(move |_, context| report.add(context));
        for place in 0..3 {
            let trace = trace.clone();
            spawn(async move {
                trace.add(place);
                yield_now().await;
                trace.add(place);
            })
            .detach();
        }
        let beside = spawn(first);
        let after = trace.clone();
        spawn(async move { after.add("after") }).detach();
        yield_now().await;
        assert_eq!(trace.take(), "0 1 2 after", "the turn goes on, in order");
        sleep(Duration::from_millis(1)).await;
        assert_eq!(trace.take(), "0 1 2", "and so does the loop");
        drop(beside);
        reported.take()
    })
}

/// Ready at once, with a destructor that panics.
struct ReadyBomb(Bomb);

impl Future for ReadyBomb {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

#[test]
fn a_poll_that_panics_disturbs_nobody() {
    let reported = beside_others(async { panic!("in a poll") });
    assert!(reported.starts_with("a panic that nobody awaited in task `Task-5` spawned at "), "{reported}");
    assert!(reported.contains(": in a poll ("), "{reported}");
}

#[test]
fn a_future_whose_destructor_panics_after_it_was_ready_disturbs_nobody_and_keeps_its_output() {
    let reported = beside_others(async {
        let task = spawn(poll_fn({
            let mut bomb = Some(ReadyBomb(Bomb));
            move |cx| Pin::new(bomb.as_mut().expect("it is there")).poll(cx).map(|()| 7)
        }));
        assert_eq!(task.await.expect("the output is kept"), 7);
    });
    assert!(reported.starts_with("a destructor panicked in task `Task-7` spawned at "), "{reported}");
    assert!(reported.contains(": boom ("), "{reported}");
}

#[test]
fn a_future_whose_destructor_panics_on_a_cancel_disturbs_nobody() {
    let reported = beside_others(async {
        let task = spawn(async {
            let _bomb = Bomb;
            pending::<()>().await;
        });
        yield_now().await;
        task.cancel("enough");
        assert!(matches!(task.await, Err(JoinError::Cancelled(_))));
    });
    assert!(reported.starts_with("a destructor panicked in task `Task-7` spawned at "), "{reported}");
    assert!(reported.contains(": boom ("), "{reported}");
}

#[test]
fn an_output_whose_destructor_panics_disturbs_nobody() {
    let reported = beside_others(async { spawn(async { Bomb }).detach() });
    assert!(reported.starts_with("the output's destructor panicked: boom"), "{reported}");
}

#[test]
fn an_output_that_a_cancel_overruled_and_whose_destructor_panics_disturbs_nobody() {
    let reported = beside_others(async {
        let own = Rc::new(RefCell::new(None::<core_loop::Task<Bomb>>));
        let inside = own.clone();
        own.replace(Some(spawn(async move {
            inside.borrow().as_ref().expect("it is there").cancel("too late");
            Bomb
        })));
        yield_now().await;
        let task = own.take().expect("it is there");
        assert!(matches!(task.await.map(std::mem::forget), Err(JoinError::Cancelled(_))));
    });
    assert!(reported.starts_with("the output's destructor panicked: boom"), "{reported}");
}

/// A waker of somebody's that panics.
struct Alarm;

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        panic!("in a waker");
    }
}

#[test]
fn a_joiners_waker_that_panics_disturbs_nobody() {
    let reported = beside_others(async {
        let mut task = spawn(async { 7 });
        let alarm = Waker::from(Arc::new(Alarm));
        assert!(Pin::new(&mut task).poll(&mut Context::from_waker(&alarm)).is_pending());
        yield_now().await;
        assert_eq!(task.await.expect("it ended"), 7);
    });
    assert!(reported.starts_with("a waker panicked: in a waker"), "{reported}");
}

#[test]
fn a_sleepers_waker_that_panics_disturbs_nobody() {
    let reported = beside_others(async {
        let mut sleeping = sleep(Duration::from_micros(1));
        let alarm = Waker::from(Arc::new(Alarm));
        assert!(Pin::new(&mut sleeping).poll(&mut Context::from_waker(&alarm)).is_pending());
        let other = sleep(Duration::from_micros(2));
        other.await;
        sleeping.await;
    });
    assert!(reported.starts_with("a waker panicked: in a waker"), "{reported}");
}

/// A destructor that panics with something whose destructor panics.
struct DoubleBomb;

impl Drop for DoubleBomb {
    fn drop(&mut self) {
        panic_any(Bomb);
    }
}

#[test]
fn a_payload_that_panics_when_it_is_dropped_leaves_nobody_waiting() {
    let reported = beside_others(async {
        let task = spawn(async {
            let _bomb = DoubleBomb;
            pending::<()>().await;
        });
        yield_now().await;
        task.cancel("enough");
        assert!(matches!(task.await, Err(JoinError::Cancelled(_))));
        let task = spawn(async {
            finally((), async |(): &mut ()| pending::<()>().await, async |()| panic_any(Bomb)).await;
        });
        yield_now().await;
        task.cancel("enough");
        assert!(matches!(task.await, Err(JoinError::Cancelled(_))));
        Loop::current().call_soon(|| panic_any(Bomb));
        yield_now().await;
    });
    assert!(reported.starts_with("a destructor panicked in task `Task-7`"), "{reported}");
    assert!(!reported.contains("waker"), "{reported}");
}

#[test]
fn a_report_that_nobody_can_read_disturbs_nobody() {
    alone("panics::a_report_that_nobody_can_read_disturbs_nobody", "", || {
        let (reader, writer) = nix::unistd::pipe().expect("a pipe");
        drop(reader);
        nix::unistd::dup2_stderr(writer).expect("there is room");
        run(async {
            let mut task = spawn(async { 7 });
            let alarm = Waker::from(Arc::new(Alarm));
            assert!(Pin::new(&mut task).poll(&mut Context::from_waker(&alarm)).is_pending());
            spawn(async { panic!("nobody reads this") }).detach();
            yield_now().await;
            assert_eq!(task.await.expect("it ended"), 7);
        });
    });
}

/// A reactor whose timer panics, as tokio's does in a runtime that was built without one.
struct Timerless(Rc<dyn Reactor>, Cell<bool>);

impl Reactor for Timerless {
    fn profile(&self) -> Profile {
        self.0.profile()
    }
    fn now(&self) -> Instant {
        self.0.now()
    }
    fn poll_timer(&self, _: &mut Context<'_>, _: Option<Instant>) -> Poll<()> {
        assert!(!self.1.replace(true), "it is not asked again");
        panic!("this runtime has no timer");
    }
    fn watch(&self, descriptor: Rc<OwnedFd>) -> std::io::Result<Box<dyn Readiness>> {
        self.0.watch(descriptor)
    }
}

#[test]
fn a_panic_of_the_reactor_comes_out_of_the_loop_whose_tasks_are_then_dropped() {
    let driver = NativeDriver::new().expect("it runs everywhere");
    let trace = Trace::default();
    let (task, main) = (trace.on_drop("task"), trace.on_drop("main"));
    let mut guest = carry(Rc::new(Timerless(driver.reactor(), Cell::new(false))), async move {
        Loop::current().set_exception_handler(|_, _| ());
        let _main = main;
        spawn(async move {
            let _task = task;
            pending::<()>().await;
        })
        .detach();
        pending::<()>().await;
    });
    let panic = catch_unwind(AssertUnwindSafe(|| {
        driver.run(pin!(async { drop((&mut guest).await) }));
    }))
    .expect_err("the reactor panics");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"this runtime has no timer"));
    drop(guest);
    assert_eq!(trace.take(), "main task");
}
