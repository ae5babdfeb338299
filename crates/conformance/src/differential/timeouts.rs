//! `03_timeouts.py`.

use super::{LONG, Log, MS, cancelled, py, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{sleep, spawn, timeout};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn timeouts(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("03_timeouts"), async |log| {
        let a = timeout(MS * 20, sleeper(log.clone(), "A", SECOND, "")).await;
        log.line(format_args!("timeout A, expired {}", py(a.is_err())));
        let b = timeout(SECOND, sleeper(log.clone(), "B", MS * 20, "ok")).await?;
        log.line(format_args!("B -> {b}"));
        let outer = timeout(MS * 80, async {
            if timeout(MS * 20, sleeper(log.clone(), "C", SECOND, "")).await.is_err() {
                log.line("inner timeout only");
            }
            sleeper(log.clone(), "D", SECOND, "").await;
        });
        log.line(format_args!("outer timeout, expired {}", py(outer.await.is_err())));
        let mut task = spawn(timeout(SECOND, sleeper(log.clone(), "H", LONG, "")));
        sleep(MS * 20).await;
        task.cancel("from outside");
        let outcome = wait([&mut task]).await;
        log.line(format_args!("external cancel stays a cancel: {}", py(cancelled(&outcome[0]))));
        let i = timeout(SECOND, sleeper(log.clone(), "I", MS * 10, "fast")).await?;
        log.line(format_args!("wait_for -> {i}"));
        if timeout(MS * 20, sleeper(log.clone(), "J", SECOND, "")).await.is_err() {
            log.line("wait_for timeout");
        }
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn sleeper(log: Log, name: &'static str, duration: Duration, result: &'static str) -> &'static str {
    log.line(format_args!("{name} start"));
    let except = log.on_cancel(format_args!("{name} cancelled"));
    sleep(duration).await;
    except.ended();
    log.line(format_args!("{name} end"));
    result
}
