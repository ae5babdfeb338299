//! `bridge`: threads and the loop.

use super::{GRACE, Loops, here, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Gate, Miss, Subject};
use contract::{Cancel, ExecutorExt, JobError, Panic};
use core_loop::{JoinError, Loop, TaskLocal, gather, outside, spawn, to_thread};
use std::future::pending;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use sync_primitives::Event;

/// A list that many threads write.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u32>>>);

impl Shared {
    fn push(&self, number: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(number);
    }

    fn seen(&self) -> Vec<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn joined<T>(thread: thread::JoinHandle<T>) -> Result<T, Miss> {
    thread.join().map_err(|_| Miss::Fail("a thread beside the loop panicked".to_owned()))
}

pub(super) fn threadsafe_call_wakes_idle_loop_fifo(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (calls, event) = (Shared::default(), Arc::new(Event::new()));
        let (handle, pushed, set) = (here().handle(), calls.clone(), event.clone());
        let outside = outside();
        let thread = thread::spawn(move || {
            let _outside = outside;
            // Gives the loop time to fall asleep; if it has not, nothing is wrong.
            thread::sleep(Duration::from_millis(20));
            for number in 0..3 {
                let pushed = pushed.clone();
                handle.call_soon_threadsafe(move || pushed.push(number))?;
            }
            handle.call_soon_threadsafe(move || set.set())
        });
        event.wait().await;
        same("the calls", calls.seen(), [0, 1, 2])?;
        joined(thread)??;
        let (handle, own) = (here().handle(), Shared::default());
        for number in 0..3 {
            let pushed = own.clone();
            handle.call_soon_threadsafe(move || pushed.push(number))?;
        }
        same("calls from the loop's own thread, inside the step", own.seen(), [0; 0])?;
        turns(3).await;
        same("calls from the loop's own thread", own.seen(), [0, 1, 2])
    })
}

pub(super) fn wakeup_channel_full_is_harmless(subject: &Subject<Loops>) -> Verdict {
    const MANY: u32 = 70_000;
    subject.run(async || {
        let (calls, event) = (Shared::default(), Arc::new(Event::new()));
        let (handle, pushed, set) = (here().handle(), calls.clone(), event.clone());
        let outside = outside();
        let thread = thread::spawn(move || {
            let _outside = outside;
            for number in 0..MANY {
                let pushed = pushed.clone();
                handle.call_soon_threadsafe(move || pushed.push(number))?;
            }
            handle.call_soon_threadsafe(move || set.set())
        });
        // The loop does not drain meanwhile.
        joined(thread)??;
        event.wait().await;
        ensure(calls.seen().into_iter().eq(0..MANY), "calls were lost, doubled or out of order")
    })
}

pub(super) fn threadsafe_handle_cancel(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let calls = Shared::default();
        let (handle, pushed) = (here().handle(), calls.clone());
        let outside = outside();
        let (called, cancelled) = joined(thread::spawn(move || {
            let _outside = outside;
            let first = pushed.clone();
            let called = handle.call_soon_threadsafe(move || first.push(1))?;
            let cancelled = handle.call_soon_threadsafe(move || pushed.push(2))?;
            ensure(cancelled.cancel(), "a call that waits could not be cancelled")?;
            Ok::<_, Miss>((called, cancelled))
        }))??;
        turns(3).await;
        same("the calls", calls.seen(), [1])?;
        same("cancelled() of both", (called.cancelled(), cancelled.cancelled()), (false, true))?;
        same("cancelling what was called", called.cancel(), false)
    })
}

pub(super) fn run_in_executor_runs_elsewhere(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let elsewhere = to_thread(|| thread::current().id()).await?;
        ensure(elsewhere != thread::current().id(), "the job ran on the loop's own thread")
    })
}

pub(super) fn run_in_executor_cancel_queued(subject: &Subject<Loops>) -> Verdict {
    /// More than any default pool has threads: Python's bound is 32.
    const THREADS: u64 = 64;
    subject.run(async || {
        let gate = Gate::new();
        let occupied: Vec<_> = (1..=THREADS)
            .map(|number| {
                let work = gate.wait(number);
                to_thread(move || work.perform())
            })
            .collect();
        let work = gate.pass(0);
        let queued = spawn(to_thread(move || work.perform()));
        turns(2).await;
        queued.cancel("not needed");
        let outcome = queued.await;
        ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("the awaiter gave {outcome:?}"))?;
        gate.open();
        for job in occupied {
            job.await?;
        }
        ensure(!gate.numbers().contains(&0), "a queued job ran although its awaiter was cancelled")
    })
}

pub(super) fn run_in_executor_cancel_running(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let gate = Gate::new();
        let (sender, receiver) = mpsc::channel();
        let work = gate.wait(1);
        let awaiter = spawn(to_thread(move || {
            let _one = work.perform();
            sender.send("the job ended")
        }));
        turns(2).await;
        gate.arrived(1)?;
        awaiter.cancel("not needed");
        let outcome = awaiter.await;
        ensure(
            matches!(outcome, Err(JoinError::Cancelled(_))),
            "the awaiter was cancelled and gave an output",
        )?;
        gate.open();
        same("the job", receiver.recv_timeout(GRACE).ok(), Some("the job ended"))
    })
}

