//! `timer`: callbacks at a time.

use super::{Loops, NEVER, Trace, here, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use core_loop::{Elapsed, ReturnWhen, as_completed, outside, sleep, sleep_until, timeout, wait, wait_for};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use sync_primitives::Event;

const MS: Duration = Duration::from_millis(1);

/// A busy machine makes any one timer late, but not all of so many.
const TRIES: u32 = 100;

pub(super) fn never_early(subject: &Subject<Loops>) -> Verdict {
    subject.run_timed(async |now| {
        for delay in [MS / 10, MS, MS * 10, MS * 30] {
            let trace = Trace::new();
            let fired = trace.clone();
            let (begin, then) = (now(), now.clone());
            here().call_later(delay, move || fired.note(then() - begin));
            core_loop::sleep(delay).await;
            let slept = now() - begin;
            ensure(slept >= delay, format!("a sleep of {delay:?} took {slept:?}"))?;
            while trace.seen().is_empty() {
                turns(1).await;
            }
            let early = trace.seen().into_iter().find(|after| *after < delay);
            ensure(early.is_none(), format!("a callback due after {delay:?} ran after {early:?}"))?;
        }
        Ok(())
    })
}

pub(super) fn as_fine_as_declared(subject: &Subject<Loops>) -> Verdict {
    /// Between the runtime's wake and the task's look at the clock.
    const MARGIN: Duration = Duration::from_millis(1);
    subject.run_timed(async |now| {
        let declared = here().profile().timer_granularity;
        let mut best = Duration::MAX;
        for _ in 0..TRIES {
            let due = now() + MS * 3;
            core_loop::sleep_until(due).await;
            best = best.min(now().saturating_duration_since(due));
            if best <= declared + MARGIN {
                return Ok(());
            }
        }
        ensure(
            false,
            format!("declared as late by {declared:?} at most, and the best of {TRIES} was late by {best:?}"),
        )
    })
}

pub(super) fn past_deadlines_by_deadline_after_ready(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let begin = here().time();
        core_loop::sleep(MS * 3).await;
        let trace = Trace::new();
        here().call_soon(trace.noting("soon"));
        here().call_at(begin + MS, trace.noting("later of two past ones"));
        here().call_at(begin, trace.noting("earlier of two past ones"));
        turns(3).await;
        same("the order", trace.seen(), ["soon", "earlier of two past ones", "later of two past ones"])
    })
}

pub(super) fn cancel_of_due_timer_in_same_batch(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let when = here().time();
        let trace = Trace::new();
        let second = Rc::new(std::cell::RefCell::new(None::<core_loop::Handle>));
        let to_cancel = second.clone();
        let first = trace.noting("first");
        here().call_at(when, move || {
            first();
            to_cancel.borrow().as_ref().inspect(|handle| handle.cancel());
        });
        second.replace(Some(here().call_at(when, trace.noting("second"))));
        here().call_at(when, trace.noting("third"));
        turns(3).await;
        same("the timers that ran", trace.seen(), ["first", "third"])
    })
}

pub(super) fn cancelled_head_not_waited_for(subject: &Subject<Loops>) -> Verdict {
    subject.run_watched(async |log| {
        // Where the machine stood still, the time is over before the loop could fall asleep; not so often.
        for _ in 0..TRIES {
            let now = here().time();
            let (head, live) = (now + MS * 10, now + MS * 30);
            here().call_at(head, || ()).cancel();
            log.take_armed();
            core_loop::sleep_until(live).await;
            let armed = log.take_armed();
            ensure(!armed.contains(&head), "the loop armed its timer for a timer that was cancelled")?;
            if !armed.is_empty() {
                return Ok(());
            }
        }
        ensure(false, format!("the loop slept {TRIES} times without arming its timer"))
    })
}

pub(super) fn the_next_deadline_is_one_reset(subject: &Subject<Loops>) -> Verdict {
    const MANY: u32 = 10_000;
    subject.run_watched(async |log| {
        let next = here().time() + NEVER;
        let timers: Vec<_> = (0..MANY).map(|number| here().call_at(next + MS * number, || ())).collect();
        for late in timers.iter().skip(1).step_by(2) {
            late.cancel();
        }
        // In several turns of a loop that is busy, too.
        for number in 1..=MANY / 100 {
            for _ in 0..100 {
                here().call_at(next + MS * number, || ()).cancel();
            }
            turns(1).await;
        }
        same("what was set while the loop was busy", log.take_armed(), [])?;
        same("what was set when it slept", rests(&log).await?, [next])?;
        timers[1..].iter().for_each(core_loop::Handle::cancel);
        same("what was set after all but the next were cancelled", rests(&log).await?, [next])?;
        let earlier = [5, 1, 3].map(|number| here().call_at(next - MS * number, || ()));
        same("what was set for three that are earlier", rests(&log).await?, [next - MS * 5])?;
        earlier[0].cancel();
        same("what was set when the earliest was cancelled", rests(&log).await?, [next - MS * 3])
    })
}

