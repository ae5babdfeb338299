//! What destructors, wakers and callbacks of the user's may do to a loop that is in the middle of something.

use crate::run;
use crate::trace::Trace;
use core_loop::{Loop, NativeDriver, Runner, Task, finally, sleep, spawn, yield_now};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

fn runner() -> Runner {
    Runner::new(NativeDriver::new().expect("the native driver runs everywhere"))
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

/// Counts those of it that live.
#[derive(Clone)]
struct Counted(#[expect(dead_code, reason = "held to be counted")] Rc<()>);

impl Counted {
    fn new() -> (Self, Weak<()>) {
        let one = Rc::new(());
        let watch = Rc::downgrade(&one);
        (Self(one), watch)
    }
}

#[test]
fn destructors_that_panic_during_the_close_do_not_stop_it() {
    let mut runner = runner();
    let (counted, watch) = Counted::new();
    runner
        .run(async move {
            let lp = Loop::current();
            for _ in 0..2 {
                let (bomb, other) = (Bomb, counted.clone());
                lp.call_later(Duration::from_secs(3600), move || drop((bomb, other)));
                let (bomb, counted) = (Bomb, counted.clone());
                spawn(finally(
                    (bomb, counted),
                    async |_: &mut (Bomb, Counted)| pending::<()>().await,
                    async |_owned| pending::<()>().await,
                ))
                .detach();
            }
            yield_now().await;
        })
        .expect("it runs");
    runner.get_loop().set_exception_handler(|_, _| ());
    let report = runner.close(Duration::ZERO);
    assert_eq!(report.dropped.len(), 2);
    assert_eq!(watch.strong_count(), 0, "everything is dropped");
}

#[test]
fn a_callback_that_holds_its_own_handle_is_dropped_by_the_close() {
    let (counted, watch) = Counted::new();
    run(async move {
        let lp = Loop::current();
        let slot = Rc::new(RefCell::new(None));
        let (own, held) = (slot.clone(), counted.clone());
        let handle = lp.call_later(Duration::from_secs(3600), move || drop((own, held)));
        slot.replace(Some(handle));
        let slot = Rc::new(RefCell::new(None));
        let own = slot.clone();
        let handle = lp.call_soon(move || drop((own, counted)));
        slot.replace(Some(handle));
    });
    assert_eq!(watch.strong_count(), 0);
}

#[test]
fn a_callback_registered_after_the_close_is_dropped_and_says_that_it_was_cancelled() {
    let runner = runner();
    let lp = runner.get_loop().clone();
    drop(runner.close(Duration::ZERO));
    let (counted, watch) = Counted::new();
    let (other, again) = (counted.clone(), lp.clone());
    let soon = lp.call_soon(move || drop((again, other)));
    let again = lp.clone();
    let later = lp.call_later(Duration::ZERO, move || drop((again, counted)));
    assert_eq!(watch.strong_count(), 0);
    assert!(soon.cancelled() && later.cancelled());
}

#[test]
fn a_call_from_another_thread_that_the_close_overtook_says_that_it_was_cancelled() {
    let runner = runner();
    let handle = runner.get_loop().handle();
    let call = std::thread::spawn(move || handle.call_soon_threadsafe(|| ()).expect("the loop is open"));
    let call = call.join().expect("it was sent");
    assert!(!call.cancelled());
    drop(runner.close(Duration::ZERO));
    assert!(call.cancelled());
}

#[test]
#[expect(clippy::async_yields_async, reason = "what was not awaited is the point")]
fn a_sleep_that_outlived_its_loop_says_so_instead_of_waiting_for_ever() {
    let late = run(async { sleep(Duration::from_millis(1)) });
    let panic = run(async { spawn(late).await }).expect_err("its loop is closed");
    assert!(panic.to_string().contains("closed"), "{panic}");
}

#[test]
fn a_sleep_whose_loop_closes_while_another_one_awaits_it_says_so_instead_of_waiting_for_ever() {
    let mut other = runner();
    let [first, second] = other.run(async { [(); 2].map(|()| sleep(Duration::MAX)) }).expect("it runs");
    run(async move {
        // One with the waker of its task, one with somebody else's.
        let first = spawn(first);
        let second = spawn(async move {
            let mut second = pin!(second);
            poll_fn(|cx| {
                let inner = cx.waker().clone();
                second.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Relay(inner)))))
            })
            .await;
        });
        yield_now().await;
        drop(other);
        yield_now().await;
        for task in [first, second] {
            assert!(task.done(), "it was woken");
            let panic = task.await.expect_err("its loop is closed");
            assert!(panic.to_string().contains("closed"), "{panic}");
        }
    });
}

/// Passes a wake on.
struct Relay(Waker);

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}

#[test]
fn a_runner_dropped_inside_another_loop_drops_its_tasks_on_the_spot() {
    let trace = Trace::default();
    let guard = trace.on_drop("dropped");
    let mut inner = runner();
    inner
        .run(async move {
            let stubborn = finally(
                guard,
                async |_: &mut _| pending::<()>().await,
                async |_guard| {
                    pending::<()>().await;
                },
            );
            spawn(stubborn).detach();
            yield_now().await;
        })
        .expect("it runs");
    inner.get_loop().set_exception_handler(|_, _| ());
    run(async move {
        drop(inner);
        yield_now().await;
    });
    assert_eq!(trace.take(), "dropped");
}

