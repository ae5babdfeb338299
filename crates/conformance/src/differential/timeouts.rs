//! `03_timeouts.py`.

use super::{LONG, Log, MS, cancelled, py, recorded, replay, scoped, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{
    Cancelled, Loop, TimeoutScope, cancellable, sleep, spawn, spawn_cooperative, timeout,
    timeout_scope_cooperative, wait_for,
};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn timeouts(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("03_timeouts"), async |log| {
        scopes(&log).await?;
        spawn_cooperative(swallows(log.clone())).await?;
        let mut task = spawn(wait_for(SECOND, spawn(sleeper(log.clone(), "H", LONG, ""))));
        sleep(MS * 20).await;
        task.cancel("from outside");
        let outcome = wait([&mut task]).await;
        log.line(format_args!("external cancel stays a cancel: {}", py(cancelled(&outcome[0]))));
        let i = wait_for(SECOND, spawn(sleeper(log.clone(), "I", MS * 10, "fast"))).await??;
        log.line(format_args!("wait_for -> {i}"));
        for (name, limit, words) in [("J", MS * 20, "0.02"), ("K (never starts)", Duration::ZERO, "0")] {
            if wait_for(limit, spawn(sleeper(log.clone(), name, SECOND, ""))).await.is_err() {
                log.line(format_args!("wait_for timeout {words}"));
            }
        }
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn scopes(log: &Log) -> Result<(), Miss> {
    let (scope, a) = scoped(MS * 20, async |_| sleeper(log.clone(), "A", SECOND, "").await).await;
    if a.is_err() {
        log.line(format_args!("timeout A, expired {}", py(scope.expired())));
    }
    let b = timeout(SECOND, sleeper(log.clone(), "B", MS * 20, "ok")).await?;
    log.line(format_args!("B -> {b}"));
    let (outer, outcome) = scoped(MS * 80, async |outer| {
        if timeout(MS * 20, sleeper(log.clone(), "C", SECOND, "")).await.is_err() {
            log.line(format_args!("inner timeout only, outer expired {}", py(outer.expired())));
        }
        sleeper(log.clone(), "D", SECOND, "").await;
    })
    .await;
    if outcome.is_err() {
        log.line(format_args!("outer timeout, expired {}", py(outer.expired())));
    }
    for (name, when) in [("E", Some(Loop::current().time() + SECOND * 5)), ("F", None)] {
        let (scope, outcome) = scoped(MS * 20, async |scope| {
            scope.reschedule(when)?;
            sleeper(log.clone(), name, MS * 60, "").await;
            Ok::<_, Miss>(())
        })
        .await;
        outcome??;
        log.line(format_args!("moved later or disabled: no timeout, expired {}", py(scope.expired())));
    }
    Ok(())
}

async fn swallows(log: Log) -> Result<(), Cancelled> {
    let outcome = timeout_scope_cooperative(MS * 20, async |scope: TimeoutScope| {
        if cancellable(sleeper(log.clone(), "G", SECOND, "")).await.is_err() {
            log.line("G swallowed inside the scope");
        }
        Ok(scope)
    });
    if let Ok(scope) = outcome.await? {
        log.line(format_args!("no timeout raised, expired {}", py(scope.expired())));
    }
    Ok(())
}

async fn sleeper(log: Log, name: &'static str, duration: Duration, result: &'static str) -> &'static str {
    log.line(format_args!("{name} start"));
    let except = log.on_cancel(format_args!("{name} cancelled"));
    sleep(duration).await;
    except.ended();
    log.line(format_args!("{name} end"));
    result
}
