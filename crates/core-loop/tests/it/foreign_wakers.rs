//! Wakers of somebody else's, in the futures that a task polls with them: they may panic, and call back.

use crate::run;
use crate::trace::Trace;
use core_loop::contract::{Direction, Driver, Readiness};
use core_loop::{
    Loop, NativeDriver, ReadinessThread, Runner, TaskGroup, Waitable, cancellable, shield, sleep, spawn,
    spawn_cooperative, yield_now,
};
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

/// Wakes whom it should, and panics.
struct Alarm(Waker);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
        panic!("in a waker");
    }
}

/// Polls `future` with an [`Alarm`] of the waker that is there.
async fn alarmed<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let alarm = Waker::from(Arc::new(Alarm(cx.waker().clone())));
        future.as_mut().poll(&mut Context::from_waker(&alarm))
    })
    .await
}

/// What is reported to the loop that runs here.
fn reports() -> Trace {
    let trace = Trace::default();
    let reported = trace.clone();
    Loop::current().set_exception_handler(move |_, context| reported.add(context));
    trace
}

#[test]
fn a_cooperative_task_whose_waker_panics_at_a_request_does_not_stop_the_close() {
    let mut runner = Runner::new(NativeDriver::new().expect("the native driver runs everywhere"));
    let trace = Trace::default();
    let (cooperative, sibling) = (trace.on_drop("cooperative"), trace.on_drop("sibling"));
    let reported = runner
        .run(async move {
            spawn_cooperative(async move {
                let _dropped = cooperative;
                alarmed(cancellable(sleep(LONG))).await
            })
            .detach();
            spawn(async move {
                let _dropped = sibling;
                pending::<()>().await;
            })
            .detach();
            yield_now().await;
            reports()
        })
        .expect("it runs");
    let report = runner.close(LONG);
    assert!(report.is_clean(), "{report}");
    let mut dropped: Vec<_> = trace.take().split(' ').map(String::from).collect();
    dropped.sort();
    assert_eq!(dropped, ["cooperative", "sibling"]);
    assert!(reported.take().starts_with("a waker panicked: in a waker"));
}

#[test]
fn a_child_whose_waker_panics_at_a_request_does_not_keep_its_group_from_ending_the_others() {
    run(async {
        let (trace, reported) = (Trace::default(), reports());
        let sibling = trace.on_drop("sibling");
        let outcome = TaskGroup::<&str>::scope(async |group| {
            group.spawn_cooperative(async { alarmed(cancellable(sleep(LONG))).await.map(Ok) });
            group.spawn(async move {
                let _dropped = sibling;
                pending::<Result<(), &str>>().await
            });
            group.spawn(async {
                yield_now().await;
                Err::<(), _>("fails")
            });
            pending::<Result<(), &str>>().await
        })
        .await;
        assert!(outcome.is_err());
        assert_eq!(trace.take(), "sibling");
        assert!(reported.take().contains("a waker panicked"));
    });
}

#[test]
fn a_handle_whose_drop_cancels_and_meets_a_waker_that_panics_goes_in_peace() {
    run(async {
        let (trace, reported) = (Trace::default(), reports());
        let output = trace.on_drop("output");
        let task = spawn_cooperative(async {
            assert!(alarmed(cancellable(sleep(LONG))).await.is_err());
            Ok(output)
        })
        .cancel_on_drop();
        yield_now().await;
        drop(task);
        for _ in 0..3 {
            yield_now().await;
        }
        assert_eq!(trace.take(), "output");
        assert!(reported.take().contains("a waker panicked"));
    });
}

#[test]
fn a_place_that_goes_hands_its_request_to_one_whose_waker_panics() {
    run(async {
        let reported = reports();
        let task = spawn_cooperative(async {
            let mut inner = Box::pin(cancellable(sleep(LONG)));
            let mut outer = pin!(alarmed(cancellable(pending::<()>())));
            poll_fn(|cx| {
                assert!(outer.as_mut().poll(cx).is_pending());
                assert!(inner.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            yield_now().await;
            drop(inner);
            outer.await.expect_err("it takes what the inner one has not");
            Ok(())
        });
        yield_now().await;
        task.cancel("enough");
        task.await.expect("it goes on");
        assert_eq!(reported.take().matches("a waker panicked").count(), 1);
    });
}

/// Two that wait for their sockets with wakers that panic both hear of them.
async fn both_hear(watch: impl Fn(Rc<OwnedFd>) -> std::io::Result<Box<dyn Readiness>>) {
    let mut ends: Vec<_> = (0..2)
        .map(|_| {
            let (mut here, there) = UnixStream::pair().expect("a pair");
            here.set_nonblocking(true).expect("it is a socket");
            let descriptor = here.try_clone().expect("there is room");
            let watch = watch(Rc::new(descriptor.into())).expect("it is watched");
            let task = spawn(async move {
                let mut read = || here.read(&mut [0]);
                alarmed(poll_fn(|cx| watch.poll_io(cx, Direction::Read, &mut read))).await
            });
            (there, task)
        })
        .collect();
    // Both wait now.
    yield_now().await;
    for (there, _) in &mut ends {
        there.write_all(b"x").expect("there is room");
    }
    for (_there, task) in ends {
        assert_eq!(task.await.expect("it goes on").expect("it reads"), 1);
    }
}

#[test]
fn wakers_that_panic_at_an_event_end_neither_the_loop_nor_the_other_events_of_the_visit() {
    let driver = NativeDriver::new().expect("the native driver runs everywhere");
    let reactor = driver.reactor();
    let mut runner = Runner::new(driver);
    runner.run(both_hear(move |descriptor| reactor.watch(descriptor))).expect("it runs");
}

#[test]
fn wakers_that_panic_at_an_event_do_not_end_the_readiness_thread() {
    run(async {
        let readiness = ReadinessThread::new();
        both_hear(|descriptor| readiness.watch(descriptor)).await;
    });
}

#[test]
fn a_shield_whose_waiter_panics_when_it_is_woken_is_cancelled_all_the_same() {
    run(async {
        let reported = reports();
        let mut shielded = shield(pending::<Infallible>());
        let alarm = Waker::from(Arc::new(Alarm(Waker::noop().clone())));
        assert!(Pin::new(&mut shielded).poll(&mut Context::from_waker(&alarm)).is_pending());
        assert!(shielded.request_cancel("enough".into()));
        assert!(shielded.done());
        assert!(reported.take().contains("a waker panicked"));
    });
}
