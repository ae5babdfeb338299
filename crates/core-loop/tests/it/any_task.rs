//! What a task tells of itself, and whom it tells that it has ended.

use crate::run;
use crate::trace::Trace;
use core_loop::{
    Elapsed, JoinError, Loop, NativeDriver, ReturnWhen, Runner, Task, Waitable, all_tasks, as_completed,
    cancellable, current_task, finally, spawn, spawn_cooperative, spawn_eager, wait, wait_for, yield_now,
};
use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

#[test]
fn the_current_task_is_the_one_whose_step_runs_and_a_callback_has_none() {
    run(async {
        let main = current_task().expect("inside a task");
        let task = spawn(async { current_task() }).named("child");
        let (watched, child) = (task.any(), task.await.expect("it ends"));
        let child = child.expect("inside a task");
        assert_eq!(child, watched);
        assert_eq!((child.name().as_str(), child.parent()), ("child", Some(main.id())));
        assert_ne!(child, main);
        let seen = std::rc::Rc::new(std::cell::Cell::new(true));
        let told = seen.clone();
        Loop::current().call_soon(move || told.set(current_task().is_some()));
        yield_now().await;
        assert!(!seen.get());
    });
    assert!(current_task().is_none());
}

#[test]
fn all_tasks_are_those_that_have_not_ended_in_the_order_of_their_spawns() {
    run(async {
        let names = || all_tasks().iter().map(core_loop::AnyTask::name).collect::<Vec<_>>();
        let first = spawn(pending::<()>()).named("first");
        let second = spawn(async {}).named("second");
        let third = spawn(pending::<()>()).named("third");
        assert_eq!(names()[1..], ["first", "second", "third"]);
        second.await.expect("it ends");
        assert_eq!(names()[1..], ["first", "third"]);
        first.cancel("");
        third.cancel("");
    });
}

#[test]
fn done_callbacks_are_called_in_order_soon_after_the_end_and_can_be_taken_back() {
    run(async {
        let trace = Trace::default();
        let task = spawn(async {});
        for number in 0..4 {
            let trace = trace.clone();
            let handle = task.any().add_done_callback(move |task| {
                assert!(task.done());
                trace.add(number);
            });
            if number == 2 {
                handle.cancel();
            }
        }
        yield_now().await;
        assert_eq!(trace.take(), "", "the task has ended just now");
        yield_now().await;
        assert_eq!(trace.take(), "0 1 3");
        let late = trace.clone();
        task.any().add_done_callback(move |_| late.add("late"));
        assert_eq!(trace.take(), "", "not inside the call");
        yield_now().await;
        assert_eq!(trace.take(), "late");
    });
}

#[test]
fn a_done_callback_that_panics_does_not_keep_the_next_from_being_called() {
    run(async {
        let trace = Trace::default();
        let (reported, called) = (trace.clone(), trace.clone());
        Loop::current().set_exception_handler(move |_, context| {
            reported.add(context.panic.map_or("?".to_owned(), |panic| panic.message().to_owned()));
        });
        let task = spawn(async {});
        task.any().add_done_callback(|_| panic!("oh"));
        task.any().add_done_callback(move |_| called.add("called"));
        yield_now().await;
        yield_now().await;
        assert_eq!(trace.take(), "oh called");
    });
}

#[test]
fn done_callbacks_of_a_task_that_is_dropped_by_the_close_are_dropped() {
    let trace = Trace::default();
    let guard = trace.on_drop("dropped");
    run(async move {
        spawn(pending::<()>()).any().add_done_callback(move |_| drop(guard));
    });
    assert_eq!(trace.take(), "dropped");
}

#[test]
fn an_outcome_can_be_looked_at_before_it_is_taken() {
    run(async {
        let task = spawn(async { String::from("seven") });
        assert!(task.result().is_none());
        yield_now().await;
        assert_eq!(task.result().expect("it has ended").expect("well"), "seven");
        assert_eq!(task.await.expect("well"), "seven");
        let cancelled = spawn(pending::<()>());
        cancelled.cancel("why");
        yield_now().await;
        assert!(
            matches!(cancelled.result(), Some(Err(JoinError::Cancelled(reason))) if reason.as_str() == "why")
        );
    });
}