#[test]
fn a_runner_in_a_thread_local_closes_when_its_thread_ends() {
    thread_local! {
        static KEPT: RefCell<Option<Runner>> = const { RefCell::new(None) };
    }
    struct Tell(std::sync::mpsc::Sender<()>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.send(()).expect("the test waits");
        }
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // Touched before anything of the loop's, so that it is dropped after.
        KEPT.with_borrow_mut(|kept| assert!(kept.is_none()));
        let mut runner = runner();
        runner
            .run(async move {
                let tell = Tell(sender);
                spawn(async move {
                    let _tell = tell;
                    pending::<()>().await;
                })
                .detach();
                yield_now().await;
            })
            .expect("it runs");
        KEPT.set(Some(runner));
    })
    .join()
    .expect("it ends");
    receiver.recv().expect("the task was dropped");
}

/// A waker of somebody's that panics.
struct Alarm;

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        panic!("in a waker");
    }
}

#[test]
fn a_waiters_waker_that_panics_leaves_no_task_current() {
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        let lp = Loop::current();
        lp.set_exception_handler(move |_, context| reported.add(&context.message));
        let mut task = spawn(yield_now());
        assert!(
            Pin::new(&mut task).poll(&mut Context::from_waker(&Waker::from(Arc::new(Alarm)))).is_pending()
        );
        let half_run = Rc::new(RefCell::new(Some(Box::pin(finally(
            (),
            async |(): &mut ()| pending::<()>().await,
            async |()| unreachable!("there is no task to run it in"),
        )))));
        poll_fn(|cx| {
            assert!(half_run.borrow_mut().as_mut().expect("it is there").as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        sleep(Duration::from_millis(2)).await;
        lp.call_soon(move || drop(half_run.take()));
        yield_now().await;
        assert_eq!(trace.take(), "a waker panicked a clean-up was skipped: it was dropped outside a task");
        drop(task);
    });
}

#[test]
#[expect(clippy::async_yields_async, reason = "what was not awaited is the point")]
fn clean_ups_that_the_output_of_a_detached_task_owes_still_run() {
    run(async {
        let trace = Trace::default();
        let owed = trace.clone();
        spawn(async move {
            let mut half_run = Box::pin(finally(
                owed,
                async |_: &mut Trace| pending::<()>().await,
                async |trace: Trace| {
                    yield_now().await;
                    trace.add("cleaned up");
                },
            ));
            poll_fn(|cx| {
                assert!(half_run.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            // As `select` does with the one that lost.
            half_run
        })
        .detach();
        for _ in 0..5 {
            yield_now().await;
        }
        assert_eq!(trace.take(), "cleaned up");
    });
}

#[test]
fn a_destructor_may_spawn_cancel_and_drop_handles() {
    struct Busy(Rc<RefCell<Option<Task<()>>>>, Trace);
    impl Drop for Busy {
        fn drop(&mut self) {
            let own = self.0.take().expect("its own handle");
            own.cancel("by my destructor");
            assert!(!own.done());
            let trace = self.1.clone();
            spawn(async move { trace.add("spawned") }).detach();
            Loop::current().call_soon(|| ()).cancel();
            drop(own);
            self.1.add("dropped");
        }
    }
    run(async {
        let trace = Trace::default();
        let slot = Rc::new(RefCell::new(None));
        let busy = Busy(slot.clone(), trace.clone());
        slot.replace(Some(spawn(async move {
            let _busy = busy;
            pending::<()>().await;
        })));
        yield_now().await;
        slot.borrow().as_ref().expect("it is there").cancel("from outside");
        yield_now().await;
        yield_now().await;
        assert_eq!(trace.take(), "dropped spawned");
    });
}

#[test]
fn a_sleep_may_be_polled_with_another_waker_whose_predecessor_owned_a_sleep() {
    /// A waker that owns what it wakes, as a small executor inside a task has it.
    struct Owner(#[expect(dead_code, reason = "held for its drop")] std::sync::Mutex<Option<Late>>);
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }
    /// Disarms a timer when it is dropped, wherever that is.
    struct Late(std::sync::mpsc::Sender<()>);
    impl Drop for Late {
        fn drop(&mut self) {
            Loop::current().call_later(Duration::from_secs(3600), || ()).cancel();
            self.0.send(()).expect("the test looks");
        }
    }
    run(async {
        let (sender, receiver) = std::sync::mpsc::channel();
        let mut sleeping = Box::pin(sleep(Duration::from_secs(3600)));
        let owner = Waker::from(Arc::new(Owner(std::sync::Mutex::new(Some(Late(sender))))));
        assert!(sleeping.as_mut().poll(&mut Context::from_waker(&owner)).is_pending());
        drop(owner);
        assert!(sleeping.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        receiver.try_recv().expect("the waker before is gone");
    });
}

#[test]
fn a_task_that_awaits_itself_is_told_so_instead_of_waiting_for_ever() {
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        Loop::current()
            .set_exception_handler(move |_, context| reported.add(context.panic.expect("a panic").message()));
        let slot = Rc::new(RefCell::new(None::<Task<()>>));
        let own = slot.clone();
        slot.replace(Some(spawn(async move {
            let task = own.take().expect("its own handle");
            drop(task.await);
        })));
        yield_now().await;
        assert!(trace.take().starts_with("a task cannot await itself"));
    });
}
