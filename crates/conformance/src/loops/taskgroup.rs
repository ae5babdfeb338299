//! `taskgroup`: children that end before whoever started them goes on.

use super::{Loops, Trace, asked, interrupted, quiet_panic, requests, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use core_loop::{
    Cancelled, ChildError, Elapsed, GroupError, JoinError, ReturnWhen, TaskGroup, as_completed, cancellable,
    current_task, finally, spawn, spawn_cooperative, wait, wait_for,
};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

type Failure = &'static str;
type Log = Trace<&'static str>;

/// Waits for ever; cancelled, it cleans up for three turns and notes `name`.
async fn careful(trace: Log, name: &'static str) -> Result<(), Failure> {
    finally(
        trace,
        async |_: &mut Log| pending().await,
        async move |trace: Log| {
            turns(3).await;
            trace.note(name);
        },
    )
    .await
}

async fn fails(after: usize, failure: Failure) -> Result<(), Failure> {
    turns(after).await;
    Err(failure)
}

/// That a group failed, and with what.
fn failed<T>(outcome: Result<T, GroupError<Failure>>, wanted: &[Failure]) -> Verdict {
    match outcome {
        Err(error) => same("what the group failed with", error.into_iter().collect::<Vec<_>>(), wanted),
        Ok(_) => Err(Miss::Fail("the group did not fail".to_owned())),
    }
}

pub(super) fn waits_for_all(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let group = TaskGroup::<Failure>::scope(async |group| {
            let child = |name, count| {
                let trace = trace.clone();
                group.spawn(async move {
                    turns(count).await;
                    trace.note(name);
                    Ok(count)
                })
            };
            let children = (child("slow", 4), child("fast", 2));
            trace.note("body");
            Ok(children)
        });
        let (slow, fast) = group.await?;
        same("the order of ending", trace.seen(), ["body", "fast", "slow"])?;
        same("the results", (slow.await?, fast.await?), (4, 2))
    })
}

pub(super) fn child_error_sequence(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let group = TaskGroup::scope(async |group| {
            group.spawn(careful(trace.clone(), "the first sibling"));
            group.spawn(fails(2, "no luck"));
            group.spawn(careful(trace.clone(), "the second sibling"));
            careful(trace.clone(), "the body").await
        });
        failed(group.await, &["no luck"])?;
        let mut seen = trace.seen();
        seen.sort_unstable();
        same("the clean-ups", seen, ["the body", "the first sibling", "the second sibling"])?;
        // The task around it was not cancelled.
        turns(2).await;
        let together = TaskGroup::<Failure>::scope(async |group| {
            group.spawn(fails(1, "first"));
            group.spawn(fails(1, "second"));
            pending::<Result<(), _>>().await
        });
        failed(together.await, &["first", "second"])
    })
}

pub(super) fn body_error_wrapped(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let group = TaskGroup::scope(async |group| {
            group.spawn(careful(trace.clone(), "the child"));
            fails(2, "the body").await
        });
        failed(group.await, &["the body"])?;
        same("the clean-ups", trace.seen(), ["the child"])
    })
}

pub(super) fn self_cancelled_child_is_no_error(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let group = TaskGroup::<Failure>::scope(async |group| {
            let (one, other) = (group.spawn(pending::<Result<(), _>>()), group.spawn(async { Ok(5) }));
            turns(1).await;
            one.cancel("just this one");
            Ok((one, other))
        });
        let (one, other) = group.await?;
        same("the cancelled child", one.await, Err(ChildError::Cancelled("just this one".into())))?;
        same("the other child", other.await, Ok(5))
    })
}

