//! Cancelling: when the future goes, what runs on, what is reported.

use crate::run;
use crate::trace::Trace;
use core_loop::{
    Future, JoinError, Loop, Task, finally, gather, sleep, spawn, spawn_eager, timeout, wait_for, yield_now,
};
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

fn cancelled_with(outcome: Result<(), JoinError>) -> String {
    match outcome {
        Err(JoinError::Cancelled(reason)) => reason.to_string(),
        other => panic!("not cancelled but {other:?}"),
    }
}

#[test]
fn a_task_cancelled_before_its_first_poll_never_runs() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let task = spawn(async move { inside.add("ran") });
        assert!(task.cancel("early"));
        assert!(task.cancel("again"), "a request that changes nothing is still accepted");
        assert_eq!(cancelled_with(task.await), "early");
        assert_eq!(trace.take(), "");
    });
}

#[test]
fn a_cancel_drops_the_future_before_its_next_poll() {
    run(async {
        let trace = Trace::default();
        let guard = trace.on_drop("dropped");
        let inside = trace.clone();
        let task = spawn(async move {
            let _guard = guard;
            pending::<()>().await;
            inside.add("never");
        });
        yield_now().await;
        assert!(task.cancel("enough"));
        trace.add("asked");
        assert_eq!(cancelled_with(task.await), "enough");
        assert_eq!(trace.take(), "asked dropped");
    });
}

#[test]
fn a_cancel_after_the_end_changes_nothing() {
    run(async {
        let task = spawn(async { 7 });
        yield_now().await;
        assert!(task.done());
        assert!(!task.cancel("late"));
        assert_eq!(task.await.expect("it ended before"), 7);
    });
}

#[test]
fn a_cancel_during_the_last_step_wins_over_the_output() {
    run(async {
        let handle = Rc::new(RefCell::new(None::<core_loop::Task<()>>));
        let own = handle.clone();
        let task = spawn(async move {
            own.borrow().as_ref().expect("it is there").cancel("by myself");
        });
        handle.replace(Some(task));
        yield_now().await;
        let task = handle.take().expect("it is there");
        assert_eq!(cancelled_with(task.await), "by myself");
    });
}

/// Cancels its own task when it is dropped, and notes whether that was in time.
struct CancelsItself {
    own: Rc<RefCell<Option<Task<u8>>>>,
    said: Rc<RefCell<Vec<bool>>>,
}

impl Drop for CancelsItself {
    fn drop(&mut self) {
        let own = self.own.borrow();
        self.said.borrow_mut().push(own.as_ref().expect("it is there").cancel("in the destructor"));
    }
}

/// Runs a task that ends as `end` does, with a [`CancelsItself`] in it; gives its outcome, and what the cancel said.
async fn cancels_itself<F: std::future::Future<Output = u8> + 'static>(
    end: F,
) -> (Result<u8, JoinError>, Vec<bool>) {
    let (own, said) = (Rc::new(RefCell::new(None)), Rc::new(RefCell::new(Vec::new())));
    let destructor = CancelsItself { own: own.clone(), said: said.clone() };
    let mut end = Box::pin(end);
    let mut destructor = Some(destructor);
    // The destructor runs when the future is dropped, after it gave its output.
    let future = std::future::poll_fn(move |cx| {
        assert!(destructor.is_some(), "it is captured");
        let polled = end.as_mut().poll(cx);
        let _kept = &mut destructor;
        polled
    });
    own.replace(Some(spawn(future)));
    for _ in 0..4 {
        yield_now().await;
    }
    let task = own.take().expect("it is there");
    (task.await, said.take())
}

#[test]
fn a_cancel_in_the_last_destructor_comes_too_late_and_says_so() {
    run(async {
        let (outcome, said) = cancels_itself(async { 7 }).await;
        assert_eq!((outcome.expect("the output was given"), said), (7, vec![false]));
    });
}

#[test]
fn a_cancel_in_a_destructor_that_runs_for_a_panic_comes_too_late_and_says_so() {
    run(async {
        let (outcome, said) = cancels_itself(async { std::panic::resume_unwind(Box::new("oh")) }).await;
        assert!(matches!(outcome, Err(JoinError::Panicked(_))));
        assert_eq!(said, [false]);
    });
}

#[test]
fn a_dropped_handle_leaves_the_task_alone() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        drop(spawn(async move {
            yield_now().await;
            inside.add("ran on");
        }));
        yield_now().await;
        yield_now().await;
        assert_eq!(trace.take(), "ran on");
    });
}

#[test]
fn cancel_on_drop_cancels() {
    run(async {
        let trace = Trace::default();
        let guard = trace.on_drop("dropped");
        let task = spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        yield_now().await;
        drop(task.cancel_on_drop());
        yield_now().await;
        assert_eq!(trace.take(), "dropped");
    });
}

