//! A ball between a task and a thread, both of which sleep while the other has it.

use crate::clock::Size;
use crate::host::{Host, run_in_task};
use crate::placement;
use crate::table::Failure;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;

/// Whose turn it is, and how to tell the loop.
#[derive(Default)]
struct Court {
    ball_at_thread: AtomicBool,
    over: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Court {
    /// The thread: gives every ball back, the one that comes when the game is over as the last.
    fn serve(&self) {
        loop {
            while !self.ball_at_thread.load(Ordering::Acquire) {
                thread::park();
            }
            // Before the ball goes back: then the task has not yet said so of the ball after it.
            let over = self.over.load(Ordering::Acquire);
            self.ball_at_thread.store(false, Ordering::Release);
            let task = self.task().take();
            task.into_iter().for_each(Waker::wake);
            if over {
                return;
            }
        }
    }

    /// The task: plays a ball and waits until it comes back.
    async fn rally(&self, thread: &thread::Thread) {
        let mut played = false;
        poll_fn(|cx| {
            // At every poll, and before the look: a waker that was left for the last ball may be taken for this one.
            *self.task() = Some(cx.waker().clone());
            if !played {
                played = true;
                self.ball_at_thread.store(true, Ordering::Release);
                thread.unpark();
            } else if !self.ball_at_thread.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }

    fn task(&self) -> MutexGuard<'_, Option<Waker>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn across<H: Host>(size: Size) -> Result<f64, Failure> {
    round_trip::<H>(size, 100, placement::pin_other_side)
}

pub(super) fn same<H: Host>(size: Size) -> Result<f64, Failure> {
    round_trip::<H>(size, 500, || ())
}

fn round_trip<H: Host>(size: Size, balls: u32, place: fn()) -> Result<f64, Failure> {
    let balls = size.operations(balls);
    let court = Arc::new(Court::default());
    let server = thread::spawn({
        let court = court.clone();
        move || {
            place();
            court.serve();
        }
    });
    let thread = server.thread().clone();
    let value = run_in_task::<H>(async move {
        let value = size.measure(balls, async || {
            for _ in 0..balls {
                court.rally(&thread).await;
            }
        });
        let value = value.await;
        court.over.store(true, Ordering::Release);
        court.rally(&thread).await;
        value
    })?;
    server.join().map_err(|_| Failure::broken("the other thread panicked"))?;
    Ok(value)
}
