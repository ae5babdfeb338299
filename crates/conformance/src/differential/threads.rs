//! `09_threads.py`.

use super::{Log, MS, list, quoted, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::{Loops, quiet_panic};
use crate::{Miss, Subject};
use contract::{ExecutorExt, JobError};
use core_loop::{Loop, LoopHandle, outside, pinned, sleep, to_thread};
use std::sync::Arc;
use std::thread;
use sync_primitives::Event;

pub(crate) fn threads(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("09_threads"), async |log| {
        log.line(format_args!("to_thread {}", to_thread(|| [40, 2].iter().sum::<i32>()).await?));
        if to_thread(|| "x".parse::<i32>()).await?.is_err() {
            log.line("to_thread error propagated");
        }
        woken(&log).await?;
        let handle = Loop::current().handle();
        let seen = to_thread(move || [false, true].map(|fail| in_thread(&handle, fail))).await?;
        log.line(format_args!("from a thread {}", list(seen)));
        Ok::<_, Miss>(None::<&str>)
    })
}

/// A thread calls into the loop, which sleeps with nothing else to do.
async fn woken(log: &Log) -> Verdict {
    let woke = Arc::new(Event::new());
    let (handle, waking) = (Loop::current().handle(), woke.clone());
    let outside = outside();
    let thread = thread::spawn(move || {
        let _outside = outside;
        thread::sleep(MS * 20);
        handle.call_soon_threadsafe(move || waking.set())
    });
    woke.wait().await;
    log.line("woken from thread");
    thread.join().map_err(|_| Miss::Fail("the other thread panicked".to_owned()))??;
    Ok(())
}

/// Gives the loop a coroutine and waits: its value, or the name of its exception.
fn in_thread(handle: &LoopHandle, fail: bool) -> String {
    let coroutine = pinned(async move || {
        sleep(MS * 10).await;
        if fail {
            quiet_panic("ZeroDivisionError");
        }
        1
    });
    match handle.try_submit(coroutine).map(contract::Job::wait) {
        Ok(Ok(value)) => value.to_string(),
        Ok(Err(JobError::Panicked(panic))) => quoted(panic.message()),
        Ok(Err(other)) => other.to_string(),
        Err(rejected) => rejected.why.to_string(),
    }
}