#[test]
fn a_cancel_reaches_the_task_that_is_awaited_but_not_one_that_is_only_held() {
    run(async {
        let trace = Trace::default();
        let sleeper = |name: &'static str| {
            let guard = trace.on_drop(name);
            spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            })
        };
        let (awaited, held) = (sleeper("awaited"), sleeper("held"));
        let outer = spawn(async move {
            let _held = held;
            awaited.await.expect("never");
        });
        yield_now().await;
        outer.cancel("the whole chain");
        assert_eq!(cancelled_with(outer.await), "the whole chain");
        yield_now().await;
        assert_eq!(trace.take(), "awaited");
    });
}

#[test]
fn clean_ups_run_in_order_and_the_task_is_done_after_them() {
    run(async {
        let trace = Trace::default();
        let inner = trace.clone();
        let task = spawn(finally(
            trace.clone(),
            async move |outer: &mut Trace| {
                outer.add("body");
                finally(
                    inner,
                    async |_: &mut Trace| pending::<()>().await,
                    async |trace: Trace| {
                        trace.add("inner begins");
                        sleep(Duration::from_millis(1)).await;
                        trace.add("inner ends");
                    },
                )
                .await;
            },
            async |trace: Trace| {
                yield_now().await;
                trace.add("outer");
            },
        ));
        yield_now().await;
        task.cancel("clean up");
        assert_eq!(cancelled_with(task.await), "clean up");
        assert_eq!(trace.take(), "body inner begins inner ends outer");
    });
}

#[test]
fn a_second_cancel_does_not_interrupt_a_clean_up() {
    run(async {
        let trace = Trace::default();
        let task = spawn(finally(
            trace.clone(),
            async |_: &mut Trace| pending::<()>().await,
            async |trace: Trace| {
                yield_now().await;
                trace.add("cleaned up");
            },
        ));
        yield_now().await;
        task.cancel("once");
        yield_now().await;
        assert!(!task.cancel("twice"), "its future has gone already");
        assert_eq!(cancelled_with(task.await), "once");
        assert_eq!(trace.take(), "cleaned up");
    });
}

#[test]
fn a_body_that_panics_is_still_cleaned_up_after() {
    run(async {
        let trace = Trace::default();
        let task = spawn(finally(
            trace.clone(),
            async |_: &mut Trace| panic!("in the body"),
            async |trace: Trace| {
                yield_now().await;
                trace.add("cleaned up");
            },
        ));
        assert!(matches!(task.await, Err(JoinError::Panicked(_))));
        assert_eq!(trace.take(), "cleaned up");
    });
}

#[test]
fn a_timeout_waits_for_the_clean_ups_that_it_caused() {
    run(async {
        let trace = Trace::default();
        let body = finally(
            trace.clone(),
            async |_: &mut Trace| pending::<()>().await,
            async |trace: Trace| {
                sleep(Duration::from_millis(2)).await;
                trace.add("cleaned up");
            },
        );
        assert!(timeout(Duration::from_millis(1), body).await.is_err());
        trace.add("timed out");
        assert_eq!(trace.take(), "cleaned up timed out");
    });
}

#[test]
fn a_cancel_while_a_timeout_waits_for_clean_ups_lets_them_end() {
    run(async {
        let trace = Trace::default();
        let (inside, release) = (trace.clone(), Future::new());
        let held = release.clone();
        let task = spawn(async move {
            let body = finally(
                inside,
                async |_: &mut Trace| pending::<()>().await,
                async move |trace: Trace| {
                    trace.add("cleaning up");
                    held.await.expect("it is set");
                    trace.add("cleaned up");
                },
            );
            let _ = timeout(Duration::ZERO, body).await;
        });
        while trace.is_empty() {
            yield_now().await;
        }
        assert!(task.cancel("meanwhile"));
        yield_now().await;
        release.set_result(()).expect("it is pending");
        assert_eq!(cancelled_with(task.await), "meanwhile");
        assert_eq!(trace.take(), "cleaning up cleaned up");
    });
}

#[test]
fn a_panic_goes_to_the_awaiter_and_otherwise_to_the_handler_once() {
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        Loop::current()
            .set_exception_handler(move |_, context| reported.add(context.panic.expect("a panic").message()));
        let awaited = spawn(async { panic!("awaited") });
        assert!(matches!(awaited.await, Err(JoinError::Panicked(panic)) if panic.message() == "awaited"));
        spawn(async { panic!("detached") }).detach();
        let looked_at_late = spawn(async { panic!("dropped late") });
        yield_now().await;
        assert_eq!(trace.take(), "detached");
        drop(looked_at_late);
        assert_eq!(trace.take(), "dropped late");
        Loop::current().call_soon(|| panic!("callback"));
        yield_now().await;
        assert_eq!(trace.take(), "callback");
    });
}

