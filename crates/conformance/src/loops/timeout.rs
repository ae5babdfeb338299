//! `timeout`: only so much time.

use super::{Loops, NEVER, Trace, asked, here, interrupted, requests, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use core_loop::{
    Elapsed, JoinError, TaskGroup, TimeoutScope, cancellable, current_task, finally, sleep, spawn,
    spawn_cooperative, timeout, timeout_at, timeout_scope, timeout_scope_cooperative,
};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use sync_primitives::Event;

const MS: Duration = Duration::from_millis(1);

pub(super) fn expires(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let guard = trace.on_drop("the body was dropped");
        let body = async move {
            let _guard = guard;
            pending::<()>().await;
        };
        same("a body that never ends", timeout(MS * 2, body).await, Err(Elapsed))?;
        same("what happened to it", trace.seen(), ["the body was dropped"])?;
        // The task around it was not cancelled.
        turns(2).await;
        Ok(())
    })
}

pub(super) fn absolute_none_and_unused(subject: &Subject<Loops>) -> Verdict {
    subject.run_watched(async |log| {
        let output = timeout(NEVER, async {
            turns(2).await;
            5
        });
        same("a body that is faster", output.await, Ok(5))?;
        same("a body without a bound", timeout(Duration::MAX, turns(2)).await, Ok(()))?;
        let unbound = timeout_scope(NEVER, async |scope| scope.reschedule(None).is_ok());
        same("a bound that is taken away", unbound.await, Ok(true))?;
        let when = async |scope: TimeoutScope| scope.when();
        same("a scope without a bound", timeout_scope(None, when).await, Ok(None))?;
        let later = here().time() + NEVER;
        same("a scope that ends at a time", timeout_scope(later, when).await, Ok(Some(later)))?;
        let bound_later = timeout_scope(None, async |scope| {
            let moved = scope.reschedule(MS * 2);
            pending::<()>().await;
            moved.is_ok()
        });
        same("a bound that comes later", bound_later.await, Err(Elapsed))?;
        let soon = here().time() + MS * 2;
        let body = async |_| pending::<()>().await;
        same("a scope that a time is too early for", timeout_scope(soon, body).await, Err(Elapsed))?;
        let soon = here().time() + MS * 2;
        same("a body that a time is too early for", timeout_at(soon, pending::<()>()).await, Err(Elapsed))?;
        log.take_armed();
        // The loop falls asleep once more, and would arm what is left.
        let event = Arc::new(Event::new());
        let (set, outside) = (event.clone(), core_loop::outside());
        std::thread::spawn(move || {
            let _outside = outside;
            std::thread::sleep(MS * 5);
            set.set();
        });
        event.wait().await;
        same("timers left by timeouts that were not needed", log.take_armed().len(), 0)
    })
}

pub(super) fn past_deadline_needs_a_yield(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        same("no time, a body without awaits", timeout(Duration::ZERO, async { 1 }).await, Ok(1))?;
        same("no time, a body that yields once", timeout(Duration::ZERO, turns(1)).await, Err(Elapsed))?;
        let past = here().time();
        same("a time that is past, a body without awaits", timeout_at(past, async { 1 }).await, Ok(1))?;
        same("a time that is past, a body that yields once", timeout_at(past, turns(1)).await, Err(Elapsed))?;
        let scope = timeout_scope(Duration::ZERO, async |scope| scope.expired());
        same("no time, whether a scope without awaits expires", scope.await, Ok(false))?;
        same(
            "no time, a scope that yields once",
            timeout_scope(Duration::ZERO, async |_| turns(1).await).await,
            Err(Elapsed),
        )
    })
}

/// Times from short to long: what must happen within one of them is tried again in the next, should the machine be slow.
const PATIENCE: [Duration; 5] = [
    Duration::from_millis(20),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(25),
];

pub(super) fn inner_expiry_stays_inner(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        for patience in PATIENCE {
            let outcome = timeout(patience, async {
                trace.note(timeout(MS * 2, pending::<()>()).await);
                pending::<()>().await;
            });
            same("the outer timeout", outcome.await, Err(Elapsed))?;
            if !trace.seen().is_empty() {
                break;
            }
        }
        same("the inner timeout", trace.seen(), [Err(Elapsed)])
    })
}