#[test]
fn an_eager_task_runs_its_first_step_inside_the_call_as_itself() {
    run(async {
        let trace = Trace::default();
        let main = current_task().expect("inside a task");
        let inside = trace.clone();
        let task = spawn_eager(async move {
            inside.add(current_task().expect("inside a task").parent().expect("main"));
            yield_now().await;
            inside.add("later");
            7
        });
        assert_eq!(trace.take(), main.id().to_string());
        assert_eq!(current_task(), Some(main), "it is the caller's step again");
        assert!(!task.done());
        assert_eq!(task.await.expect("it ends"), 7);
        assert_eq!(trace.take(), "later");
        assert!(spawn_eager(async {}).done(), "what does not wait has ended");
    });
}

#[test]
fn an_eager_task_that_panics_is_told_to_its_handle_and_the_caller_goes_on() {
    run(async {
        let main = current_task();
        let task = spawn_eager(async { panic!("at once") });
        assert_eq!(current_task(), main);
        let outcome: Result<(), _> = task.await;
        assert!(matches!(outcome, Err(JoinError::Panicked(panic)) if panic.message() == "at once"));
    });
}

#[test]
fn cancels_of_a_usual_task_are_counted_also_while_it_cleans_up_and_none_can_be_taken_back() {
    run(async {
        let seen = Rc::new(Cell::new(None));
        let told = seen.clone();
        let guarded = finally(
            (),
            async |()| pending::<()>().await,
            async move |()| {
                let own = current_task().expect("a clean-up is the task's");
                yield_now().await;
                told.set(Some((own.cancelling(), own.done())));
            },
        );
        let task = spawn(guarded);
        yield_now().await;
        assert_eq!(task.any().cancelling(), 0);
        task.cancel("one");
        task.cancel("two");
        assert_eq!((task.any().cancelling(), task.any().uncancel()), (2, 2));
        yield_now().await;
        assert!(!task.done(), "it cleans up");
        assert!(!task.cancel("three"), "which no cancel interrupts");
        let any = task.any();
        assert!(matches!(task.await, Err(JoinError::Cancelled(reason)) if reason.as_str() == "one"));
        assert_eq!(seen.get(), Some((2, false)));
        assert_eq!(any.cancelling(), 2);
    });
}

#[test]
fn any_number_of_handles_await_the_end_and_hear_how_it_came_when_the_outcome_is_taken_too() {
    run(async {
        let task = spawn(async {
            yield_now().await;
            String::from("taken")
        });
        let listeners: Vec<_> = (0..3).map(|_| spawn(task.any())).collect();
        let late = task.any();
        assert!(late.result().is_none());
        assert_eq!(task.await.expect("it ends"), "taken");
        for listener in listeners {
            assert!(matches!(listener.await, Ok(Ok(()))));
        }
        assert!(matches!(late.result(), Some(Ok(()))));
        assert!(late.await.is_ok(), "also later");
    });
}

fn panics() -> Task<()> {
    spawn(async { std::panic::resume_unwind(Box::new("oh")) })
}

#[test]
fn a_cancel_and_a_panic_are_told_apart_without_the_type() {
    run(async {
        let cancelled = spawn(pending::<u8>());
        let any = cancelled.any();
        cancelled.cancel("why");
        assert!(!any.cancelled(), "it is asked, and has not ended");
        assert!(matches!(any.clone().await, Err(JoinError::Cancelled(reason)) if reason.as_str() == "why"));
        assert!(any.cancelled() && cancelled.cancelled());
        let panicked = panics();
        let any = panicked.any();
        assert!(matches!(any.clone().await, Err(JoinError::Panicked(panic)) if panic.message() == "oh"));
        assert!(!any.cancelled());
        assert!(matches!(panicked.await, Err(JoinError::Panicked(_))), "the payload is the handle's");
    });
}

#[test]
fn whoever_waits_on_another_loop_hears_that_the_close_has_dropped_the_task() {
    let runner = Runner::new(NativeDriver::new().expect("the native driver runs everywhere"));
    let task = runner.get_loop().spawn(pending::<()>());
    let any = task.any();
    run(async {
        let waiter = spawn(any.clone());
        yield_now().await;
        assert!(!waiter.done());
        // Inside another loop it drops everything on the spot.
        runner.close(Duration::ZERO);
        assert!(matches!(waiter.await, Ok(Err(JoinError::Shutdown))));
    });
    assert!(matches!(any.result(), Some(Err(JoinError::Shutdown))));
}