#[test]
fn a_destructor_that_panics_is_contained() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        Loop::current()
            .set_exception_handler(move |_, context| reported.add(context.panic.expect("a panic").message()));
        let task = spawn(async {
            let _bomb = Bomb;
            pending::<()>().await;
        });
        yield_now().await;
        task.cancel("boom");
        assert_eq!(cancelled_with(task.await), "boom");
        assert_eq!(trace.take(), "in a destructor");
    });
}

type Boxed = std::pin::Pin<Box<dyn std::future::Future<Output = ()>>>;

/// Waits for ever; cancelled, takes three turns to clean up.
async fn careful(trace: Trace) {
    finally(
        trace,
        async |_: &mut Trace| pending::<()>().await,
        async |trace: Trace| {
            for _ in 0..3 {
                yield_now().await;
            }
            trace.add("awaited");
        },
    )
    .await;
}

#[test]
fn a_cancelled_task_ends_after_the_clean_ups_of_what_it_awaited_and_cleans_up_itself_between() {
    run(async {
        let awaits: [fn(Task<()>) -> Boxed; 5] = [
            |inner| Box::pin(async { drop(inner.await) }),
            |inner| Box::pin(async { drop(inner.cancel_on_drop().await) }),
            |mut inner| Box::pin(async move { drop((&mut inner).await) }),
            |inner| Box::pin(async { drop(wait_for(Duration::from_secs(3600), inner).await) }),
            |mut inner| Box::pin(async move { drop(wait_for(Duration::from_secs(3600), &mut inner).await) }),
        ];
        for awaits in awaits {
            let trace = Trace::default();
            let (inner, cleaned) = (spawn(careful(trace.clone())), trace.clone());
            let outer = spawn(finally(
                (),
                async move |()| awaits(inner).await,
                async move |()| cleaned.add("awaiter"),
            ));
            yield_now().await;
            outer.cancel("both");
            assert_eq!(cancelled_with(outer.await), "both");
            assert_eq!(trace.take(), "awaited awaiter");
        }
    });
}

#[test]
fn a_cancelled_gather_ends_after_the_clean_ups_of_its_children() {
    run(async {
        let trace = Trace::default();
        let children = vec![careful(trace.clone()), careful(trace.clone())];
        let outer = spawn(async { drop(gather(children).await) });
        yield_now().await;
        yield_now().await;
        outer.cancel("all");
        assert_eq!(cancelled_with(outer.await), "all");
        assert_eq!(trace.take(), "awaited awaited");
    });
}

#[test]
fn a_timeout_waits_for_the_task_that_it_cancels() {
    run(async {
        let trace = Trace::default();
        assert!(timeout(Duration::from_millis(1), spawn(careful(trace.clone()))).await.is_err());
        assert_eq!(trace.take(), "awaited");
    });
}

#[test]
fn tasks_that_await_each_other_end_when_one_of_them_is_cancelled() {
    run(async {
        let place: Rc<RefCell<Option<Task<()>>>> = Rc::default();
        let theirs = place.clone();
        let one = spawn(async move {
            let other = theirs.take().expect("put there below");
            drop(other.await);
        });
        let watched = one.any();
        place.replace(Some(spawn(async move { drop(one.await) })));
        yield_now().await;
        yield_now().await;
        watched.cancel("enough");
        while !watched.done() {
            yield_now().await;
        }
        assert_eq!(core_loop::all_tasks().len(), 1, "both have ended");
    });
}

#[test]
fn a_clean_up_that_awaits_its_own_task_fails_and_the_task_ends() {
    run(async {
        let told = Trace::default();
        let handler = told.clone();
        Loop::current().set_exception_handler(move |_, context| {
            handler.add(context.panic.expect("a panic").message());
        });
        for behind_a_combinator in [false, true] {
            let place: Rc<RefCell<Option<Task<()>>>> = Rc::default();
            let theirs = place.clone();
            let task = spawn(finally(
                (),
                async |()| pending::<()>().await,
                async move |()| {
                    let itself = theirs.take().expect("put there below");
                    if behind_a_combinator {
                        drop(core_loop::as_completed([itself]).next().await);
                    } else {
                        drop(itself.await);
                    }
                },
            ));
            let watched = task.any();
            place.replace(Some(task));
            yield_now().await;
            watched.cancel("enough");
            while !watched.done() {
                yield_now().await;
            }
            assert!(told.take().starts_with("a task cannot await itself"));
        }
    });
}

#[test]
fn an_eager_task_may_await_the_task_that_spawns_it() {
    run(async {
        let place: Rc<RefCell<Option<Task<i32>>>> = Rc::default();
        let theirs = place.clone();
        let spawner = spawn(async move {
            let itself = theirs.take().expect("put there below");
            (7, spawn_eager(async { itself.await.expect("it ends") })).0
        });
        place.replace(Some(spawner));
        while core_loop::all_tasks().len() > 1 {
            yield_now().await;
        }
    });
}
