//! Groups whose children borrow.

use super::{careful, fails, turns};
use crate::run;
use crate::trace::Trace;
use core_loop::{ChildError, GroupError, JoinError, ScopedGroup, spawn, timeout, yield_now};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

type Outcome<T = ()> = Result<T, GroupError<&'static str>>;

#[test]
fn children_borrow_from_their_caller_also_to_write() {
    run(async {
        let (words, mut sums) = (vec!["one".to_owned(), "three".to_owned()], [0; 2]);
        let outcome: Outcome<_> = ScopedGroup::scope(async |group| {
            for (word, sum) in words.iter().zip(&mut sums) {
                group.spawn(async move {
                    turns(2).await;
                    *sum += word.len();
                    Ok(())
                });
            }
            Ok(words.len())
        })
        .await;
        assert_eq!((outcome, sums), (Ok(2), [3, 5]));
    });
}

#[test]
fn only_those_that_were_woken_are_polled() {
    run(async {
        let polls = Cell::new(0);
        let outcome: Outcome = ScopedGroup::scope(async |group| {
            for _ in 0..100 {
                group.spawn::<()>(poll_fn(|_| {
                    polls.set(polls.get() + 1);
                    Poll::Pending
                }));
            }
            turns(50).await;
            assert_eq!(polls.get(), 100, "each once");
            group.cancel("seen enough");
            Ok(())
        })
        .await;
        assert_eq!((outcome, polls.get()), (Ok(()), 100));
    });
}

#[test]
fn a_failure_drops_the_siblings_and_the_body_and_waits_for_their_clean_ups() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome = ScopedGroup::scope(async |group| {
            let sibling = group.spawn(careful(trace.clone(), "sibling"));
            group.spawn(fails(1, "first"));
            group.spawn(fails(1, "second"));
            group.spawn(fails(2, "late"));
            drop(sibling);
            careful(trace.clone(), "body").await
        })
        .await;
        let error = outcome.expect_err("children failed");
        assert_eq!(error.into_iter().collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!(trace.take(), "body sibling");
    });
}

#[test]
fn a_child_that_is_cancelled_is_dropped_and_its_clean_up_waited_for() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome<_> = ScopedGroup::scope(async |group| {
            let child = group.spawn(careful(trace.clone(), "child"));
            turns(1).await;
            assert!(child.cancel("just this one") && child.cancel("again"));
            let outcome = child.await;
            trace.add("body");
            Ok(outcome)
        })
        .await;
        assert_eq!(outcome, Ok(Err(ChildError::Cancelled("just this one".into()))));
        assert_eq!(trace.take(), "child body");
    });
}

#[test]
fn a_child_that_cancels_itself_in_its_last_poll_is_cancelled() {
    run(async {
        let outcome: Outcome<_> = ScopedGroup::scope(async |group| {
            let own = std::rc::Rc::new(std::cell::RefCell::new(None::<core_loop::ScopedChild<()>>));
            let inside = own.clone();
            let child = group.spawn(async move {
                if let Some(own) = &*inside.borrow() {
                    own.cancel("myself");
                }
                Ok(())
            });
            own.replace(Some(child));
            turns(2).await;
            let child = own.take().expect("it was put there");
            Ok(child.await)
        })
        .await;
        assert_eq!(outcome, Ok(Err(ChildError::Cancelled("myself".into()))));
    });
}

#[test]
fn a_dropped_scope_drops_body_and_children_at_once_and_its_task_cleans_up() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let owner = spawn(async move {
            let borrowed = inside.clone();
            let group = ScopedGroup::<&str>::scope(async |group| {
                let guards = [borrowed.on_drop("first"), borrowed.on_drop("second")];
                for guard in guards {
                    let again = group.clone();
                    group.spawn(async move {
                        let _guard = (guard, again);
                        pending::<Result<(), _>>().await
                    });
                }
                group.spawn(careful(borrowed.clone(), "cleaned up"));
                let _guard = borrowed.on_drop("body");
                pending::<Result<(), _>>().await
            });
            drop(timeout(Duration::from_secs(3600), group).await);
        });
        turns(3).await;
        owner.cancel("enough");
        assert!(matches!(owner.await, Err(JoinError::Cancelled(_))));
        assert_eq!(trace.take(), "body first second cleaned up");
    });
}

#[test]
fn a_panic_goes_on_when_all_have_ended() {
    run(async {
        let trace = Trace::default();
        let inside = trace.clone();
        let owner = spawn(async move {
            ScopedGroup::<&str>::scope(async |group| {
                group.spawn(careful(inside.clone(), "sibling"));
                group.spawn::<()>(async {
                    turns(1).await;
                    std::panic::resume_unwind(Box::new("no luck"))
                });
                Ok(())
            })
            .await
        });
        assert!(matches!(owner.await, Err(JoinError::Panicked(panic)) if panic.message() == "no luck"));
        assert_eq!(trace.take(), "sibling");
    });
}

#[test]
fn children_may_add_siblings_and_await_them() {
    run(async {
        let words = ["a", "bc"];
        let outcome: Outcome<_> = ScopedGroup::scope(async |group| {
            let (again, words) = (group.clone(), &words);
            let child = group.spawn(async move {
                let grandchildren = words.map(|word| again.spawn(async move { Ok(word.len()) }));
                let mut sum = 0;
                for grandchild in grandchildren {
                    sum += grandchild.await.map_err(|_| "cancelled")?;
                }
                Ok(sum)
            });
            Ok(child.await)
        })
        .await;
        assert_eq!(outcome, Ok(Ok(3)));
    });
}

#[test]
fn a_group_that_has_ended_takes_no_children() {
    run(async {
        let group = ScopedGroup::<&str>::scope(async |group| Ok(group.clone())).await.expect("nobody fails");
        assert!(group.try_spawn(async { Ok(()) }).expect_err("it has ended").ended);
        assert!(matches!(group.spawn(async { Ok(()) }).await, Err(ChildError::Cancelled(_))));
    });
}

#[test]
fn a_scoped_group_needs_no_loop() {
    let words = [String::from("no"), String::from("loop")];
    let mut group = pin!(ScopedGroup::<&str>::scope(async |group| {
        let lengths = words.each_ref().map(|word| {
            group.spawn(async move {
                yield_now().await;
                Ok(word.len())
            })
        });
        group.spawn(async {
            turns(3).await;
            Err::<(), _>("later")
        });
        let [first, second] = lengths;
        assert_eq!((first.await, second.await), (Ok(2), Ok(4)));
        pending::<Result<(), _>>().await
    }));
    let cx = &mut Context::from_waker(Waker::noop());
    let error = loop {
        if let Poll::Ready(outcome) = group.as_mut().poll(cx) {
            break outcome.expect_err("a child failed");
        }
    };
    assert_eq!(error.first, "later");
}

#[test]
fn a_scope_that_is_leaked_leaks_its_children_and_nothing_else() {
    let alive = std::rc::Rc::new(());
    run(async {
        let mut group = Box::pin(ScopedGroup::<&str>::scope(async |group| {
            let held = alive.clone();
            group.spawn(async move {
                let _held = held;
                pending::<Result<(), _>>().await
            });
            Ok(())
        }));
        assert!(group.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        std::mem::forget(group);
        turns(3).await;
    });
    assert_eq!(std::rc::Rc::strong_count(&alive), 2, "nobody dropped what the leaked child holds");
}