pub(super) fn to_thread_value_error_concurrency(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let call = |number: u32| {
            to_thread(move || {
                if number == 4 {
                    super::quiet_panic("the fourth");
                }
                number
            })
        };
        let outcomes = gather((1..=10).map(call).collect::<Vec<_>>()).await?;
        for (number, outcome) in (1..=10).zip(outcomes) {
            match outcome {
                Err(JobError::Panicked(panic)) if number == 4 => {
                    same("the error", panic.message(), "the fourth")?;
                }
                outcome => same("a value", outcome?, number)?,
            }
        }
        Ok(())
    })
}

pub(super) fn run_coroutine_threadsafe_roundtrip(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (handle, event) = (here().handle(), Arc::new(Event::new()));
        let (done, outside) = (event.clone(), outside());
        let thread = thread::spawn(move || {
            let _outside = outside;
            let work = async {
                turns(2).await;
                thread::current().id()
            };
            let value = handle.spawn(work)?.wait()?;
            let error = handle.spawn(async { super::quiet_panic("no luck") })?.wait();
            let pinned = handle.spawn_pinned(async || {
                let not_send = std::rc::Rc::new(thread::current().id());
                turns(1).await;
                *not_send
            });
            let pinned = pinned?.wait()?;
            done.set();
            Ok::<_, Miss>((value, error, pinned))
        });
        event.wait().await;
        let (value, error, pinned) = joined(thread)??;
        same("the thread it ran on", value, thread::current().id())?;
        same("the thread of one that is built there", pinned, thread::current().id())?;
        match error {
            Err(JobError::Panicked(panic)) => same("the error", panic.message(), "no luck"),
            other => Err(Miss::Fail(format!("a coroutine that panics gave {other:?}"))),
        }
    })
}

pub(super) fn threadsafe_result_timeout_then_cancel(subject: &Subject<Loops>) -> Verdict {
    /// Tells on which thread it was dropped.
    struct Dropped(mpsc::Sender<thread::ThreadId>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _unheard = self.0.send(thread::current().id());
        }
    }
    subject.run(async || {
        let (handle, event) = (here().handle(), Arc::new(Event::new()));
        let done = event.clone();
        let (sender, dropped) = mpsc::channel();
        let (began, begun) = mpsc::channel();
        let outside = outside();
        let thread = thread::spawn(move || {
            let _outside = outside;
            let guard = Dropped(sender);
            let mut job = handle.try_submit(async move {
                let _guard = guard;
                let _unheard = began.send(());
                pending::<()>().await;
            })?;
            begun.recv_timeout(GRACE)?;
            let early = job.wait_timeout(Duration::from_millis(1));
            ensure(early.is_none(), format!("a coroutine that waits gave {early:?}"))?;
            same("whether it runs on", (job.running(), job.done()), (true, false))?;
            same("cancelling it", job.cancel(), Cancel::Signalled)?;
            let outcome = job.wait();
            done.set();
            ensure(
                matches!(outcome, Err(JobError::Cancelled { started: true })),
                format!("a cancelled coroutine gave {outcome:?}"),
            )
        });
        event.wait().await;
        joined(thread)??;
        same("the thread its future was dropped on", dropped.try_recv().ok(), Some(thread::current().id()))
    })
}

pub(super) fn default_executor_shutdown_timeout(subject: &Subject<Loops>) -> Verdict {
    let gate = Gate::new();
    let mut runner = subject.runner()?;
    let work = gate.wait(1);
    let job = runner.run(async {
        let job = to_thread(move || work.perform());
        gate.arrived(1)?;
        Ok::<_, Miss>(job)
    })??;
    let report = runner.close(Duration::from_millis(20));
    let stragglers = report.executor.map(|executor| executor.stragglers.len());
    same("threads left behind, as reported", stragglers, Some(1))?;
    gate.open();
    drop(job);
    Ok(())
}

pub(super) fn to_thread_carries_context(subject: &Subject<Loops>) -> Verdict {
    static NUMBER: TaskLocal<u32> = TaskLocal::new();
    subject.run(async || {
        NUMBER.set(1);
        let thread = to_thread(|| {
            let seen = NUMBER.get();
            NUMBER.set(2);
            (seen, NUMBER.get())
        });
        same("in the thread", thread.await?, (Some(1), Some(2)))?;
        same("in the task", NUMBER.get(), Some(1))
    })
}

pub(super) fn wrong_thread_detected(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (handle, trace) = (here().handle(), Shared::default());
        let pushed = trace.clone();
        let refusals = to_thread(move || {
            let refusals = [
                Panic::catch(|| here().call_soon(|| ()).cancel()),
                Panic::catch(|| drop(here().call_later(GRACE, || ()))),
                Panic::catch(|| spawn(async {}).detach()),
            ];
            let crossed = handle.call_soon_threadsafe(move || pushed.push(1));
            (Loop::try_current().is_none(), refusals, crossed.is_ok())
        });
        let (none, refusals, crossed) = refusals.await?;
        ensure(none, "there is a loop on another thread")?;
        for refusal in refusals {
            let words = refusal.err().map(|panic| panic.message().to_owned()).unwrap_or_default();
            ensure(words.contains("LoopHandle"), format!("a call on another thread said: `{words}`"))?;
        }
        turns(2).await;
        same("whether the handle was refused, and what it called", (!crossed, trace.seen()), (false, vec![1]))
    })
}