/// Lets the loop sleep; gives the times for which it set its timer meanwhile. The same time again sets nothing.
async fn rests(log: &crate::spy::Log) -> Result<Vec<std::time::Instant>, Miss> {
    let busy = log.take_armed();
    ensure(busy.is_empty(), "the loop set its timer while it was busy")?;
    for _ in 0..TRIES {
        let event = Arc::new(Event::new());
        let (handle, set, outside) = (here().handle(), event.clone(), outside());
        let thread = thread::spawn(move || {
            let _outside = outside;
            // Gives the loop time to fall asleep; if it has not, it is tried again.
            thread::sleep(MS * 5);
            handle.call_soon_threadsafe(move || set.set())
        });
        event.wait().await;
        thread.join().map_err(|_| Miss::Fail("the other thread panicked".to_owned()))??;
        let mut armed = log.take_armed();
        armed.dedup();
        if !armed.is_empty() {
            return Ok(armed);
        }
    }
    Err(Miss::Fail(format!("in {TRIES} waits for a thread the loop never slept")))
}

pub(super) fn earlier_timer_is_not_late(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        here().call_later(NEVER, || ());
        let event = Arc::new(Event::new());
        let (handle, set) = (here().handle(), event.clone());
        let outside = outside();
        let thread = thread::spawn(move || {
            let _outside = outside;
            // Gives the loop time to fall asleep for the first timer; if it has not, nothing is wrong.
            thread::sleep(MS * 20);
            handle.call_soon_threadsafe(move || {
                here().call_later(MS * 2, move || set.set());
            })
        });
        event.wait().await;
        thread.join().map_err(|_| Miss::Fail("the other thread panicked".to_owned()))??;
        Ok(())
    })
}

pub(super) fn mass_cancel_releases_memory(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let token = Rc::new(());
        let timer = |_| {
            let kept = token.clone();
            here().call_later(NEVER, move || drop(kept))
        };
        let timers: Vec<_> = (0..200).map(timer).collect();
        timers.iter().take(150).for_each(core_loop::Handle::cancel);
        turns(1).await;
        same("callbacks still held, of 200 with 150 cancelled", Rc::strong_count(&token) - 1, 50)
    })
}

pub(super) fn equal_deadlines_fifo(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let when = here().time() + MS * 2;
        let trace = Trace::new();
        for number in 0..10 {
            here().call_at(when, trace.noting(number));
        }
        // Where the machine stood still, the time is over before the timers were looked at.
        while trace.seen().len() < 10 {
            core_loop::sleep(MS).await;
        }
        same("the order", trace.seen(), (0..10).collect::<Vec<_>>())
    })
}

pub(super) fn tiny_delays_do_not_spin(subject: &Subject<Loops>) -> Verdict {
    subject.run_watched(async |log| {
        let before = log.polls();
        let mut sleeps = 0;
        let mut delay = MS * 10;
        while !delay.is_zero() {
            core_loop::sleep(delay).await;
            delay /= 10;
            sleeps += 1;
        }
        let polls = log.polls() - before;
        // CPython allows twenty for ten sleeps; a loop that spins needs thousands for the first alone.
        ensure(polls <= 10 * sleeps, format!("{polls} polls of the loop for {sleeps} sleeps"))
    })
}

pub(super) fn zero_huge_and_past(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let lp = here();
        let huge = [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_secs(u64::MAX / 4)];
        let never: Vec<_> = huge.map(|huge| lp.call_later(huge, trace.noting("never"))).into();
        let long_ago = lp.time().checked_sub(Duration::from_secs(1)).unwrap_or_else(|| lp.time());
        lp.call_at(long_ago, trace.noting("past"));
        lp.call_later(Duration::ZERO, trace.noting("at once"));
        sleep(Duration::ZERO).await;
        sleep_until(long_ago).await;
        for huge in huge {
            same(
                "a sleep without an end",
                timeout(Duration::from_millis(1), sleep(huge)).await,
                Err(Elapsed),
            )?;
            same("a limit without an end", timeout(huge, sleep(Duration::from_millis(1))).await, Ok(()))?;
            let waited = wait_for(huge, core_loop::spawn(async { 7 })).await;
            same("a task without a limit", waited.ok().and_then(Result::ok), Some(7))?;
            let mut task = core_loop::spawn(async { 7 });
            let seen = wait([&mut task], ReturnWhen::ALL_COMPLETED).timeout(huge).await;
            same("a wait without a limit", seen.done.len(), 1)?;
            let mut coming = as_completed([task]).timeout(huge);
            same("what comes without a limit", coming.next().await.is_some_and(|next| next.is_ok()), true)?;
        }
        same("the timers", trace.seen(), ["past", "at once"])?;
        never.iter().for_each(core_loop::Handle::cancel);
        Ok(())
    })
}
