//! `run_forever`, `run_until_complete`, `stop`, and the default executor's shutdown.

use crate::run;
use crate::trace::Trace;
use core_loop::{JoinError, Loop, NativeDriver, RunError, Runner, finally, spawn, to_thread, yield_now};
use std::future::{pending, poll_fn};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(30);

fn runner() -> Runner {
    Runner::new(NativeDriver::new().unwrap())
}

#[test]
fn a_stop_lets_the_turn_end_and_what_it_scheduled_waits_for_the_next_run() {
    let (mut runner, trace) = (runner(), Trace::default());
    let lp = runner.get_loop().clone();
    for name in ["a", "b", "c", "d"] {
        let (lp, trace) = (lp.clone(), trace.clone());
        runner.get_loop().call_soon(move || {
            trace.add(name);
            if name == "b" {
                lp.stop();
            }
            let late = trace.clone();
            lp.call_soon(move || late.add(format!("{name}2")));
        });
    }
    runner.run_forever().unwrap();
    assert_eq!(trace.take(), "a b c d");
    lp.stop();
    runner.run_forever().unwrap();
    assert_eq!(trace.take(), "a2 b2 c2 d2");
}

#[test]
fn a_stop_before_the_run_makes_one_turn_without_waiting() {
    let (mut runner, trace) = (runner(), Trace::default());
    let lp = runner.get_loop().clone();
    let in_an_hour = lp.call_later(Duration::from_secs(3600), || ());
    lp.stop();
    runner.run_forever().unwrap();
    let ran = trace.clone();
    lp.call_soon(move || ran.add("ran"));
    lp.stop();
    runner.run_forever().unwrap();
    assert_eq!(trace.take(), "ran");
    assert!(!in_an_hour.cancelled());
}

#[test]
fn a_stop_from_another_thread_wakes_a_loop_that_sleeps() {
    let mut runner = runner();
    let handle = runner.get_loop().handle();
    let (running, wait) = mpsc::channel();
    runner.get_loop().call_soon(move || running.send(()).unwrap());
    let stopper = std::thread::spawn(move || {
        wait.recv().unwrap();
        handle.call_soon_threadsafe(|| Loop::current().stop()).unwrap();
    });
    runner.run_forever().unwrap();
    stopper.join().unwrap();
}

#[test]
fn a_task_that_a_stop_left_pending_goes_on_in_the_next_run() {
    let mut runner = runner();
    let mut task = runner.get_loop().spawn(async {
        Loop::current().stop();
        yield_now().await;
        7
    });
    let stopped = runner.run_until_complete(&mut task);
    assert!(matches!(stopped, Err(RunError::Stopped)), "{stopped:?}");
    assert!(!task.done());
    assert_eq!(runner.run_until_complete(&mut task).unwrap().unwrap(), 7);
}

#[test]
fn a_task_that_ends_in_the_turn_of_the_stop_gives_its_output() {
    let mut runner = runner();
    let mut task = runner.get_loop().spawn(async {
        Loop::current().stop();
        7
    });
    assert_eq!(runner.run_until_complete(&mut task).unwrap().unwrap(), 7);
    assert_eq!(runner.run(async { yield_now().await }).ok(), Some(()), "the stop was meant for one run only");
}

#[test]
fn a_main_that_borrows_is_gone_when_a_stop_ends_its_run() {
    let (mut runner, trace) = (runner(), Trace::default());
    let mut turns = 0;
    let stopped = runner.run(async {
        let _gone = trace.on_drop("dropped");
        turns += 1;
        Loop::current().stop();
        pending::<()>().await;
    });
    assert!(matches!(stopped, Err(RunError::Stopped)), "{stopped:?}");
    assert_eq!((trace.take().as_str(), turns), ("dropped", 1));
    assert!(runner.close(GRACE).is_clean());
}

#[test]
fn the_clean_ups_of_a_main_that_was_stopped_are_reported() {
    let (mut runner, trace) = (runner(), Trace::default());
    let told = trace.clone();
    runner.get_loop().set_exception_handler(move |_, context| told.add(&context.message));
    let stopped = runner.run(async {
        spawn(async { Loop::current().stop() }).detach();
        finally((), async |()| pending::<()>().await, async |()| ()).await;
    });
    assert!(matches!(stopped, Err(RunError::Stopped)), "{stopped:?}");
    assert_eq!(trace.take(), "1 clean-ups were dropped before they ended");
}

