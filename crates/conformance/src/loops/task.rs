//! `task`: spawning and cancelling.

use super::{Loops, Trace, here, quiet_panic, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use core_loop::{
    JoinError, Task, TaskLocal, all_tasks, cancellable, current_task, finally, spawn, spawn_cooperative,
};
use std::cell::RefCell;
use std::fmt;
use std::future::pending;
use std::rc::Rc;
use std::thread;

/// That a task was cancelled, for this reason.
fn cancelled<T: fmt::Debug>(outcome: Result<T, JoinError>, wanted: &str) -> Verdict {
    match outcome {
        Err(JoinError::Cancelled(reason)) => same("the reason", reason.as_str(), wanted),
        other => Err(Miss::Fail(format!("a cancelled task gave {other:?}"))),
    }
}

pub(super) fn spawn_is_lazy_fifo(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        for number in 0..2 {
            let trace = trace.clone();
            spawn(async move { trace.note(number) }).detach();
        }
        same("what ran inside the spawn", trace.seen(), [0; 0])?;
        turns(1).await;
        same("the tasks", trace.seen(), [0, 1])
    })
}

pub(super) fn cancel_before_first_poll(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let (began, captured) = (trace.clone(), trace.on_drop("captures dropped"));
        let task = spawn(async move {
            let _captured = captured;
            began.note("began");
        });
        same("cancelling it", task.cancel("too soon"), true)?;
        cancelled(task.await, "too soon")?;
        same("what happened", trace.seen(), ["captures dropped"])
    })
}

pub(super) fn cancel_blocked(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let guard = trace.on_drop("dropped");
        let task = spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        turns(1).await;
        same("cancelling it", task.cancel("enough"), true)?;
        same("whether it is done inside the call", task.done(), false)?;
        turns(1).await;
        same("whether it is done one turn later", task.done(), true)?;
        same("its destructors", trace.seen(), ["dropped"])?;
        cancelled(task.await, "enough")
    })
}

pub(super) fn cancel_done_is_false(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let task = spawn(async { 5 });
        turns(1).await;
        same("whether it is done", task.done(), true)?;
        same("a cancel after the end", task.cancel("late"), false)?;
        same("the output", task.await?, 5)
    })
}

/// A task that cancels itself in its first step, notes that it goes on, and then does `rest`.
async fn cancels_itself<F>(trace: &Trace<&'static str>, rest: F) -> Result<F::Output, JoinError>
where
    F: Future + 'static,
{
    let own = Rc::new(RefCell::new(None::<Task<F::Output>>));
    let (itself, trace) = (own.clone(), trace.clone());
    let task = spawn(async move {
        if itself.borrow().as_ref().is_some_and(|task| task.cancel("by itself")) {
            trace.note("went on");
        }
        rest.await
    });
    own.replace(Some(task));
    turns(3).await;
    let task = own.take().expect("the task only looked at its handle");
    task.await
}

pub(super) fn self_cancel_hits_next_await(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let later = trace.clone();
        let outcome = cancels_itself(&trace, async move {
            turns(1).await;
            later.note("went on after an await");
        });
        cancelled(outcome.await, "by itself")?;
        same("what the task did", trace.seen(), ["went on"])
    })
}

pub(super) fn cancel_then_return_is_cancelled(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let outcome = cancels_itself(&trace, async { 5 }).await;
        same("what the task did", trace.seen(), ["went on"])?;
        cancelled(outcome, "by itself")
    })
}

pub(super) fn cancel_reaches_awaited_task(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let guard = trace.on_drop("the awaited task's future");
        let outer = spawn(async move {
            let inner = spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
            inner.await
        });
        turns(3).await;
        outer.cancel("all of it");
        turns(3).await;
        same("what was dropped", trace.seen(), ["the awaited task's future"])?;
        cancelled(outer.await, "all of it")
    })
}

pub(super) fn cancel_waits_for_awaited_task(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let cleaning = |name| {
            let trace = trace.clone();
            async move |()| {
                turns(3).await;
                trace.note(name);
            }
        };
        let inner = spawn(finally((), async |()| pending::<()>().await, cleaning("the awaited task")));
        let outer = spawn(finally((), async move |()| drop(inner.await), cleaning("its awaiter")));
        turns(2).await;
        outer.cancel("all of it");
        cancelled(outer.await, "all of it")?;
        same("the clean-ups that had ended by then", trace.seen(), ["the awaited task", "its awaiter"])
    })
}

pub(super) fn cleanup_failure_replaces_cancel(subject: &Subject<Loops>) -> Verdict {
    struct Fails;
    impl Drop for Fails {
        fn drop(&mut self) {
            quiet_panic("in a destructor");
        }
    }
    subject.run(async || {
        let reports = Trace::new();
        let handler = reports.clone();
        here().set_exception_handler(move |_, context| {
            handler.note(context.panic.map(|panic| panic.message().to_owned()));
        });
        let task = spawn(async {
            let _fails = Fails;
            pending::<()>().await;
        });
        turns(1).await;
        task.cancel("enough");
        cancelled(task.await, "enough")?;
        same("the reports", reports.seen(), [Some("in a destructor".to_owned())])?;
        same("another task", spawn(async { 1 }).await?, 1)
    })
}

