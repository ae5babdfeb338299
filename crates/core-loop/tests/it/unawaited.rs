//! Futures that nobody awaits, and errors that nobody reads: what debug mode reports of them.

use core_loop::{
    Awaitable, DebugReport, Future, JoinError, Loop, NativeDriver, ReturnWhen, Runner, sleep, spawn, timeout,
    wait, yield_now,
};
use std::future::pending;
use std::panic::Location;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A runner in debug mode, or not, and what it reports. What the exception handler is told, others test.
fn runner(debug: bool) -> (Runner, Receiver<DebugReport>) {
    let runner = Runner::new(NativeDriver::new().expect("it runs everywhere")).debug(debug);
    let (tell, told) = channel();
    let lp = runner.get_loop();
    lp.set_debug_handler(move |report| drop(tell.send(report.clone())));
    lp.set_exception_handler(|_, _| ());
    (runner, told)
}

/// The places of the futures that were never awaited.
fn never_awaited(told: &Receiver<DebugReport>) -> Vec<&'static Location<'static>> {
    let place = |report| match report {
        DebugReport::NeverAwaited { what: Awaitable::Future { created_at, .. }, .. } => Some(created_at),
        _ => None,
    };
    told.try_iter().filter_map(place).collect()
}

#[test]
fn a_future_that_was_set_and_never_awaited_is_reported_with_its_place() {
    let (mut runner, told) = runner(true);
    let line = runner.run(async {
        let (future, line) = (Future::new(), line!());
        future.set_result(1).expect("it is pending");
        drop(future.clone());
        assert!(never_awaited(&told).is_empty(), "there is still a handle");
        line
    });
    let [place] = never_awaited(&told)[..] else { panic!("one was made") };
    assert_eq!((place.file(), place.line()), (file!(), line.expect("it runs")));
}

#[test]
fn each_way_of_making_one_says_where_and_a_pending_one_counts_as_well() {
    let (mut runner, told) = runner(true);
    runner
        .run(async {
            drop(Future::<u8>::new());
            drop(Loop::current().create_future::<u8>());
            let (promise, future) = Future::promise();
            drop(future);
            promise.set_result(1).expect("nobody cancelled it");
        })
        .expect("it runs");
    let places = never_awaited(&told);
    assert_eq!(places.len(), 3);
    assert!(places.iter().all(|place| place.file() == file!()), "{places:?}");
}

#[test]
fn one_that_somebody_wanted_in_any_way_is_not_reported() {
    let (mut runner, told) = runner(true);
    runner
        .run(async {
            let set = || {
                let future = Future::new();
                future.set_result(1).expect("it is pending");
                future
            };
            assert_eq!(set().await.expect("it is set"), 1);
            assert_eq!(*set().result().expect("it is set"), 1);
            assert!(set().done());
            assert!(!set().cancelled());
            assert!(!set().cancel("not needed"));
            assert!(Future::<u8>::new().cancel("not needed"));
            set().add_done_callback(|| ());
            wait([&mut set()], ReturnWhen::ALL_COMPLETED).await;
            assert!(timeout(Duration::ZERO, Future::<u8>::new()).await.is_err());
            // The promise goes first, and takes back that there ever would be an outcome.
            let (promise, future) = Future::<u8>::promise();
            drop(promise);
            drop(future);
        })
        .expect("it runs");
    assert!(never_awaited(&told).is_empty());
}

#[test]
fn one_that_goes_with_somebody_who_was_cancelled_is_not_reported() {
    let (mut runner, told) = runner(true);
    runner
        .run(async {
            let holder = spawn(async {
                let _later = Future::<u8>::new();
                pending::<()>().await;
            });
            sleep(Duration::ZERO).await;
            yield_now().await;
            holder.cancel("before it could await");
            assert!(matches!(holder.await, Err(JoinError::Cancelled(_))));
        })
        .expect("it runs");
    assert!(never_awaited(&told).is_empty());
}

#[test]
fn one_whose_last_handle_goes_on_another_thread_is_reported_from_there() {
    let (mut runner, told) = runner(true);
    runner
        .run(async {
            let future = Future::<u8>::new();
            std::thread::spawn(move || drop(future)).join().expect("it ends");
        })
        .expect("it runs");
    assert_eq!(never_awaited(&told).len(), 1);
}

#[test]
fn without_debug_mode_nothing_is_reported() {
    let (mut runner, told) = runner(false);
    runner.run(async { drop(Future::<u8>::new()) }).expect("it runs");
    assert!(never_awaited(&told).is_empty());
}

#[test]
fn an_unread_error_of_a_task_and_one_of_a_future_are_reported_once_each() {
    let (mut runner, told) = runner(true);
    runner
        .run(async {
            spawn(async { Err::<(), _>("no luck") }).named("fails").detach();
            let future = Future::<Result<(), &str>>::new();
            future.set_exception("no luck").expect("it is pending");
            drop(future);
            yield_now().await;
            yield_now().await;
        })
        .expect("it runs");
    drop(runner);
    let all: Vec<_> = told.try_iter().collect();
    let [
        DebugReport::UnreadError { what: Awaitable::Future { created_at, .. }, type_name, .. },
        DebugReport::UnreadError { what: Awaitable::Task(task), .. },
    ] = &all[..]
    else {
        panic!("{all:?}")
    };
    assert_eq!((created_at.file(), *type_name), (file!(), "core::result::Result<(), &str>"));
    assert_eq!((&*task.name, task.spawned_at.file()), ("fails", file!()));
    let text = all[1].to_string();
    assert!(text.contains("task `fails` spawned at") && text.contains("await it"), "{text}");
}