#[test]
fn a_task_of_another_loop_is_refused_before_anything_runs() {
    let (mut ours, other) = (runner(), runner());
    let mut task = other.get_loop().spawn(async {});
    let refused = ours.run_until_complete(&mut task);
    assert!(matches!(refused, Err(RunError::Foreign)), "{refused:?}");
    assert!(!task.done());
}

#[test]
fn runs_do_not_nest_and_the_error_says_what_to_do() {
    let mut inner = runner();
    run(async move {
        assert!(Loop::current().is_running());
        assert!(!inner.get_loop().is_running());
        let nested = inner.run_forever().unwrap_err();
        assert!(nested.to_string().contains("`spawn` it"), "{nested}");
        let mut task = inner.get_loop().spawn(async {});
        assert!(matches!(inner.run_until_complete(&mut task), Err(RunError::Nested)));
    });
}

#[test]
fn a_closed_loop_says_so_and_drops_what_it_is_given() {
    let runner = runner();
    let lp = runner.get_loop().clone();
    assert!(!lp.is_closed());
    runner.close(GRACE);
    assert!(lp.is_closed());
    let trace = Trace::default();
    let guard = trace.on_drop("dropped");
    let task = lp.spawn(async move { drop(guard) });
    assert_eq!(trace.take(), "dropped");
    lp.stop();
    let outcome = contract::block_on(task);
    assert!(matches!(outcome, Err(JoinError::Shutdown)), "{outcome:?}");
    assert!(lp.call_soon(|| ()).cancelled());
}

#[test]
fn a_guest_that_is_stopped_closes_and_says_so() {
    use contract::Driver as _;
    let driver = NativeDriver::new().unwrap();
    let trace = Trace::default();
    let guard = trace.on_drop("dropped");
    let carried = core_loop::carry(driver.reactor(), async move {
        let _guard = guard;
        Loop::current().stop();
        pending::<()>().await;
    });
    let mut carried = std::pin::pin!(carried);
    let mut outcome = None;
    driver.run(std::pin::pin!(poll_fn(|cx| match carried.as_mut().poll(cx) {
        Poll::Ready(ended) => {
            outcome = Some(ended);
            Poll::Ready(())
        }
        Poll::Pending => Poll::Pending,
    })));
    assert!(matches!(outcome, Some(Err(RunError::Stopped))), "{outcome:?}");
    assert_eq!(trace.take(), "dropped");
}

struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_guest_that_sleeps_is_woken_by_a_stop_between_its_polls() {
    use contract::Driver as _;
    let driver = NativeDriver::new().unwrap();
    let (tell, lp) = mpsc::channel();
    let mut carried = Box::pin(core_loop::carry(driver.reactor(), async move {
        tell.send(Loop::current()).unwrap();
        pending::<()>().await;
    }));
    let wakes = Arc::new(Wakes(AtomicUsize::new(0)));
    let waker = Waker::from(wakes.clone());
    let cx = &mut Context::from_waker(&waker);
    assert!(carried.as_mut().poll(cx).is_pending());
    let before = wakes.0.load(Ordering::Relaxed);
    lp.recv().unwrap().stop();
    assert_eq!(wakes.0.load(Ordering::Relaxed), before + 1);
    let outcome = carried.as_mut().poll(cx);
    assert!(matches!(outcome, Poll::Ready(Err(RunError::Stopped))), "{outcome:?}");
}

#[test]
fn a_shutdown_of_the_default_executor_drains_it_and_refuses_what_comes_later() {
    run(async {
        let lp = Loop::current();
        let accepted = to_thread(|| 1);
        let shutdown = lp.shutdown_default_executor(GRACE);
        let refused = to_thread(|| 2).await;
        assert!(matches!(refused, Err(contract::JobError::Rejected(_))), "{refused:?}");
        assert!(shutdown.await.is_clean());
        assert_eq!(accepted.await.unwrap(), 1);
        lp.set_default_executor(Arc::new(thread_executor::ThreadPool::new(NonZeroUsize::MIN)));
        assert_eq!(to_thread(|| 3).await.unwrap(), 3);
    });
}

#[test]
fn a_shutdown_of_the_default_executor_ends_with_its_grace_and_names_who_still_runs() {
    let (release, blocked) = mpsc::channel::<()>();
    run(async {
        let lp = Loop::current();
        let (started, begun) = mpsc::channel();
        let stuck = to_thread(move || {
            started.send(()).unwrap();
            blocked.recv()
        });
        begun.recv().unwrap();
        let report = lp.shutdown_default_executor(Duration::from_millis(1)).await;
        assert_eq!(report.stragglers.len(), 1, "{report}");
        release.send(()).unwrap();
        stuck.await.unwrap().unwrap();
    });
}
