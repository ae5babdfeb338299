//! Cooperative tasks: each arrow of the state diagram in `src/task/requests.rs`, and what follows from it.

use crate::run;
use crate::trace::Trace;
use core_loop::{
    Cancelled, JoinError, Runner, cancellable, current_task, finally, sleep, spawn, spawn_cooperative,
    timeout, yield_now,
};
use futures_lite::future::{poll_once, zip};
use std::future::{pending, ready};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

fn reason_of<T: std::fmt::Debug>(outcome: Result<T, JoinError>) -> String {
    match outcome {
        Err(JoinError::Cancelled(reason)) => reason.to_string(),
        other => panic!("not cancelled but {other:?}"),
    }
}

#[test]
fn a_request_interrupts_the_cancellable_and_the_task_goes_on_being_polled() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let task = spawn_cooperative(async move {
            let interrupted = cancellable(sleep(LONG)).await;
            inside.add("interrupted");
            yield_now().await;
            inside.add("cleaned");
            interrupted
        });
        yield_now().await;
        assert!(task.cancel("enough"));
        assert_eq!(trace.take(), "", "a cancel runs nothing inside the call");
        assert_eq!(reason_of(task.await), "enough");
        assert_eq!(trace.take(), "interrupted cleaned");
    });
}

// ANCHOR: swallow
#[test]
fn a_request_that_is_swallowed_leaves_the_output() {
    run(async {
        let task = spawn_cooperative(async {
            let me = current_task().expect("inside a task");
            cancellable(sleep(LONG)).await.expect_err("it was cancelled");
            assert_eq!(me.cancelling(), 1);
            assert_eq!(me.uncancel(), 0);
            cancellable(yield_now()).await?;
            Ok(42)
        });
        yield_now().await;
        task.cancel("ignored");
        assert_eq!(task.await.expect("it went on"), 42);
    });
}
// ANCHOR_END: swallow

#[test]
fn a_request_to_a_task_that_waits_elsewhere_waits_for_its_next_cancellable() {
    run(async {
        let task = spawn_cooperative(async {
            yield_now().await;
            yield_now().await;
            assert_eq!(cancellable(ready(7)).await, Err(Cancelled::from(core_loop::Reason::from("early"))));
            // Exactly that one.
            assert_eq!(cancellable(ready(7)).await, Ok(7));
            Ok(())
        });
        task.cancel("early");
        task.await.expect("it swallowed the request");
    });
}

#[test]
fn of_several_the_innermost_takes_the_request() {
    run(async {
        let task = spawn_cooperative(async {
            let nested = cancellable(async { cancellable(sleep(LONG)).await.is_err() }).await;
            assert_eq!(nested, Ok(true), "the inner one, and not the one around it");
            let beside = zip(async { yield_now().await }, cancellable(pending::<()>())).await;
            assert_eq!(beside.1.expect_err("the second request").reason().as_str(), "again");
            Ok(())
        });
        yield_now().await;
        task.cancel("once");
        yield_now().await;
        yield_now().await;
        task.cancel("again");
        task.await.expect("it swallowed both");
    });
}

#[test]
fn a_request_that_the_innermost_has_not_taken_when_it_goes_is_taken_by_the_one_around_it() {
    run(async {
        let task = spawn_cooperative(async {
            let me = current_task().expect("inside a task");
            cancellable(async {
                let mut inner = Box::pin(cancellable(pending::<()>()));
                std::future::poll_fn(|cx| {
                    assert!(inner.as_mut().poll(cx).is_pending());
                    std::task::Poll::Ready(())
                })
                .await;
                me.cancel("for the inner one");
                drop(inner);
                pending::<()>().await;
            })
            .await
        });
        assert_eq!(reason_of(task.await), "for the inner one");
    });
}

#[test]
fn a_request_that_was_taken_and_not_delivered_goes_to_the_next_cancellable() {
    run(async {
        let task = spawn_cooperative(async {
            let body = finally((), async |_: &mut ()| pending::<()>().await, async |()| yield_now().await);
            let mut first = Box::pin(cancellable(body));
            assert!(poll_once(first.as_mut()).await.is_none());
            current_task().expect("inside a task").cancel("not lost");
            assert!(poll_once(first.as_mut()).await.is_none(), "it waits for the clean-up");
            drop(first);
            assert_eq!(current_task().expect("inside a task").cancelling(), 1);
            let next = cancellable(pending::<()>()).await;
            assert_eq!(cancellable(ready(1)).await, Ok(1), "once");
            next
        });
        assert_eq!(reason_of(task.await), "not lost");
    });
}

#[test]
fn a_request_that_was_taken_and_not_delivered_wakes_the_cancellable_around_it() {
    run(async {
        let task = spawn_cooperative(cancellable(async {
            let body = finally((), async |_: &mut ()| pending::<()>().await, async |()| yield_now().await);
            let mut inner = Box::pin(cancellable(body));
            assert!(poll_once(inner.as_mut()).await.is_none());
            current_task().expect("inside a task").cancel("not lost");
            assert!(poll_once(inner.as_mut()).await.is_none(), "it waits for the clean-up");
            drop(inner);
            pending::<()>().await;
        }));
        assert_eq!(reason_of(task.await), "not lost");
    });
}

#[test]
fn a_request_that_was_taken_and_then_taken_back_goes_to_nobody() {
    run(async {
        let task = spawn_cooperative(async {
            let me = current_task().expect("inside a task");
            let body = finally((), async |_: &mut ()| pending::<()>().await, async |()| yield_now().await);
            let mut first = Box::pin(cancellable(body));
            assert!(poll_once(first.as_mut()).await.is_none());
            me.cancel("a mistake");
            assert!(poll_once(first.as_mut()).await.is_none(), "it waits for the clean-up");
            assert_eq!(me.uncancel(), 0);
            drop(first);
            assert_eq!(cancellable(ready(1)).await, Ok(1));
            Ok(())
        });
        task.await.expect("nobody wants it to end");
    });
}

