//! Errors that tasks give and nobody reads: in debug mode the exception handler hears of them.

use crate::trace::Trace;
use core_loop::{
    Loop, NativeDriver, ReturnWhen, Runner, Task, all_tasks, gather, shield, spawn, timeout, wait, yield_now,
};
use std::future::pending;
use std::io;
use std::time::Duration;

/// What the exception handler is told while `main` runs, in debug mode or not.
fn told(debug: bool, main: impl Future<Output = ()>) -> String {
    let mut runner =
        Runner::new(NativeDriver::new().expect("the native driver runs everywhere")).debug(debug);
    let trace = Trace::default();
    let told = trace.clone();
    let handle = move |_: &Loop, context: &core_loop::ExceptionContext<'_>| {
        let error = context.error.and_then(|error| error.downcast_ref::<Result<(), io::Error>>());
        match error {
            Some(Err(error)) => {
                told.add(format!("{}:{error}", context.task.as_ref().map_or("?", |task| &task.name)))
            }
            _ => told.add(context),
        }
    };
    runner.get_loop().set_exception_handler(handle);
    runner.run(main).expect("it runs");
    drop(runner);
    trace.take()
}

async fn fails() -> io::Result<()> {
    yield_now().await;
    Err(io::Error::other("no-luck"))
}

async fn turns() {
    for _ in 0..4 {
        yield_now().await;
    }
}

#[test]
fn the_error_of_a_detached_task_is_told_once_with_the_task() {
    let told = told(true, async {
        spawn(fails()).named("early").detach();
        let late = spawn(fails()).named("late");
        turns().await;
        assert!(late.done());
        late.detach();
    });
    assert_eq!(told, "early:no-luck late:no-luck");
}

#[test]
fn the_words_name_the_type_the_task_and_its_place() {
    let told = told(true, async {
        spawn(async { Err::<u8, _>("no luck") }).named("worker").detach();
        turns().await;
    });
    let words = "an error that nobody read, a `core::result::Result<u8, &str>`, in task `worker` spawned at ";
    assert!(told.starts_with(words), "{told}");
    assert!(told.contains(file!()), "{told}");
}

#[test]
fn what_is_no_error_and_what_was_read_or_cancelled_is_not_told() {
    let told = told(true, async {
        spawn(async { Ok::<_, io::Error>(()) }).detach();
        spawn(async { "fine" }).detach();
        assert!(spawn(fails()).await.expect("it ends").is_err());
        let looked_at = spawn(fails());
        let cancelled = spawn(fails());
        turns().await;
        assert!(matches!(looked_at.result(), Some(Ok(Err(_)))));
        assert!(!cancelled.cancel("not needed"));
        // A gather tells of the first one, and nobody misses the others.
        drop(gather((fails(), fails())).await);
        assert!(timeout(Duration::ZERO, spawn(pending::<io::Result<()>>())).await.is_err());
    });
    assert_eq!(told, "");
}

#[test]
fn an_error_that_was_only_waited_for_and_one_behind_a_shield_that_is_gone_are_told() {
    let told = told(true, async {
        let mut waited = spawn(fails()).named("waited");
        wait([&mut waited], ReturnWhen::ALL_COMPLETED).await;
        drop(waited);
        assert!(timeout(Duration::ZERO, shield(fails())).await.is_err());
        turns().await;
    });
    let (waited, shielded) = told.split_once(' ').expect("two");
    assert_eq!(waited, "waited:no-luck");
    assert!(shielded.ends_with(":no-luck"), "{told}");
}

#[test]
fn without_debug_mode_it_is_an_output_like_any_other() {
    let told = told(false, async {
        spawn(fails()).detach();
        turns().await;
    });
    assert_eq!(told, "");
}

/// Spawns a task when it is dropped.
struct Spawns;

impl Drop for Spawns {
    fn drop(&mut self) {
        spawn(async {}).detach();
    }
}

#[test]
fn a_handler_that_uses_the_loop_and_an_output_whose_destructor_does_are_no_harm() {
    let mut runner = Runner::new(NativeDriver::new().expect("the native driver runs everywhere")).debug(true);
    let count = runner.run(async {
        Loop::current().set_exception_handler(|_, _| {
            let tasks = all_tasks().len();
            spawn(async move { assert!(tasks > 0) }).named("by the handler").detach();
        });
        let fails: Task<Result<(), Spawns>> = spawn(async { Err(Spawns) });
        fails.detach();
        turns().await;
        all_tasks().len()
    });
    assert_eq!(count.expect("it runs"), 1);
}

#[test]
fn the_error_of_a_future_that_nobody_read_is_told_when_its_last_handle_goes() {
    let told = told(true, async {
        type Output = Result<(), &'static str>;
        let future = core_loop::Future::<Output>::new();
        let other = future.clone();
        future.set_exception("no luck").expect("it is pending");
        drop(future);
        // It is looked at, and not read.
        assert!(other.done() && !other.cancelled());
        drop(other);
        let (promise, future) = core_loop::Future::<Output>::promise();
        promise.set_exception("no luck").expect("it is pending");
        drop(future);
        for read in 0..4 {
            let future = core_loop::Future::<Output>::new();
            let set = if read == 3 { Ok(()) } else { Err("no luck") };
            future.set_result(set).expect("it is pending");
            match read {
                0 => assert!(future.exception().expect("it is set").is_some()),
                1 => assert_eq!(future.await.expect("nobody cancelled it"), Err("no luck")),
                2 => assert!(!future.cancel("not needed")),
                _ => {}
            }
        }
    });
    let one = "an error that nobody read, a `core::result::Result<(), &str>`, was set in a future";
    assert_eq!(told, format!("{one} {one}"));
}
