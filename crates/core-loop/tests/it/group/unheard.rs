//! What children fail with when nobody awaits their group any more: the exception handler hears of it.

use super::{careful, fails, turns};
use crate::run;
use crate::trace::Trace;
use core_loop::{Loop, ScopedGroup, TaskGroup, cancellable, spawn};
use std::future::pending;

/// What the exception handler is told from now on: the error, if it can be downcast, or the words.
fn told() -> Trace {
    let trace = Trace::default();
    let told = trace.clone();
    Loop::current().set_exception_handler(move |_, context| {
        match context.error.and_then(|error| error.downcast_ref::<&str>()) {
            Some(error) => told.add(error),
            None => told.add(context),
        }
    });
    trace
}

#[test]
fn what_a_child_fails_with_while_its_dropped_group_cleans_up_is_told_to_the_exception_handler() {
    run(async {
        let told = told();
        let owner = spawn(TaskGroup::scope(async |group| {
            group.spawn_cooperative(async {
                cancellable(pending::<()>()).await.expect_err("it is cancelled");
                turns(2).await;
                Ok(Err::<(), _>("in-the-clean-up"))
            });
            pending::<Result<(), &str>>().await
        }));
        turns(3).await;
        owner.cancel("enough");
        assert!(owner.await.is_err());
        assert_eq!(told.take(), "in-the-clean-up");
    });
}

/// Drops a group whose children have failed while its body cleans up.
async fn drop_while_it_ends<T>(group: impl Future<Output = T>) {
    let mut group = Box::pin(group);
    for _ in 0..4 {
        std::future::poll_fn(|cx| {
            assert!(group.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        turns(1).await;
    }
}

#[test]
fn what_had_failed_before_the_group_was_dropped_is_told_too_in_order() {
    run(async {
        let told = told();
        drop_while_it_ends(TaskGroup::scope(async |group| {
            group.spawn(fails(1, "first"));
            group.spawn(fails(1, "second"));
            careful(Trace::default(), "body").await
        }))
        .await;
        assert_eq!(told.take(), "first second");
    });
}

#[test]
fn of_an_error_that_borrows_the_type_is_told() {
    run(async {
        let told = told();
        let words = String::from("borrowed");
        drop_while_it_ends(ScopedGroup::<&String>::scope(async |group| {
            group.spawn(async {
                turns(1).await;
                Err::<(), _>(&words)
            });
            careful(Trace::default(), "body").await.map_err(|_| &words)
        }))
        .await;
        let told = told.take();
        assert!(
            told.starts_with("an error in a group that nobody got, a `&alloc::string::String`"),
            "{told}"
        );
    });
}

#[test]
fn errors_beside_a_panic_are_told_too() {
    run(async {
        let told = told();
        let owner = spawn(TaskGroup::scope(async |group| {
            group.spawn(fails(1, "beside-it"));
            group.spawn(async {
                turns(1).await;
                std::panic::resume_unwind(Box::new("worse"));
                #[expect(unreachable_code, reason = "says what it would give")]
                Ok(())
            });
            pending::<Result<(), &str>>().await
        }));
        assert!(owner.await.is_err());
        assert_eq!(told.take(), "beside-it");
    });
}