#[test]
fn requests_before_the_delivery_give_one_error_with_the_last_reason_and_are_all_counted() {
    run(async {
        let task = spawn_cooperative(async {
            let me = current_task().expect("inside a task");
            let error = cancellable(sleep(LONG)).await.expect_err("it was cancelled");
            assert_eq!(error.reason().as_str(), "second");
            assert_eq!(me.cancelling(), 2);
            assert_eq!((me.uncancel(), me.uncancel(), me.uncancel()), (1, 0, 0));
            assert_eq!(cancellable(ready(1)).await, Ok(1));
            Ok(())
        });
        yield_now().await;
        task.cancel("first");
        task.cancel("second");
        task.await.expect("it swallowed both");
    });
}

#[test]
fn uncancel_before_the_delivery_takes_the_request_back() {
    run(async {
        let task = spawn_cooperative(async {
            cancellable(async {
                yield_now().await;
                yield_now().await;
            })
            .await?;
            Ok(9)
        });
        yield_now().await;
        task.cancel("a mistake");
        assert_eq!(task.any().uncancel(), 0);
        assert_eq!(task.await.expect("nothing was delivered"), 9);
    });
}

#[test]
fn a_task_that_cancels_itself_is_interrupted_at_its_next_cancellable_and_not_at_the_one_after() {
    run(async {
        let task = spawn_cooperative(async {
            current_task().expect("inside a task").cancel("me");
            assert!(cancellable(yield_now()).await.is_err());
            assert!(cancellable(yield_now()).await.is_ok());
            Ok(())
        });
        task.await.expect("it swallowed the request");
    });
}

#[test]
fn the_error_comes_after_the_clean_ups_of_what_was_interrupted() {
    run(async {
        let trace = Trace::default();
        let (outer, inner) = (trace.clone(), trace.clone());
        let task = spawn_cooperative(async move {
            let body = finally(
                (),
                async |_: &mut ()| pending::<()>().await,
                async move |()| {
                    yield_now().await;
                    inner.add("cleaned");
                },
            );
            let interrupted = cancellable(body).await;
            outer.add("interrupted");
            interrupted
        });
        yield_now().await;
        task.cancel("enough");
        assert_eq!(reason_of(task.await), "enough");
        assert_eq!(trace.take(), "cleaned interrupted");
    });
}

#[test]
fn a_task_that_a_cancellable_awaits_is_cancelled_with_it() {
    run(async {
        let inner = spawn(pending::<()>());
        let watched = inner.any();
        let task = spawn_cooperative(async move {
            cancellable(inner).await?.expect("it never ends");
            Ok(())
        });
        yield_now().await;
        task.cancel("both");
        assert_eq!(reason_of(task.await), "both");
        yield_now().await;
        assert!(watched.done());
    });
}

#[test]
fn a_usual_task_that_is_cancelled_before_its_first_step_leaves_no_clean_up_behind() {
    run(async {
        let trace = Trace::default();
        let (body, clean_up) = (trace.clone(), trace.clone());
        let task = spawn(finally(
            (),
            async move |_: &mut ()| body.add("body"),
            async move |()| clean_up.add("cleaned"),
        ));
        task.cancel("too early");
        assert_eq!(reason_of(task.await), "too early");
        assert_eq!(trace.take(), "");
    });
}

#[test]
fn in_a_usual_task_a_cancel_drops_the_future_also_inside_a_cancellable() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let task = spawn(async move {
            cancellable(sleep(LONG)).await.expect("it is dropped, not interrupted");
            inside.add("never");
        });
        yield_now().await;
        task.cancel("dropped");
        assert_eq!(reason_of(task.await), "dropped");
        assert_eq!(trace.take(), "");
    });
}

#[test]
fn a_timeout_drops_its_future_in_a_cooperative_task_too() {
    run(async {
        let task = spawn_cooperative(async {
            let late = timeout(Duration::from_millis(1), cancellable(sleep(LONG))).await;
            late.expect_err("the time is over");
            assert_eq!(current_task().expect("inside a task").cancelling(), 0);
            Ok(())
        });
        task.await.expect("nobody cancelled it");
    });
}

#[test]
fn a_panic_in_the_clean_up_replaces_the_cancel() {
    run(async {
        let task = spawn_cooperative::<()>(async {
            let _interrupted = cancellable(sleep(LONG)).await;
            panic!("worse");
        });
        yield_now().await;
        task.cancel("enough");
        assert!(matches!(task.await, Err(JoinError::Panicked(panic)) if panic.message() == "worse"));
    });
}

#[test]
fn the_close_asks_and_drops_after_its_grace_whoever_does_not_answer() {
    let trace = Trace::default();
    let mut runner = Runner::new(core_loop::NativeDriver::new().expect("it runs everywhere"));
    let (answers, deaf) = (trace.clone(), trace.on_drop("dropped"));
    runner
        .run(async move {
            spawn_cooperative(async move {
                let asked = cancellable(pending::<()>()).await;
                yield_now().await;
                answers.add("answered");
                asked
            })
            .detach();
            spawn_cooperative::<()>(async move {
                let _deaf = deaf;
                loop {
                    let _swallowed = cancellable(pending::<()>()).await;
                }
            })
            .named("deaf")
            .detach();
            yield_now().await;
        })
        .expect("it ends");
    let report = runner.close(Duration::from_millis(20));
    assert_eq!(trace.take(), "answered dropped");
    assert_eq!(report.dropped.iter().map(|task| &*task.name).collect::<Vec<_>>(), ["deaf"]);
}