pub(super) fn external_cancel(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        for in_body in [true, false] {
            let trace = Trace::new();
            let inside = trace.clone();
            let owner = spawn(TaskGroup::scope(async move |group| {
                group.spawn(careful(inside.clone(), "the child"));
                if in_body { careful(inside, "the body").await } else { Ok(()) }
            }));
            turns(3).await;
            owner.cancel("enough");
            let outcome = owner.await;
            let cancelled =
                matches!(&outcome, Err(JoinError::Cancelled(reason)) if reason.as_str() == "enough");
            ensure(cancelled, format!("the owner gave {outcome:?}"))?;
            let wanted: &[_] = if in_body { &["the body", "the child"] } else { &["the child"] };
            same("the clean-ups that had ended by then", trace.seen(), wanted)?;
        }
        Ok(())
    })
}

pub(super) fn nested_error_shape(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let outer = TaskGroup::<GroupError<Failure>>::scope(async |_| {
            TaskGroup::scope(async |inner| {
                inner.spawn(fails(1, "deep down"));
                Ok(())
            })
            .await
        });
        match outer.await {
            Err(error) => same("the errors within the outer one", error.rest.len(), 0)
                .and_then(|()| failed(Err::<(), _>(error.first), &["deep down"])),
            Ok(()) => Err(Miss::Fail("the outer group did not fail".to_owned())),
        }
    })
}

pub(super) fn outer_child_failure_cancels_inner_group(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let outer = TaskGroup::scope(async |outer| {
            outer.spawn(fails(2, "the outer child"));
            let inner = TaskGroup::scope(async |inner| {
                inner.spawn(careful(trace.clone(), "the inner child"));
                pending::<Result<(), Failure>>().await
            });
            inner.await.map_err(|_| "the inner group")
        });
        failed(outer.await, &["the outer child"])?;
        same("the clean-ups", trace.seen(), ["the inner child"])
    })
}

pub(super) fn children_may_add_children(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let group = TaskGroup::<Failure>::scope(async |group| {
            let (again, inside) = (group.clone(), trace.clone());
            group.spawn(async move {
                turns(2).await;
                again.spawn(async move {
                    turns(3).await;
                    inside.note("the grandchild");
                    Ok(())
                });
                Ok(())
            });
            Ok(())
        });
        group.await?;
        same("what had ended by then", trace.seen(), ["the grandchild"])
    })
}

pub(super) fn closed_to_new_children(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let refused = |group: &TaskGroup<Failure>, ended| {
            let (ran, guard) = (trace.clone(), trace.on_drop("dropped"));
            let closed = group.try_spawn(async move {
                let _guard = guard;
                ran.note("ran");
                Ok(())
            });
            let Err(closed) = closed else { return Err(Miss::Fail("the child was taken".to_owned())) };
            same("whether the group has ended", closed.ended, ended)
        };
        let kept = Rc::new(std::cell::OnceCell::new());
        let group = TaskGroup::scope(async |group| {
            let _ = kept.set(group.clone());
            // Spawns while the group is being shut down: in its clean-up.
            let again = group.clone();
            group.spawn(finally(
                trace.clone(),
                async |_: &mut Log| pending::<Result<(), Failure>>().await,
                async move |trace: Log| {
                    let late = again.spawn(async { Ok(()) }).await;
                    trace.note(if matches!(late, Err(ChildError::Cancelled(_))) {
                        "refused"
                    } else {
                        "taken"
                    });
                },
            ));
            fails(2, "the body").await
        });
        failed(group.await, &["the body"])?;
        same("a spawn while it shuts down", trace.seen(), ["refused"])?;
        trace.clear();
        let Some(group) = kept.get() else { return Err(Miss::Fail("the body never ran".to_owned())) };
        refused(group, true)?;
        turns(2).await;
        same("what became of the refused child", trace.seen(), ["dropped"])
    })
}

pub(super) fn finished_children_released(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let value = Rc::new(());
        let group = TaskGroup::<Failure>::scope(async |group| {
            for _ in 0..100 {
                let child = value.clone();
                group.spawn(async move { Ok(child) });
                turns(3).await;
                same("holders of what ended children gave", Rc::strong_count(&value), 1)
                    .map_err(|_| "kept")?;
            }
            Ok(())
        });
        Ok(group.await?)
    })
}