pub(super) fn two_cancels_one_delivery(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let guard = trace.on_drop("dropped");
        let task = spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        turns(1).await;
        same("the first cancel", task.cancel("first"), true)?;
        same("the second cancel", task.cancel("second"), true)?;
        same("the requests", task.any().cancelling(), 2)?;
        cancelled(task.await, "first")?;
        same("what was dropped", trace.seen(), ["dropped"])
    })
}

pub(super) fn awaited_future_cancelled_by_other(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let inner = Rc::new(RefCell::new(None));
        let cancel = spawn(pending::<()>());
        inner.replace(Some(cancel));
        let awaited = inner.clone();
        let outer = spawn(async move {
            // The handle is borrowed for every poll only, so that somebody else can reach it.
            let outcome = std::future::poll_fn(|cx| match &mut *awaited.borrow_mut() {
                Some(task) => std::pin::Pin::new(task).poll(cx),
                None => unreachable!("it was put there above"),
            })
            .await;
            matches!(outcome, Err(JoinError::Cancelled(_)))
        });
        turns(2).await;
        inner.borrow().as_ref().inspect(|task| assert!(task.cancel("by somebody else")));
        same("whether the awaiter saw the cancel", outer.await?, true)
    })
}

pub(super) fn dropped_handle_keeps_running(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let task = trace.clone();
        let thread = thread::current().id();
        drop(spawn(async move {
            turns(3).await;
            task.note(thread::current().id());
        }));
        turns(5).await;
        ensure(trace.seen() == [thread], "a task whose handle was dropped did not go on")
    })
}

pub(super) fn cancel_can_be_swallowed(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let task = spawn_cooperative(async {
            let interrupted = cancellable(pending::<()>()).await.is_err();
            turns(1).await;
            Ok(interrupted)
        });
        turns(1).await;
        task.cancel("ignored");
        same("whether it was interrupted, as its output", task.await?, true)
    })
}

pub(super) fn two_requests_one_error(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let task = spawn_cooperative(async {
            let first = cancellable(pending::<()>()).await.is_err();
            let second = cancellable(turns(1)).await.is_err();
            let counted = current_task().map(|me| me.cancelling());
            Ok((first, second, counted))
        });
        turns(1).await;
        task.cancel("first");
        task.cancel("second");
        same("the errors and the count", task.await?, (true, false, Some(2)))
    })
}

pub(super) fn uncancel_before_delivery(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let task = spawn_cooperative(async { cancellable(turns(3)).await });
        turns(1).await;
        task.cancel("a mistake");
        same("the requests that are left", task.any().uncancel(), 0)?;
        same("its output", task.await?, ())
    })
}

pub(super) fn self_request_hits_next_await(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let task = spawn_cooperative(async {
            if let Some(me) = current_task() {
                me.cancel("by itself");
            }
            let next = cancellable(turns(1)).await.is_err();
            let after = cancellable(turns(1)).await.is_err();
            Ok((next, after))
        });
        same("whether the awaits were interrupted", task.await?, (true, false))
    })
}

pub(super) fn self_await_rejected(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let handle = Rc::new(RefCell::new(None::<Task<()>>));
        let own = handle.clone();
        let task = spawn(async move {
            turns(1).await;
            let Some(me) = own.take() else { return };
            let _outcome = me.await;
        });
        let watched = task.any();
        handle.replace(Some(task));
        turns(3).await;
        same("whether it has ended", watched.done(), true)
    })
}

pub(super) fn current_follows_interleaving(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let wrong = Rc::new(RefCell::new(0));
        let alternating = [(); 2].map(|()| {
            let wrong = wrong.clone();
            spawn(async move {
                let me = current_task();
                for _ in 0..3 {
                    turns(1).await;
                    *wrong.borrow_mut() += usize::from(current_task() != me || me.is_none());
                }
            })
        });
        let (seen, noted) = (Trace::new(), Trace::new());
        let inside = seen.clone();
        super::here().call_soon(move || inside.note(current_task().is_some()));
        for task in alternating {
            noted.note(task.any());
            task.await?;
        }
        same("steps with a wrong current task", *wrong.borrow(), 0)?;
        same("whether a callback has one", seen.seen(), [false])?;
        let handles = noted.seen();
        same("whether the two are the same", handles.first() == handles.get(1), false)
    })
}