#[test]
fn a_cancelled_awaiter_takes_the_task_along_and_one_that_only_looks_does_not() {
    run(async {
        let task = spawn(pending::<()>());
        let awaiter = spawn(task.any());
        yield_now().await;
        awaiter.cancel("with it");
        assert!(awaiter.await.is_err());
        assert!(task.cancelled());

        let task = spawn(pending::<()>());
        let mut any = task.any();
        let looker = spawn(async move {
            let seen = wait([&mut any], ReturnWhen::ALL_COMPLETED).timeout(Duration::ZERO).await;
            assert_eq!((seen.done.len(), seen.pending.len()), (0, 1));
            any.shield().await
        });
        for _ in 0..3 {
            yield_now().await;
        }
        looker.cancel("alone");
        assert!(looker.await.is_err());
        assert!(!task.done());
        task.cancel("over");
    });
}

#[test]
fn tasks_of_different_types_are_waited_for_together() {
    run(async {
        let (number, word) = (spawn(async { 7 }), spawn(async { "seven" }));
        let mut both = [number.any(), word.any()];
        let seen = wait(&mut both, ReturnWhen::ALL_COMPLETED).await;
        assert_eq!(seen.done.len(), 2);
        let never = spawn(pending::<()>());
        let mut ended = as_completed([never.any(), word.any()]);
        assert_eq!(ended.next().await.map(|task| task.id()), Some(word.any().id()));
        drop(ended);
        assert!(matches!(wait_for(Duration::ZERO, never.any()).await, Err(Elapsed)));
        assert!(never.cancelled());
        assert_eq!((number.await.ok(), word.await.ok()), (Some(7), Some("seven")));
    });
}

#[test]
fn a_task_that_awaits_itself_without_its_handle_panics_instead_of_hanging() {
    run(async {
        let task = spawn(async { current_task().expect("inside a task").await });
        let Err(JoinError::Panicked(panic)) = task.await else { panic!("it went well") };
        assert!(panic.message().contains("a task cannot await itself"), "{panic}");
    });
}

#[test]
fn a_panic_that_was_heard_without_the_handle_is_not_reported_again_and_one_that_was_looked_at_is() {
    run(async {
        let reported = Trace::default();
        let told = reported.clone();
        Loop::current().set_exception_handler(move |_, context| told.add(&context.message));
        let task = panics();
        let any = task.any();
        task.detach();
        assert!(any.await.is_err());
        assert_eq!(reported.take(), "");
        let task = panics();
        let mut any = task.any();
        task.detach();
        wait([&mut any], ReturnWhen::ALL_COMPLETED).await;
        assert_eq!(reported.take(), "a panic that nobody awaited");
        let task = panics();
        yield_now().await;
        drop(task.cancel_on_drop());
        assert_eq!(reported.take(), "a panic that nobody awaited", "nobody has cancelled it by hand");
    });
}

#[test]
fn a_name_may_be_given_at_any_time_and_the_last_one_counts() {
    run(async {
        let task = spawn(async {
            let own = current_task().expect("inside a task");
            own.set_name(format!("{} renamed", own.name()));
        })
        .named("first");
        task.set_name("second");
        assert_eq!(task.name(), "second");
        let any = task.any();
        task.await.expect("it ends");
        assert_eq!(any.name(), "second renamed");
    });
}

#[test]
fn a_handle_and_one_without_the_type_are_asked_and_told_the_same() {
    run(async {
        let calls = Rc::new(Cell::new(0));
        let task = spawn_cooperative(async { cancellable(pending::<()>()).await });
        let any = task.any();
        assert_eq!((task.id(), task.parent(), task.name()), (any.id(), any.parent(), any.name()));
        assert_eq!(task.parent(), current_task().map(|main| main.id()));
        for handle in [task.add_done_callback(counts(&calls)), any.add_done_callback(counts(&calls))] {
            assert!(!handle.cancelled());
        }
        yield_now().await;
        assert!(task.cancel("once") && any.cancel("twice"));
        assert_eq!((task.cancelling(), any.cancelling()), (2, 2));
        assert_eq!((task.uncancel(), any.cancelling()), (1, 1));
        assert!(matches!(task.await, Err(JoinError::Cancelled(reason)) if reason.as_str() == "twice"));
        assert_eq!(calls.get(), 2, "before whoever awaits it goes on");
    });
}

/// Counts the calls.
fn counts(calls: &Rc<Cell<u32>>) -> impl FnOnce(&core_loop::AnyTask) + use<> {
    let calls = calls.clone();
    move |task| {
        assert!(task.done());
        calls.set(calls.get() + 1);
    }
}
