//! `loop`: the turn.

use super::{Loops, NEVER, Trace, here, quiet_panic, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use contract::{ExecutorExt, Panic, Reject};
use core_loop::{Closed, Future, RunError};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn call_soon_fifo(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        for number in 0..3 {
            here().call_soon(trace.noting(number));
        }
        same("what ran inside the step", trace.seen(), [0; 0])?;
        turns(3).await;
        same("the callbacks", trace.seen(), [0, 1, 2])
    })
}

pub(super) fn nested_call_soon_next_batch(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let nested = trace.noting("nested");
        let first = trace.noting("first");
        here().call_soon(move || {
            first();
            here().call_soon(nested);
        });
        here().call_soon(trace.noting("second"));
        turns(1).await;
        same("after one turn", trace.seen(), ["first", "second"])?;
        turns(1).await;
        same("after two turns", trace.seen(), ["first", "second", "nested"])
    })
}

pub(super) fn handle_cancel_same_batch(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let later = Rc::new(RefCell::new(None::<core_loop::Handle>));
        let to_cancel = later.clone();
        here().call_soon(move || {
            if let Some(handle) = &*to_cancel.borrow() {
                handle.cancel();
            }
        });
        later.replace(Some(here().call_soon(trace.noting("cancelled"))));
        here().call_soon(trace.noting("last"));
        turns(2).await;
        same("what ran", trace.seen(), ["last"])?;
        let cancelled = later.borrow().as_ref().map(core_loop::Handle::cancelled);
        same("the handle says it was cancelled", cancelled, Some(true))
    })
}

/// Re-queues itself until `done`, or until it is clear that nothing else gets a turn.
fn rearm(done: Rc<Cell<bool>>, patience: Instant) {
    if !done.get() && Instant::now() < patience {
        here().call_soon(move || rearm(done, patience));
    }
}

pub(super) fn rearming_callback_starves_nobody(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let patience = Instant::now() + Duration::from_secs(10);
        let done = Rc::new(Cell::new(false));
        rearm(done.clone(), patience);

        core_loop::sleep(Duration::from_millis(2)).await;
        ensure(Instant::now() < patience, "no timer was served beside the callback")?;

        let event = Arc::new(sync_primitives::Event::new());
        let (set, outside) = (event.clone(), core_loop::outside());
        thread::spawn(move || {
            let _outside = outside;
            set.set();
        });
        event.wait().await;
        ensure(Instant::now() < patience, "no wake from another thread was served beside the callback")?;

        let listener = core_loop::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let accepted = core_loop::spawn(async move { listener.accept().await.map(|_| ()) });
        // It has found no connection yet, and depends on being told.
        turns(2).await;
        let client = core_loop::spawn(core_loop::net::TcpStream::connect(address));
        accepted.await??;
        ensure(Instant::now() < patience, "no socket was served beside the callback")?;
        done.set(true);
        client.await??;
        Ok(())
    })
}

pub(super) fn stop_finishes_batch(subject: &Subject<Loops>) -> Verdict {
    let mut runner = subject.runner()?;
    let trace = Trace::new();
    for number in 1..=4 {
        let (first, second) = (trace.noting(number), trace.noting(number * 10));
        runner.get_loop().call_soon(move || {
            first();
            if number == 2 {
                here().stop();
            }
            here().call_soon(second);
        });
    }
    runner.run_forever()?;
    same("what ran up to the stop", trace.seen(), [1, 2, 3, 4])?;
    runner.get_loop().stop();
    runner.run_forever()?;
    same("what ran in both runs", trace.seen(), [1, 2, 3, 4, 10, 20, 30, 40])
}

pub(super) fn stop_before_run_does_one_pass(subject: &Subject<Loops>) -> Verdict {
    let mut runner = subject.runner()?;
    let trace = Trace::new();
    let (first, second) = (trace.noting("first turn"), trace.noting("second turn"));
    runner.get_loop().call_soon(move || {
        first();
        here().call_soon(second);
    });
    let never = runner.get_loop().call_later(NEVER, || ());
    runner.get_loop().stop();
    runner.run_forever()?;
    same("what ran", trace.seen(), ["first turn"])?;
    ensure(!never.cancelled(), "the stop cancelled a timer")
}

pub(super) fn stopped_early_is_error_and_resumable(subject: &Subject<Loops>) -> Verdict {
    let mut runner = subject.runner()?;
    let mut task = runner.get_loop().spawn(async {
        here().stop();
        turns(2).await;
        7
    });
    let stopped = runner.run_until_complete(&mut task);
    ensure(matches!(stopped, Err(RunError::Stopped)), format!("a run that was stopped gave {stopped:?}"))?;
    ensure(!task.done(), "the stop ended the task")?;
    same("the task, in a later run", runner.run_until_complete(&mut task)??, 7)
}

