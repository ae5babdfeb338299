//! `06_lock_semaphore.py`.

use super::{Log, MS, cancelled, list, py, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{Task, gather, sleep, spawn, yield_now};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use sync_primitives::{Lock, Semaphore};

pub(crate) fn lock_semaphore(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("06_lock_semaphore"), async |log| {
        locks(&log).await?;
        peak(&log).await?;
        hand_over(&log).await;
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn user(log: Log, lock: Rc<Lock<()>>, name: String, hold: Duration) {
    let _guard = lock.lock().await;
    log.line(format_args!("{name} in"));
    sleep(hold).await;
    log.line(format_args!("{name} out"));
}

async fn locks(log: &Log) -> Verdict {
    let lock = Rc::new(Lock::new(()));
    let user = |name: String, hold| user(log.clone(), lock.clone(), name, hold);
    gather((0..3).map(|number| user(format!("L{number}"), MS * 10)).collect::<Vec<_>>()).await?;
    for label in ["cancel first", "release first"] {
        let held = lock.lock().await;
        let mut tasks: Vec<_> =
            (0..3).map(|number| spawn(user(format!("W{number}"), Duration::ZERO))).collect();
        yield_now().await;
        if label == "cancel first" {
            tasks[0].cancel(label);
            drop(held);
        } else {
            drop(held);
            tasks[0].cancel(label);
        }
        let first = cancelled(&wait(&mut tasks).await[0]);
        log.line(format_args!("{label} W0 cancelled {} locked {}", py(first), py(lock.locked())));
    }
    let held = lock.lock().await;
    let mut task = spawn(user("Y".to_owned(), Duration::ZERO));
    yield_now().await;
    drop(held);
    let _again = lock.lock().await;
    log.line("main re-acquired after Y");
    wait([&mut task]).await;
    Ok(())
}

async fn peak(log: &Log) -> Verdict {
    let semaphore = Rc::new(Semaphore::new(2));
    let (active, peak) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let limited = |number: u32| {
        let (log, semaphore) = (log.clone(), semaphore.clone());
        let (active, peak) = (active.clone(), peak.clone());
        async move {
            let _permit = semaphore.acquire().await;
            active.set(active.get() + 1);
            peak.set(active.get().max(peak.get()));
            log.line(format_args!("S{number} start"));
            sleep(MS * (20 + number * 20)).await;
            active.set(active.get() - 1);
            number
        }
    };
    let numbers = gather((0..4).map(limited).collect::<Vec<_>>()).await?;
    log.line(format_args!("{} peak {}", list(numbers), peak.get()));
    Ok(())
}

async fn hand_over(log: &Log) {
    let semaphore = Rc::new(Semaphore::new(0));
    let taker = |number| {
        let (log, semaphore) = (log.clone(), semaphore.clone());
        spawn(async move {
            semaphore.acquire().await.forget();
            log.line(format_args!("T{number} took"));
        })
    };
    let mut tasks: Vec<Task<()>> = (0..5).map(taker).collect();
    yield_now().await;
    tasks[1].cancel("while it waits");
    semaphore.release();
    semaphore.release();
    tasks[2].cancel("after its permit was assigned");
    sleep(MS * 20).await;
    let done = list(tasks.iter().map(|task| py(task.done())));
    log.line(format_args!("T done {done} locked {}", py(semaphore.locked())));
    semaphore.release();
    wait(&mut tasks).await;
}
