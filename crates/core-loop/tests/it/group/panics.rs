//! Panics of children, bodies, destructors and wakers: nobody is left behind, and none is lost.

use super::{Outcome, careful, turns};
use crate::run;
use crate::trace::Trace;
use core_loop::{JoinError, Loop, TaskGroup, spawn};
use std::future::pending;

#[test]
fn a_panic_goes_on_when_all_have_ended_and_a_second_one_is_reported() {
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        Loop::current().set_exception_handler(move |_, context| reported.add(context));
        let inside = trace.clone();
        let owner = spawn(async move {
            TaskGroup::<&str>::scope(async |group| {
                group.spawn(careful(inside.clone(), "sibling"));
                for words in ["first", "second"] {
                    group.spawn::<()>(async move {
                        turns(1).await;
                        std::panic::resume_unwind(Box::new(words))
                    });
                }
                Ok(())
            })
            .await
        });
        assert!(matches!(owner.await, Err(JoinError::Panicked(panic)) if panic.message() == "first"));
        assert_eq!(trace.take(), "a panic in a group that nobody got: second sibling");
    });
}

#[test]
fn a_panic_of_the_body_goes_on_when_the_children_have_ended() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let owner = spawn(async move {
            let group = TaskGroup::<&str>::scope(async |group| -> Result<(), _> {
                group.spawn(careful(inside.clone(), "child"));
                turns(1).await;
                std::panic::resume_unwind(Box::new("the body"))
            });
            let _error = group.await;
        });
        assert!(matches!(owner.await, Err(JoinError::Panicked(panic)) if panic.message() == "the body"));
        assert_eq!(trace.take(), "child");
    });
}

#[test]
fn the_panic_of_a_group_that_was_dropped_is_reported() {
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        Loop::current().set_exception_handler(move |_, context| reported.add(context));
        let owner = spawn(TaskGroup::<&str>::scope(async |group| {
            group.spawn(careful(Trace::default(), ""));
            group.spawn::<()>(async { std::panic::resume_unwind(Box::new("unheard")) });
            Ok(())
        }));
        turns(3).await;
        owner.cancel("enough");
        assert!(owner.await.is_err());
        assert_eq!(trace.take(), "a panic in a group that nobody got: unheard");
    });
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new("dropped"));
    }
}

#[test]
fn destructors_that_panic_are_reported_and_every_child_still_ends_first() {
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        Loop::current().set_exception_handler(move |_, _| reported.add("reported"));
        let group = TaskGroup::<Bomb>::scope(async |group| {
            // Its value, which nobody takes; its error, which the panic supersedes; what the cancelled body holds.
            group.spawn(async { Ok(Bomb) });
            let sibling = careful(trace.clone(), "sibling");
            group.spawn(async move { sibling.await.map_err(|_| Bomb) });
            let _held = Bomb;
            group.spawn::<()>(async {
                turns(2).await;
                Err(Bomb)
            });
            group.spawn::<()>(async {
                turns(2).await;
                std::panic::resume_unwind(Box::new("the panic"))
            });
            pending::<Result<(), _>>().await
        });
        let caught = words_of_panic(group).await;
        assert_eq!(caught, "the panic");
        // At the end the error that the panic supersedes: that nobody got it, and its destructor.
        assert_eq!(trace.take(), "reported reported sibling reported reported");
    });
}

/// The words of the panic that `future` ends with.
async fn words_of_panic<T: 'static>(future: impl Future<Output = T>) -> String {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| match core_loop::contract::Panic::catch(|| future.as_mut().poll(cx)) {
        Ok(std::task::Poll::Pending) => std::task::Poll::Pending,
        Ok(std::task::Poll::Ready(_)) => panic!("it ended without a panic"),
        Err(panic) => std::task::Poll::Ready(panic.message().to_owned()),
    })
    .await
}

#[test]
fn a_waker_that_panics_does_not_keep_a_group_from_its_end() {
    struct Refuses;
    impl std::task::Wake for Refuses {
        fn wake(self: std::sync::Arc<Self>) {
            std::panic::resume_unwind(Box::new("the waker"));
        }
    }
    run(async {
        let trace = Trace::default();
        let reported = trace.clone();
        Loop::current().set_exception_handler(move |_, _| reported.add("reported"));
        let outcome: Outcome = TaskGroup::scope(async |group| {
            let mut child = group.spawn(async { Ok(()) });
            let waker = std::task::Waker::from(std::sync::Arc::new(Refuses));
            let polled = std::pin::Pin::new(&mut child).poll(&mut std::task::Context::from_waker(&waker));
            assert!(polled.is_pending());
            turns(3).await;
            assert!(child.done());
            Ok(())
        })
        .await;
        assert_eq!((outcome, trace.take().as_str()), (Ok(()), "reported"));
    });
}
