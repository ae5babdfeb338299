//! `07_condition_event_barrier.py`.

use super::{Log, MS, list, py, quoted, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{Cancelled, Task, cancellable, gather, sleep, spawn, spawn_cooperative, yield_now};
use std::future::pending;
use std::rc::Rc;
use sync_primitives::{Barrier, Condition, Event, Lock};

pub(crate) fn condition_event_barrier(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("07_condition_event_barrier"), async |log| {
        condition(&log).await;
        event(&log).await?;
        barrier(&log).await?;
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn condition(log: &Log) {
    let (ready, changed) = (Rc::new(Lock::new(0)), Rc::new(Condition::new()));
    let consumer = |number| consumer(log.clone(), ready.clone(), changed.clone(), number);
    let mut consumers: Vec<_> = (0..4).map(|number| spawn_cooperative(consumer(number))).collect();
    yield_now().await;
    let mut held = ready.lock().await;
    *held += 1;
    changed.notify(1);
    consumers[0].cancel("notified and cancelled in the same step");
    drop(held);
    sleep(MS * 10).await;
    let done = list(consumers.iter().map(|consumer| py(consumer.done())));
    log.line(format_args!("done {done} ready {}", *ready.lock().await));
    let mut held = ready.lock().await;
    *held += 2;
    changed.notify(2);
    sleep(MS * 10).await;
    log.line("notified two, releasing");
    drop(held);
    wait(&mut consumers).await;
}

async fn consumer(
    log: Log,
    ready: Rc<Lock<u32>>,
    changed: Rc<Condition>,
    number: u32,
) -> Result<(), Cancelled> {
    let wait = changed.wait_for(ready.lock().await, |ready| *ready > 0);
    let (mut held, waited) = wait.unless(cancellable(pending())).await;
    if let Err(cancelled) = waited {
        log.line(format_args!("C{number} cancelled, holds the lock: {}", py(ready.locked())));
        return cancelled;
    }
    *held -= 1;
    log.line(format_args!("C{number} consumed, left {held}"));
    Ok(())
}

async fn event(log: &Log) -> Verdict {
    let event = Rc::new(Event::new());
    let waiter = |name| {
        let (log, event) = (log.clone(), event.clone());
        spawn(async move {
            event.wait().await;
            log.line(format_args!("{name} released, is_set {}", py(event.is_set())));
        })
    };
    let first = waiter("E0");
    yield_now().await;
    event.set();
    event.clear();
    let second = waiter("E1");
    sleep(MS * 10).await;
    log.line(format_args!("E1 done {}", py(second.done())));
    event.set();
    let (first, second) = gather((first, second)).await?;
    first.and(second)?;
    Ok(())
}

async fn barrier(log: &Log) -> Verdict {
    let barrier = Rc::new(Barrier::new(3));
    for step in ["trip", "reset", "trip", "abort", "dead"] {
        let party = |number| {
            let barrier = barrier.clone();
            spawn(async move {
                let passed = barrier.wait().await.is_ok();
                format!("P{number} {}", if passed { "passed" } else { "broken" })
            })
        };
        let parties: Vec<Task<String>> = (0..if step == "trip" { 3 } else { 2 }).map(party).collect();
        yield_now().await;
        match step {
            "reset" => barrier.reset(),
            "abort" => barrier.abort(),
            _ => {}
        }
        let ends = gather(parties).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let ends = list(ends.iter().map(|end| quoted(end)));
        log.line(format_args!("{step} {ends} broken {}", py(barrier.broken())));
    }
    Ok(())
}