pub(super) fn panic_like_error_bypasses_group(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        for in_body in [true, false] {
            let trace = Trace::new();
            let inside = trace.clone();
            let owner = spawn(TaskGroup::<Failure>::scope(async move |group| {
                group.spawn(careful(inside.clone(), "the sibling"));
                let panics = async {
                    turns(2).await;
                    quiet_panic("no luck");
                    Ok(())
                };
                if in_body {
                    return panics.await;
                }
                group.spawn(panics);
                Ok(())
            }));
            let outcome = owner.await;
            let panicked =
                matches!(&outcome, Err(JoinError::Panicked(panic)) if panic.message() == "no luck");
            ensure(panicked, format!("the owner gave {outcome:?}"))?;
            same("the clean-ups that had ended by then", trace.seen(), ["the sibling"])?;
        }
        Ok(())
    })
}

pub(super) fn body_error_during_abort_added(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        asked(async {
            let trace = Trace::new();
            let outcome = TaskGroup::scope_cooperative(async |group| {
                group.spawn(careful(trace.clone(), "the sibling"));
                group.spawn(fails(2, "the child"));
                let _cancelled = interrupted().await;
                turns(2).await;
                trace.note("the body");
                Ok(Err::<(), _>("the body"))
            })
            .await?;
            let mut seen = trace.seen();
            seen.sort_unstable();
            let verdict = failed(outcome, &["the child", "the body"])
                .and_then(|()| same("the clean-ups", seen, ["the body", "the sibling"]))
                .and_then(|()| same("the requests that are left", requests(), 0));
            // The task around it is not cancelled.
            cancellable(turns(2)).await?;
            Ok(verdict)
        })
        .await
    })
}

pub(super) fn external_cancel_plus_child_error(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        for in_body in [true, false] {
            let trace = Trace::new();
            let told = trace.clone();
            let owner = spawn_cooperative(async move {
                let outcome = TaskGroup::scope_cooperative(async |group| {
                    group.spawn_cooperative(async {
                        let _cancelled = interrupted().await;
                        turns(2).await;
                        Ok(Err::<(), _>("in the clean-up"))
                    });
                    if in_body { Err::<Result<(), _>, _>(interrupted().await) } else { Ok(Ok(())) }
                })
                .await?;
                told.note((failed(outcome, &["in the clean-up"]).is_ok(), requests()));
                cancellable(turns(1)).await?;
                told.note((false, requests()));
                Ok(())
            });
            turns(3).await;
            owner.cancel("enough");
            let outcome = owner.await;
            let cancelled =
                matches!(&outcome, Err(JoinError::Cancelled(reason)) if reason.as_str() == "enough");
            ensure(cancelled, format!("the owner gave {outcome:?}"))?;
            same("whether the group failed, and the requests after it", trace.seen(), [(true, 1)])?;
        }
        Ok(())
    })
}

pub(super) fn nested_both_fail_same_tick(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        asked(async {
            let trace = Trace::new();
            let outer = TaskGroup::scope_cooperative(async |outer| {
                outer.spawn(fails(2, "the outer child"));
                let inner = TaskGroup::scope_cooperative(async |inner| {
                    inner.spawn(fails(2, "the inner child"));
                    Err::<Result<(), _>, _>(interrupted().await)
                })
                .await?;
                trace.note((failed(inner, &["the inner child"]).is_ok(), requests()));
                // Goes no further: the outer group has asked, too.
                cancellable(turns(1)).await?;
                trace.note((false, requests()));
                Ok(Ok(()))
            })
            .await?;
            Ok(failed(outer, &["the outer child"])
                .and_then(|()| {
                    same("the inner group's error, and the requests after it", trace.seen(), [(true, 1)])
                })
                .and_then(|()| same("the requests that are left", requests(), 0)))
        })
        .await
    })
}

