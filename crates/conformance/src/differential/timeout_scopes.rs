//! `14_timeout_scopes.py`.

use super::{Log, MS, cancelled, py, recorded, replay, scoped, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{InvalidState, Loop, TimeoutScope, finally, sleep, spawn, timeout_scope, yield_now};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn timeout_scopes(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("14_timeout_scopes"), async |log| {
        no_time(&log).await;
        moved(&log).await?;
        one_deadline(&log).await;
        cancelled_from_outside(subject, &log).await;
        refused(&log).await;
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn no_time(log: &Log) {
    let (scope, _) = scoped(Duration::ZERO, async |scope| {
        log.line(format_args!("no time, no await, expired {}", py(scope.expired())));
    })
    .await;
    log.line(format_args!("afterwards {}", py(scope.expired())));
    let (scope, outcome) = scoped(Duration::ZERO, async |_| {
        yield_now().await;
        log.line("NOT REACHED");
    })
    .await;
    if outcome.is_err() {
        log.line(format_args!("no time, one yield: timeout, expired {}", py(scope.expired())));
    }
}

async fn moved(log: &Log) -> Result<(), Miss> {
    let (scope, outcome) = scoped(MS * 20, async |scope| {
        scope.reschedule(None)?;
        log.line(format_args!("when {}", scope.when().map_or("None", |_| "a time")));
        sleep(MS * 40).await;
        Ok::<_, InvalidState>(())
    })
    .await;
    outcome??;
    log.line(format_args!("taken away: expired {}", py(scope.expired())));

    let past = Loop::current().time();
    let (scope, outcome) = scoped(Duration::MAX, async |scope| {
        scope.reschedule(Some(past))?;
        log.line(format_args!("into the past, expired {}", py(scope.expired())));
        sleep(SECOND).await;
        Ok::<_, InvalidState>(())
    })
    .await;
    if outcome.is_err() {
        log.line(format_args!("timeout, expired {}", py(scope.expired())));
    }

    let (scope, outcome) = scoped(MS * 20, async |scope| {
        let later = Loop::current().time() + SECOND * 5;
        Loop::current().call_soon(move || drop(scope.reschedule(Some(later))));
        sleep(MS * 40).await;
    })
    .await;
    outcome?;
    log.line(format_args!("moved by another: expired {}", py(scope.expired())));
    Ok(())
}

async fn one_deadline(log: &Log) {
    let when = Some(Loop::current().time() + MS * 20);
    let seen: Rc<RefCell<Option<TimeoutScope>>> = Rc::default();
    let (outer, outcome) = scoped(SECOND * 5, async |outer| {
        let inner = timeout_scope(SECOND * 5, async |inner| {
            drop((outer.reschedule(when), inner.reschedule(when)));
            seen.replace(Some(inner));
            sleep(SECOND).await;
        });
        if inner.await.is_err() {
            log.line("inner NOT REACHED");
        }
    })
    .await;
    let inner = py(seen.take().is_some_and(|inner| inner.expired()));
    if outcome.is_err() {
        log.line(format_args!("one deadline: outer timeout, expired {} {inner}", py(outer.expired())));
    }
}

async fn cancelled_from_outside(subject: &Subject<Loops>, log: &Log) {
    for (what, late) in [("before the deadline", Duration::ZERO), ("in its turn", MS * 50)] {
        let seen: Rc<RefCell<Option<TimeoutScope>>> = Rc::default();
        let keep = seen.clone();
        let task = spawn(timeout_scope(MS * 30, async move |scope| {
            keep.replace(Some(scope));
            sleep(SECOND).await;
        }));
        yield_now().await;
        let task = Rc::new(task);
        let cancel = task.clone();
        let cancelled_at = core_loop::Future::new();
        let tell = cancelled_at.clone();
        Loop::current().call_later(MS * 10, move || {
            cancel.cancel("from outside");
            drop(cancel);
            drop(tell.set_result(()));
        });
        subject.let_time_pass(late);
        let _told = cancelled_at.await;
        let mut task = Rc::into_inner(task);
        let task = wait(&mut task).await.iter().all(cancelled);
        let expired = seen.take().is_some_and(|scope| scope.expired());
        log.line(format_args!("cancelled {what} {} | expired {}", py(task), py(expired)));
    }
}

async fn refused(log: &Log) {
    let (scope, outcome) = scoped(MS * 20, async |scope| {
        finally(
            (scope, log.clone()),
            async |_: &mut (TimeoutScope, Log)| sleep(SECOND).await,
            async |(scope, log): (TimeoutScope, Log)| {
                if scope.reschedule(None).is_err() {
                    log.line(format_args!("refused while it expires, expired {}", py(scope.expired())));
                }
            },
        )
        .await;
    })
    .await;
    if outcome.is_err() {
        log.line("timeout all the same");
    }
    if scope.reschedule(None).is_err() {
        log.line("refused when it is over");
    }
}
