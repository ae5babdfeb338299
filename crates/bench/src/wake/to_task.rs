//! One way only: from a thread that runs to a task of a loop that sleeps.

use crate::clock::{Size, median};
use crate::host::{Host, run_in_task};
use crate::placement::pin_other_side;
use crate::table::Failure;
use std::future::poll_fn;
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

const WAKES: u32 = 3_000;

/// The loop is given this long to fall asleep.
const NAP: Duration = Duration::from_micros(40);

pub(super) fn to_task<H: Host>(size: Size) -> Result<f64, Failure> {
    let wakes = size.operations(WAKES);
    let asked = Arc::new(AtomicU32::new(0));
    let answered = Arc::new(AtomicU32::new(0));
    let (tell, told) = channel();
    let caller = thread::spawn({
        let (asked, answered) = (asked.clone(), answered.clone());
        move || {
            pin_other_side();
            let waker: Waker = told.recv().ok()?;
            Some(median((1..=wakes).map(|number| wake(&waker, number, &asked, &answered)).collect()))
        }
    });
    run_in_task::<H>(async move {
        let mut waker = Some(tell);
        poll_fn(|cx| {
            if let Some(tell) = waker.take() {
                // A task keeps its waker as long as it lives. The caller is gone only if it panicked, which `join` says.
                let _gone = tell.send(cx.waker().clone());
            }
            let number = asked.load(Ordering::Acquire);
            answered.store(number, Ordering::Release);
            if number == wakes { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        0.0
    })?;
    caller
        .join()
        .map_err(|_| Failure::broken("the thread that wakes panicked"))?
        .ok_or_else(|| Failure::broken("the task gave no waker"))
}

/// Nanoseconds until the task has seen `number`.
fn wake(waker: &Waker, number: u32, asked: &AtomicU32, answered: &AtomicU32) -> f64 {
    let rested = Instant::now();
    while rested.elapsed() < NAP {
        spin_loop();
    }
    let begin = Instant::now();
    asked.store(number, Ordering::Release);
    waker.wake_by_ref();
    while answered.load(Ordering::Acquire) != number {
        spin_loop();
    }
    begin.elapsed().as_secs_f64() * 1e9
}