pub(super) fn close_final_and_idempotent(subject: &Subject<Loops>) -> Verdict {
    let runner = subject.runner()?;
    let lp = runner.get_loop().clone();
    let trace = Trace::new();
    let queued = lp.call_soon(trace.noting("queued before the close"));
    runner.close(super::GRACE);
    ensure(lp.is_closed() && !lp.is_running(), "a closed loop says that it is not, or that it runs")?;
    ensure(lp.call_soon(trace.noting("soon")).cancelled(), "a closed loop took a callback")?;
    ensure(lp.call_later(Duration::ZERO, trace.noting("later")).cancelled(), "a closed loop took a timer")?;
    let running = trace.clone();
    let task = lp.spawn(async move { running.note("task") });
    ensure(task.done(), "a closed loop took a task")?;
    let (reader, _writer) = std::io::pipe()?;
    ensure(lp.add_reader(&reader, || ()).is_err(), "a closed loop took a reader")?;
    ensure(!lp.remove_reader(&reader), "a closed loop had a reader")?;
    let closed = trace.seen();
    // The close gives what is queued a turn, as asyncio's `run` does; what matters is that nothing runs later.
    ensure(
        closed.len() <= 1 && queued.cancelled() == closed.is_empty(),
        format!("after the close ran {closed:?}"),
    )
}

pub(super) fn nested_run_rejected(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let nested = core_loop::run(async { 1 });
        ensure(matches!(nested, Err(RunError::Nested)), format!("a run inside a run gave {nested:?}"))?;
        let after = core_loop::spawn(async { 2 }).await?;
        same("a task of the outer loop, afterwards", after, 2)
    })
}

pub(super) fn spawn_on_closed_loop_disposes_future(subject: &Subject<Loops>) -> Verdict {
    let runner = subject.runner()?;
    let handle = runner.get_loop().handle();
    runner.close(super::GRACE);
    ensure(handle.is_closed(), "a closed loop does not say so")?;

    let token = Arc::new(());
    let kept = token.clone();
    let refused = match handle.try_submit(async move { drop(kept) }) {
        Err(refused) => refused,
        Ok(job) => return Err(Miss::Fail(format!("a closed loop took work: {job:?}"))),
    };
    ensure(matches!(refused.why, Reject::ShuttingDown), format!("a closed loop says: {}", refused.why))?;
    drop(refused);
    same("who still holds the future", Arc::strong_count(&token), 1)?;

    let kept = token.clone();
    let refused = handle.call_soon_threadsafe(move || drop(kept));
    same("a call of a closed loop", refused.err(), Some(Closed))?;
    same("who still holds the callback", Arc::strong_count(&token), 1)
}

pub(super) fn aborted_run_leaves_no_stale_stop(subject: &Subject<Loops>) -> Verdict {
    let mut runner = subject.runner()?;
    let aborted = Panic::catch(|| runner.run(async { quiet_panic("no luck") }).is_ok());
    same(
        "the panic of the run",
        aborted.err().map(|panic| panic.message().to_owned()),
        Some("no luck".into()),
    )?;
    let later = runner.run(async {
        turns(5).await;
        7
    })?;
    same("a later run, which needs several turns", later, 7)
}

pub(super) fn close_while_running_rejected(subject: &Subject<Loops>) -> Verdict {
    // The loop that runs cannot be closed: its run borrows the runner. Another one can.
    let other = subject.runner()?;
    other.get_loop().set_exception_handler(|_, _| ());
    let trace = Trace::new();
    let guard = trace.on_drop("its task was dropped");
    let left = other.get_loop().spawn(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    subject.run(async || {
        let report = other.close(super::GRACE);
        same("the tasks that the close of another loop has dropped", report.dropped.len(), 1)?;
        same("what happened inside it", trace.seen(), ["its task was dropped"])?;
        ensure(left.done(), "a task of a closed loop has not ended")?;
        same("the loop that runs, as current one", here().is_closed(), false)?;
        core_loop::sleep(Duration::from_millis(1)).await;
        same("a task of the loop that runs, afterwards", core_loop::spawn(async { 2 }).await?, 2)
    })
}

pub(super) fn foreign_future_rejected(subject: &Subject<Loops>) -> Verdict {
    let (mut runner, mut other) = (subject.runner()?, subject.runner()?);
    let mut task = other.get_loop().spawn(async {
        turns(2).await;
        7
    });
    let foreign = runner.run_until_complete(&mut task);
    ensure(
        matches!(foreign, Err(RunError::Foreign)),
        format!("a run for another loop's task gave {foreign:?}"),
    )?;
    same("the task, on its own loop", other.run_until_complete(&mut task)??, 7)?;

    // A future belongs to no loop: here two loops on two threads await what the other one sets.
    let (question, answer) = (Future::<u32>::new(), Future::<u32>::new());
    let (asked, set, elsewhere) = (question.clone(), answer.clone(), subject.clone());
    runner.run(async {
        let outside = core_loop::outside();
        let thread = thread::spawn(move || {
            let _outside = outside;
            elsewhere.run(async || {
                let _from_the_other_loop = core_loop::outside();
                Ok(set.set_result(asked.await? * 7)?)
            })
        });
        turns(2).await;
        question.set_result(6)?;
        same("what the other loop has set", answer.await?, 42)?;
        thread.join().unwrap_or_else(|_| Err(Miss::Fail("the other loop panicked".to_owned())))
    })?
}
