//! What a task tells of itself, and whom it tells that it has ended.

use crate::run;
use crate::trace::Trace;
use core_loop::{JoinError, Loop, all_tasks, current_task, spawn, spawn_cooperative, spawn_eager, yield_now};
use std::future::pending;

#[test]
fn the_current_task_is_the_one_whose_step_runs_and_a_callback_has_none() {
    run(async {
        let main = current_task().expect("inside a task");
        let task = spawn(async { current_task().expect("inside a task") }).named("child");
        let (watched, child) = (task.any(), task.await.expect("it ends"));
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
fn a_usual_task_counts_one_request_at_most_and_cannot_take_it_back() {
    run(async {
        let task = spawn(pending::<()>());
        assert_eq!(task.any().cancelling(), 0);
        task.cancel("one");
        task.cancel("two");
        assert_eq!((task.any().cancelling(), task.any().uncancel()), (1, 1));
        assert!(task.await.is_err());
        let cooperative = spawn_cooperative(async { Ok(()) });
        assert!(!{
            yield_now().await;
            cooperative.cancel("late")
        });
    });
}