pub(super) fn all_tasks_excludes_done_and_foreign(subject: &Subject<Loops>) -> Verdict {
    let other = subject.runner()?;
    let foreign = other.get_loop().spawn(pending::<()>());
    subject.run(async || {
        let (done, waiting) = (spawn(async {}), spawn(pending::<()>()));
        turns(1).await;
        let all = all_tasks();
        same("whether the one that has ended is there", all.contains(&done.any()), false)?;
        same("whether the one that waits is there", all.contains(&waiting.any()), true)?;
        same("whether another loop's is there", all.contains(&foreign.any()), false)?;
        waiting.cancel("enough");
        Ok(())
    })
}

pub(super) fn done_callbacks_deferred_in_order(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let task = spawn(async {});
        let add = |name: &'static str| {
            let trace = trace.clone();
            task.any().add_done_callback(move |_| trace.note(name));
        };
        add("first");
        add("second");
        turns(1).await;
        same("what ran in the turn of the end", trace.seen(), [""; 0])?;
        turns(1).await;
        add("late");
        same("what ran in the turn after", trace.seen(), ["first", "second"])?;
        turns(1).await;
        same("all of it", trace.seen(), ["first", "second", "late"])
    })
}

static NUMBER: TaskLocal<u32> = TaskLocal::new();

pub(super) fn context_copied_at_spawn(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        NUMBER.set(1);
        let changing = spawn(async {
            NUMBER.set(2);
            turns(2).await;
            (NUMBER.get(), spawn(async { NUMBER.get() }).await.ok().flatten())
        });
        let sibling = spawn(async {
            turns(1).await;
            NUMBER.get()
        });
        let trace = Trace::new();
        let noting = trace.clone();
        here().call_soon(move || noting.note(NUMBER.get()));
        NUMBER.set(3);
        same("the task and its child", changing.await?, (Some(2), Some(2)))?;
        same("its sibling", sibling.await?, Some(1))?;
        same("a callback that was registered before the parent's change", trace.seen(), [Some(1)])?;
        same("the parent", NUMBER.get(), Some(3))
    })
}

pub(super) fn cancel_in_the_last_destructor_is_false(subject: &Subject<Loops>) -> Verdict {
    /// Cancels its own task when it is dropped, and notes whether that was in time.
    struct Late(Rc<RefCell<Option<Task<u8>>>>, Trace<bool>);
    impl Drop for Late {
        fn drop(&mut self) {
            self.1.note(self.0.borrow().as_ref().is_some_and(|task| task.cancel("too late")));
        }
    }
    subject.run(async || {
        let (own, trace) = (Rc::new(RefCell::new(None)), Trace::new());
        // Captured, so that it goes with the future, after that gave its output.
        let mut late = Some(Late(own.clone(), trace.clone()));
        own.replace(Some(spawn(std::future::poll_fn(move |_| {
            let _kept = &mut late;
            std::task::Poll::Ready(7)
        }))));
        turns(2).await;
        same("whether it was in time", trace.seen(), [false])?;
        let task = own.take().ok_or_else(|| Miss::Fail("the handle is gone".to_owned()))?;
        same("the output", task.await?, 7)
    })
}

pub(super) fn requests_count_in_the_clean_up(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let seen = trace.clone();
        let task = spawn(finally(
            (),
            async |()| pending::<()>().await,
            async move |()| {
                turns(1).await;
                seen.note(super::requests());
            },
        ));
        turns(1).await;
        task.cancel("one");
        task.cancel("two");
        turns(1).await;
        same("whether it is done while it cleans up", task.done(), false)?;
        same("a cancel that comes then", task.cancel("three"), false)?;
        let any = task.any();
        cancelled(task.await, "one")?;
        same("the requests, as the clean-up counts them", trace.seen(), [2])?;
        same("the requests, afterwards", any.cancelling(), 2)
    })
}

pub(super) fn the_end_is_told_without_the_type(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let well = spawn(async {
            turns(2).await;
            String::from("an output")
        });
        let listeners = [spawn(well.any()), spawn(well.any())];
        same("how it ended, before the end", well.any().result().is_none(), true)?;
        same("the output, to the handle", well.await?, "an output")?;
        for listener in listeners {
            same("the end, to each who awaits it", listener.await?.is_ok(), true)?;
        }
        let asked = spawn(pending::<()>());
        asked.cancel("enough");
        cancelled(asked.any().await, "enough")?;
        same("whether it was cancelled", (asked.cancelled(), asked.any().cancelled()), (true, true))?;
        let panics = spawn(async { super::quiet_panic("no luck") });
        match panics.any().await {
            Err(JoinError::Panicked(panic)) => same("the panic", panic.message(), "no luck")?,
            other => return Err(Miss::Fail(format!("a task that panics ended with {other:?}"))),
        }
        // Whoever awaits it is cancelled, and the task along.
        let along = spawn(pending::<()>());
        let awaiter = spawn(along.any());
        turns(1).await;
        awaiter.cancel("both");
        cancelled(awaiter.await, "both")?;
        same("the task that was awaited", along.cancelled(), true)
    })
}