pub(super) fn cancel_method(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        for from_a_child in [true, false] {
            asked(cancelled_by_its_handle(from_a_child)).await?;
        }
        // A body that cannot be asked goes on: it has to give the value.
        let trace = Trace::new();
        let group = TaskGroup::<Failure>::scope(async |group| {
            group.spawn(careful(trace.clone(), "the child"));
            turns(1).await;
            group.cancel("served");
            turns(1).await;
            Ok("the value")
        });
        same("the value of a body that goes on", group.await?, "the value")?;
        same("the clean-ups", trace.seen(), ["the child"])?;
        let meets = spawn_cooperative(async {
            let group = TaskGroup::<Failure>::scope_cooperative(async |group| {
                group.cancel("of the group");
                if let Some(task) = current_task() {
                    task.cancel("of the task");
                }
                Err::<Result<(), _>, _>(interrupted().await)
            });
            Ok((group.await.is_err(), requests()))
        });
        same("a cancel from outside that comes meanwhile", meets.await?, (true, 1))
    })
}

async fn cancelled_by_its_handle(from_a_child: bool) -> Result<Verdict, Cancelled> {
    let trace = Trace::new();
    let outcome = TaskGroup::<Failure>::scope_cooperative(async |group| {
        group.spawn(careful(trace.clone(), "the child"));
        turns(1).await;
        let again = group.clone();
        let cancel = move || {
            again.cancel("served");
            again.cancel("twice");
        };
        if from_a_child {
            group.spawn(async move {
                cancel();
                Ok(())
            });
        } else {
            cancel();
        }
        Ok(Ok(interrupted().await.reason().to_string()))
    })
    .await?;
    cancellable(turns(1)).await?;
    Ok(match outcome {
        Ok(reason) => same("why the body was asked to end", reason.as_str(), "served"),
        Err(error) => Err(Miss::Fail(format!("a cancel counts as a failure: {error}"))),
    }
    .and_then(|()| same("the clean-ups", trace.seen(), ["the child"]))
    .and_then(|()| same("the requests that are left", requests(), 0)))
}

pub(super) fn children_are_waited_for_as_tasks(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let outcome = TaskGroup::<Failure>::scope(async |group| {
            let mut children = [5, 1, 3].map(|after| {
                group.spawn(async move {
                    turns(after).await;
                    Ok(after)
                })
            });
            let seen = wait(&mut children, ReturnWhen::FIRST_COMPLETED).await;
            let done: Vec<_> = seen.done.iter().map(|child| child.result().and_then(Result::ok)).collect();
            let mut order = Vec::new();
            let first = done == [Some(&1)] && seen.pending.len() == 2;
            let mut coming = as_completed(children);
            while let Some(child) = coming.next().await {
                order.push(child.await.ok());
            }
            let slow = group.spawn(pending::<Result<(), Failure>>());
            let limited = wait_for(Duration::ZERO, slow).await;
            Ok((first, order, limited))
        })
        .await;
        let wanted = (true, vec![Some(1), Some(3), Some(5)], Err(Elapsed));
        same("the first, the order, and one without time", outcome, Ok(wanted))
    })
}

pub(super) fn a_dropped_group_gives_back_the_cancel(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let log = trace.clone();
        let owner = spawn_cooperative(async move {
            let passed_on = Cell::new(false);
            let mut group = Box::pin(TaskGroup::scope_cooperative(async |group| {
                group.spawn(careful(log, "child"));
                let cancelled = interrupted().await;
                passed_on.set(true);
                Err::<Result<(), Failure>, _>(cancelled)
            }));
            poll_fn(|cx| match group.as_mut().poll(cx) {
                Poll::Pending if !passed_on.get() => Poll::Pending,
                _ => Poll::Ready(()),
            })
            .await;
            // The body is over, its child cleans up.
            drop(group);
            Ok((requests(), interrupted().await.reason().to_string()))
        });
        turns(3).await;
        owner.cancel("enough");
        same("the requests, and what the next await hears", owner.await?, (1, "enough".to_owned()))?;
        same("the child", trace.seen(), ["child"])
    })
}