pub(super) fn same_deadline_outer_wins(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let outcome = timeout(MS * 2, async {
            // Both deadlines are over when the loop looks at them next.
            let blocking = subject.clone();
            here().call_soon(move || blocking.let_time_pass(MS * 10));
            let inner = timeout(MS * 2, pending::<()>()).await;
            trace.note(inner);
        });
        same("the outer timeout", outcome.await, Err(Elapsed))?;
        same("what the inner timeout said", trace.seen(), [Ok(()); 0])?;
        asked(async move {
            let outcome = timeout_scope_cooperative(NEVER, async |outer| {
                let inner = timeout_scope_cooperative(NEVER, async |inner| {
                    let past = Some(here().time());
                    let moved = outer.reschedule(past).and(inner.reschedule(past)).is_ok();
                    let cancelled = interrupted().await;
                    trace.note(if moved && outer.expired() && inner.expired() {
                        Err(Elapsed)
                    } else {
                        Ok(())
                    });
                    Err::<(), _>(cancelled)
                });
                trace.note(inner.await?);
                Ok(())
            });
            let outcome = outcome.await?;
            Ok(same("the outer of two that ask", outcome, Err(Elapsed))
                .and_then(|()| same("that both have expired, and nothing else", trace.seen(), [Err(Elapsed)]))
                .and_then(|()| same("the requests that are left", requests(), 0)))
        })
        .await
    })
}

pub(super) fn completion_in_same_tick_loses(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let event = Rc::new(Event::new());
        let (set, blocking) = (event.clone(), subject.clone());
        here().call_soon(move || {
            blocking.let_time_pass(MS * 10);
            set.set();
        });
        same(
            "a body that is ready when the deadline is over",
            timeout(MS * 2, event.wait()).await,
            Err(Elapsed),
        )
    })
}

pub(super) fn external_cancel_stays_cancel(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let said = trace.clone();
        let task = spawn(async move { said.note(timeout(NEVER, pending::<()>()).await) });
        turns(2).await;
        task.cancel("from outside");
        cancelled_from_outside(task.await)?;
        same("what the timeout said", trace.seen(), [Ok(()); 0])
    })
}

pub(super) fn external_cancel_plus_deadline(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let asks = Trace::new();
        let told = asks.clone();
        let task = spawn_cooperative(async move {
            let outcome = timeout_scope_cooperative(NEVER, async |scope| {
                let moved = scope.reschedule(Some(here().time())).is_ok();
                if let Some(me) = current_task() {
                    me.cancel("from outside");
                }
                // Both are there when the first one is taken.
                turns(3).await;
                let cancelled = interrupted().await;
                told.note((moved && scope.expired(), requests()));
                Err::<(), _>(cancelled)
            })
            .await;
            told.note((outcome.is_err(), requests()));
            outcome.map(drop)
        });
        let outcome = task.await;
        let cancelled = matches!(outcome, Err(JoinError::Cancelled(_)));
        ensure(cancelled, format!("a task whose scope asks gave {outcome:?}"))?;
        same("the requests inside, and the one that is left", asks.seen(), [(true, 2), (true, 1)])?;
        let trace = Trace::new();
        for patience in PATIENCE {
            let said = trace.clone();
            let task = spawn(async move { said.note(timeout(patience, pending::<()>()).await) });
            turns(2).await;
            // The deadline is over as well when the task runs next.
            subject.let_time_pass(patience);
            if task.cancel("from outside") {
                cancelled_from_outside(task.await)?;
                return same("what the timeout said", trace.seen(), [Ok(()); 0]);
            }
            trace.clear();
        }
        Err(Miss::Skip("this machine is too slow: the deadline was always seen before the cancel".to_owned()))
    })
}

fn cancelled_from_outside(outcome: Result<(), JoinError>) -> Verdict {
    match outcome {
        Err(JoinError::Cancelled(reason)) => same("the reason", reason.as_str(), "from outside"),
        other => Err(Miss::Fail(format!("a cancelled task gave {other:?}"))),
    }
}

pub(super) fn other_error_wins(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let failing = timeout(NEVER, async {
            turns(2).await;
            Err::<(), _>("another error")
        });
        same("a body that fails", failing.await, Ok(Err("another error")))?;
        let panicking = spawn(timeout(NEVER, async { super::quiet_panic("no luck") })).await;
        ensure(
            matches!(&panicking, Err(JoinError::Panicked(panic)) if panic.message() == "no luck"),
            format!("a body that panics gave {panicking:?}"),
        )
    })
}

