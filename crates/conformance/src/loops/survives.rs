//! `survives`: what users' code may do to a loop that must go on all the same.

use super::{GRACE, Loops, Trace, here, quiet_panic, reports, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use core_loop::{JoinError, Loop, ReturnWhen, Task, finally, sleep, spawn, wait};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Runs its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Somebody's waker.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        quiet_panic("of a waker");
    }
}

pub(super) fn panics_of_callbacks_destructors_and_wakers(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (reports, trace) = (reports(), Trace::new());
        let callbacks = spawn(async {});
        callbacks.any().add_done_callback(|_| quiet_panic("of a done-callback"));
        let next = trace.clone();
        callbacks.any().add_done_callback(move |_| next.note("the next done-callback"));

        let mut awaited = spawn(turns(1));
        let mut asleep = Box::pin(sleep(Duration::from_millis(1)));
        let panics = Waker::from(Arc::new(Panics));
        let cx = &mut Context::from_waker(&panics);
        let waits = Pin::new(&mut awaited).poll(cx).is_pending() && asleep.as_mut().poll(cx).is_pending();
        ensure(waits, "a task, or a sleep, was over at once")?;

        let dropped = spawn(async {
            let _guard = OnDrop(|| quiet_panic("of a destructor"));
            pending::<()>().await;
        });
        here().call_soon(trace.noting("the next callback"));
        turns(2).await;
        dropped.cancel("not needed");
        let outcome = dropped.await;
        ensure(
            matches!(outcome, Err(JoinError::Cancelled(_))),
            format!("the cancelled task gave {outcome:?}"),
        )?;
        sleep(Duration::from_millis(5)).await;
        ensure(awaited.done(), "a task that somebody's waker waited for has not ended")?;
        let mut seen = trace.seen();
        seen.sort_unstable();
        same("what came after the panics", seen, ["the next callback", "the next done-callback"])?;
        let told = |words: &str| reports.borrow().iter().filter(|report| report.contains(words)).count();
        same(
            "the reports of a done-callback, of two wakers, and of a destructor",
            [told("of a done-callback"), told("of a waker"), told("of a destructor")],
            [1, 2, 1],
        )?;
        same("a task after all that", spawn(async { 7 }).await?, 7)
    })
}

pub(super) fn destructors_that_cancel_and_spawn(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let (own, neighbour) = (Rc::new(RefCell::new(None::<Task<()>>)), spawn(pending::<()>()));
        let (mine, noting) = (own.clone(), trace.clone());
        let guard = OnDrop(move || {
            let own = mine.take();
            noting.note(if own.as_ref().is_some_and(Task::done) { "its task is done" } else { "dropped" });
            if let Some(own) = own {
                own.cancel("by its own destructor");
            }
            neighbour.cancel("by a destructor");
            let spawned = noting.clone();
            spawn(async move { spawned.note("spawned") }).detach();
            Loop::current().call_soon(noting.noting("called soon"));
        });
        own.replace(Some(spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        })));
        turns(1).await;
        if let Some(own) = &*own.borrow() {
            own.cancel("from outside");
        }
        turns(3).await;
        same("what happened", trace.seen(), ["dropped", "spawned", "called soon"])?;
        same("the tasks that are left", core_loop::all_tasks().len(), 1)
    })
}

pub(super) fn destructors_that_spawn_during_the_close(subject: &Subject<Loops>) -> Verdict {
    // In a clean-up the loop still runs: it takes what a destructor spawns, and cancels it in the next round. When what is
    // left is dropped it takes nothing.
    for (ends, grace, taken) in [(true, GRACE, true), (false, Duration::from_millis(2), false)] {
        let (ran, given) = (Trace::new(), Rc::new(RefCell::new(None)));
        let (runs, giving) = (ran.clone(), given.clone());
        let guard = OnDrop(move || {
            let runs = runs.clone();
            let task = spawn(async move {
                runs.note("spawned in the close");
                pending::<()>().await;
            });
            let soon = Loop::current().call_soon(|| ());
            giving.replace(Some((!task.done(), soon)));
        });
        let mut runner = subject.runner()?;
        runner.get_loop().set_exception_handler(|_, _| ());
        let clean_up = async move |guard| {
            if !ends {
                pending::<()>().await;
            }
            drop(guard);
        };
        runner.get_loop().spawn(finally(guard, async |_| pending::<()>().await, clean_up)).detach();
        runner.run(turns(1))?;
        let report = runner.close(grace);
        same("the tasks that the close has dropped", report.dropped.len(), usize::from(!ends))?;
        let given = given.take().map(|(spawned, soon)| (spawned, !soon.cancelled()));
        same("whether a spawn was taken, and a call was made", given, Some((taken, taken)))?;
        let most = usize::from(taken);
        ensure(ran.seen().len() <= most, format!("what a destructor spawned: {:?}", ran.seen()))?;
    }
    Ok(())
}

pub(super) fn an_await_of_a_task_whose_loop_is_closed(subject: &Subject<Loops>) -> Verdict {
    let other = subject.runner()?;
    other.get_loop().set_exception_handler(|_, _| ());
    let [mut before, after, bounded] = [(); 3].map(|()| other.get_loop().spawn(pending::<()>()));
    let closed = other.get_loop().clone();
    subject.run(async || {
        // It is awaited already when its loop closes, and only afterwards.
        let mut awaits = pin!(poll_fn(|cx| Pin::new(&mut before).poll(cx)));
        let pending = poll_fn(|cx| Poll::Ready(awaits.as_mut().poll(cx).is_pending())).await;
        ensure(pending, "a task of a loop that does not run has ended")?;
        drop(other.close(GRACE));
        let late = closed.spawn(async {});
        let mut bounded = bounded;
        let waited = wait([&mut bounded], ReturnWhen::ALL_COMPLETED).await.done.len();
        same("the tasks that a wait finds done", waited, 1)?;
        for outcome in [awaits.await, after.await, bounded.await, late.await] {
            let shutdown = matches!(outcome, Err(JoinError::Shutdown));
            ensure(shutdown, format!("a task of a closed loop gave {outcome:?}"))?;
        }
        Ok::<_, Miss>(())
    })
}

pub(super) fn very_many_timers_cancelled_in_any_order(subject: &Subject<Loops>) -> Verdict {
    const MANY: usize = 100_000;
    /// Has no divisor in common with their number, so that all are met, far apart.
    const STRIDE: usize = 61_803;
    subject.run(async || {
        let (trace, begin) = (Trace::new(), here().time());
        let far = |number: usize| {
            let when = begin + super::NEVER + Duration::from_micros((number * STRIDE % MANY) as u64);
            here().call_at(when, trace.noting(usize::MAX))
        };
        let timers: Vec<_> = (0..MANY).map(far).collect();
        for number in 0..3 {
            here().call_at(begin, trace.noting(number));
        }
        for number in 0..MANY {
            timers[number * number % MANY].cancel();
            timers[number * STRIDE % MANY].cancel();
        }
        ensure(timers.iter().all(core_loop::Handle::cancelled), "a timer was not cancelled")?;
        sleep(Duration::from_millis(1)).await;
        same("the timers that ran", trace.seen(), [0, 1, 2])
    })
}