pub(super) fn reschedule(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        for later in [Some(here().time() + NEVER), None] {
            let scope = timeout_scope(MS * 2, async |scope| {
                let moved = scope.reschedule(later).is_ok();
                sleep(MS * 10).await;
                (moved, scope.when() == later, scope.expired())
            });
            same("moved later, or away", scope.await, Ok((true, true, false)))?;
        }
        let past = here().time();
        let scope = timeout_scope(NEVER, async |scope| {
            scope.reschedule(Some(past))?;
            turns(1).await;
            Ok::<_, core_loop::InvalidState>("not dropped at its next await")
        });
        match scope.await {
            Err(Elapsed) => Ok(()),
            other => Err(Miss::Fail(format!("moved into the past it gave {other:?}"))),
        }
    })
}

pub(super) fn state_errors(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let told = trace.clone();
        let scope = timeout_scope(MS * 2, async |scope| {
            finally(
                (scope, told),
                async |_: &mut (TimeoutScope, Trace<_>)| pending::<()>().await,
                async |(scope, told): (TimeoutScope, Trace<_>)| {
                    turns(1).await;
                    told.note((scope.reschedule(None).is_err(), scope.expired()));
                },
            )
            .await;
        });
        same("the scope", scope.await, Err(Elapsed))?;
        same("refused, and expired, while it expires", trace.seen(), [(true, true)])?;
        let ended = timeout_scope(NEVER, async |scope| scope).await?;
        ensure(ended.reschedule(None).is_err(), "a scope that has ended was rescheduled")?;
        same("whether a scope that ended in time has expired", ended.expired(), false)
    })
}

pub(super) fn swallowed_cancel_no_error(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        asked(async {
            let outcome = timeout_scope_cooperative(MS * 2, async |scope: TimeoutScope| {
                let _cancelled = interrupted().await;
                let counted = requests();
                cancellable(turns(2)).await?;
                Ok((scope, counted))
            });
            let outcome = outcome.await?;
            cancellable(turns(1)).await?;
            let Ok((scope, counted)) = outcome else {
                return Ok(Err(Miss::Fail("a body that swallows the request is too late".to_owned())));
            };
            Ok(same("whether it has expired", scope.expired(), true)
                .and_then(|()| same("the requests inside, and afterwards", (counted, requests()), (1, 0))))
        })
        .await
    })
}

pub(super) fn works_after_handled_cancel(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let told = trace.clone();
        let task = spawn_cooperative(async move {
            let first = interrupted().await;
            let late = timeout_scope_cooperative(MS * 2, async |_| Err::<(), _>(interrupted().await));
            told.note((late.await? == Err(Elapsed), requests()));
            let again = timeout_scope_cooperative(NEVER, async |_| {
                if let Some(me) = current_task() {
                    me.cancel("again");
                }
                Err::<(), _>(interrupted().await)
            });
            told.note((again.await.is_err(), requests()));
            Err::<(), _>(first)
        });
        turns(2).await;
        task.cancel("from outside");
        cancelled_from_outside(task.await)?;
        same("a deadline, then a cancel, and the requests after each", trace.seen(), [(true, 1), (true, 2)])
    })
}

pub(super) fn around_group(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        asked(async {
            let outcome = timeout_scope_cooperative(MS * 2, async |_| {
                TaskGroup::scope_cooperative(async |group| {
                    group.spawn_cooperative(async {
                        let _cancelled = interrupted().await;
                        turns(2).await;
                        Ok(Err::<(), _>("in the clean-up"))
                    });
                    Err::<Result<(), _>, _>(interrupted().await)
                })
                .await
            });
            let outcome = outcome.await?;
            cancellable(turns(1)).await?;
            Ok(match outcome {
                Ok(Err(error)) => {
                    same("the group's errors", error.into_iter().collect::<Vec<_>>(), ["in the clean-up"])
                }
                other => Err(Miss::Fail(format!("the scope gave {other:?}"))),
            }
            .and_then(|()| same("the requests that are left", requests(), 0)))
        })
        .await
    })
}
