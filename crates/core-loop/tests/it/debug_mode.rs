//! Debug mode: what it reports, and that it is off.

use crate::alone::alone;
use core_loop::{
    Awaitable, DebugReport, Doing, Loop, NativeDriver, Runner, StepInfo, Task, sleep, spawn, yield_now,
};
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A runner in debug mode, and what it reports.
fn debugged() -> (Runner, Receiver<DebugReport>) {
    let runner = Runner::new(NativeDriver::new().unwrap()).debug(true);
    let (tell, told) = channel();
    runner.get_loop().set_debug_handler(move |report| drop(tell.send(report.clone())));
    (runner, told)
}

/// All that was reported of these kinds.
fn reports(told: &Receiver<DebugReport>, wanted: impl Fn(&DebugReport) -> bool) -> Vec<DebugReport> {
    told.try_iter().filter(wanted).collect()
}

/// Computes until `time` has passed.
fn burn(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// How long the task of that name has blocked its loop, if that is what the report is about.
fn blocked_so_far(report: &DebugReport, name: &str) -> Option<Duration> {
    match report {
        DebugReport::Blocked { step: StepInfo::Task(task), so_far, .. } if task.name == name => Some(*so_far),
        _ => None,
    }
}

/// Whether it says of a blocked loop that it does this. Where the kernel does not tell, nothing can be said.
fn blocked_doing(report: &DebugReport, what: impl Fn(Doing) -> bool) -> bool {
    matches!(report, DebugReport::Blocked { doing, .. } if what(*doing) || *doing == Doing::Unknown)
}

fn is_slow(report: &DebugReport) -> bool {
    matches!(report, DebugReport::SlowStep { .. })
}

const SLOW: Duration = Duration::from_millis(2);

#[test]
fn a_slow_step_is_reported_with_its_task_its_place_and_its_time() {
    let (mut runner, told) = debugged();
    let place = runner.run(async {
        Loop::current().set_slow_callback_duration(SLOW);
        let task = spawn(async { burn(SLOW) }).named("slow");
        let place = task.spawned_at();
        task.await.unwrap();
        place
    });
    let seen = reports(&told, is_slow).into_iter().find_map(|report| match report {
        DebugReport::SlowStep { step: StepInfo::Task(task), took, .. } if task.name == "slow" => {
            Some((task, took))
        }
        _ => None,
    });
    let (task, took) = seen.expect("it was slow");
    assert_eq!(task.spawned_at, place.unwrap());
    assert!(took >= SLOW);
}

#[test]
fn a_slow_callback_and_one_from_a_thread_are_reported() {
    let (mut runner, told) = debugged();
    runner
        .run(async {
            let lp = Loop::current();
            lp.set_slow_callback_duration(SLOW);
            lp.call_soon(|| burn(SLOW));
            lp.handle().call_soon_threadsafe(|| burn(SLOW)).unwrap();
            yield_now().await;
            yield_now().await;
        })
        .unwrap();
    let seen = reports(&told, is_slow);
    let of = |step: fn(&StepInfo) -> bool| {
        seen.iter().any(|report| matches!(report, DebugReport::SlowStep { step: is, .. } if step(is)))
    };
    assert!(of(
        |step| matches!(step, StepInfo::Callback { registered_at, .. } if registered_at.file() == file!())
    ));
    assert!(of(|step| matches!(step, StepInfo::FromThread)));
}

#[test]
fn a_slow_step_that_panics_is_reported_too() {
    let (mut runner, told) = debugged();
    runner
        .run(async {
            Loop::current().set_slow_callback_duration(SLOW);
            let task = spawn(async {
                burn(SLOW);
                std::panic::resume_unwind(Box::new("at the end"));
            });
            assert!(task.named("panics").await.is_err());
        })
        .unwrap();
    assert!(reports(&told, is_slow).iter().any(|report| report.to_string().contains("`panics`")));
}

#[test]
fn a_task_that_never_yields_is_named_while_it_blocks_the_loop() {
    let (mut runner, told) = debugged();
    runner
        .run(async {
            Loop::current().set_slow_callback_duration(Duration::from_millis(1));
            // It blocks until it is reported: without a watchdog for ever.
            let task = spawn(async move {
                // Where the machine stands still, it seems as if other steps blocked too.
                told.iter().any(|report| blocked_so_far(&report, "never yields").is_some())
            });
            assert!(task.named("never yields").await.unwrap());
        })
        .unwrap();
}

#[test]
fn the_report_of_a_blocked_loop_names_its_thread_as_the_system_does() {
    let loops = std::thread::Builder::new().name("hangs".to_owned());
    let checked = loops.spawn(|| {
        let (mut runner, told) = debugged();
        runner.run(async {
            Loop::current().set_slow_callback_duration(Duration::from_millis(1));
            spawn(async move {
                told.iter().find(|report| matches!(report, DebugReport::Blocked { .. })).expect("it blocks")
            })
            .await
            .unwrap()
        })
    });
    let report = checked.unwrap().join().unwrap().unwrap();
    let DebugReport::Blocked { thread, .. } = &report else { panic!("{report}") };
    assert_eq!(thread.name.as_deref(), Some("hangs"));
    assert_ne!(
        thread.tid,
        nix::unistd::gettid().as_raw(),
        "it is the loop's, and neither the watchdog's nor this one's"
    );
    assert!(
        report.to_string().starts_with(&format!("the loop on thread `hangs` (tid {})", thread.tid)),
        "{report}"
    );
}

#[test]
fn the_report_of_a_blocked_loop_says_whether_it_waits_and_in_what_or_computes() {
    let (mut runner, told) = debugged();
    runner
        .run(async move {
            Loop::current().set_slow_callback_duration(Duration::from_millis(1));
            let task = spawn(async move {
                let waits = |doing| matches!(doing, Doing::SystemCall { name: Some("futex"), .. });
                assert!(
                    told.iter().any(|report| blocked_doing(&report, waits)),
                    "an empty channel is waited for"
                );
                while !told
                    .try_recv()
                    .is_ok_and(|report| blocked_doing(&report, |doing| doing == Doing::Computing))
                {
                    std::hint::spin_loop();
                }
            });
            task.await.unwrap();
        })
        .unwrap();
}

#[test]
fn a_step_that_goes_on_blocking_is_reported_again() {
    let (mut runner, told) = debugged();
    runner
        .run(async {
            Loop::current().set_slow_callback_duration(Duration::from_millis(1));
            let task = spawn(async move {
                let blocked = told.iter().filter_map(|report| blocked_so_far(&report, "goes on"));
                blocked.take(3).collect::<Vec<_>>()
            });
            let so_far = task.named("goes on").await.unwrap();
            assert!(so_far.windows(2).all(|pair| pair[1] >= 2 * pair[0]), "{so_far:?}");
        })
        .unwrap();
}

/// Two tasks that await each other.
fn circle() -> Task<()> {
    let place: Rc<RefCell<Option<Task<()>>>> = Rc::default();
    let theirs = place.clone();
    let one = spawn(async move {
        let other = theirs.take().expect("put there below");
        let _ = other.await;
    });
    let one = one.named("one");
    let two = spawn(async {
        let _ = one.await;
    });
    place.replace(Some(two.named("two")));
    spawn(async {})
}

#[test]
fn tasks_that_begin_to_await_each_other_are_named_once() {
    let (mut runner, told) = debugged();
    runner
        .run(async {
            circle().await.unwrap();
            yield_now().await;
        })
        .unwrap();
    let seen = reports(&told, |report| matches!(report, DebugReport::AwaitCycle { .. }));
    let [DebugReport::AwaitCycle { tasks, .. }] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(tasks.iter().map(|task| &*task.name).collect::<Vec<_>>(), ["two", "one"]);
    let text = seen[0].to_string();
    assert!(
        text.contains("task `two` spawned at") && text.contains("which awaits `two`; let one of them"),
        "{text}"
    );
}

#[test]
fn an_await_that_was_given_up_is_no_part_of_a_circle() {
    let (mut runner, told) = debugged();
    runner
        .run(async {
            let main: Rc<RefCell<Option<Task<()>>>> = Rc::default();
            let theirs = main.clone();
            let mut other = spawn(async move {
                yield_now().await;
                yield_now().await;
                let main = theirs.take().expect("put there below");
                let _ = main.await;
            });
            let task = spawn(async move {
                // Looks at the other once, then goes on alone.
                assert!(futures_lite::future::poll_once(&mut other).await.is_none());
                for _ in 0..5 {
                    yield_now().await;
                }
                other.detach();
            });
            main.replace(Some(task));
            for _ in 0..10 {
                yield_now().await;
            }
        })
        .unwrap();
    assert_eq!(reports(&told, |report| matches!(report, DebugReport::AwaitCycle { .. })), []);
}

#[test]
fn a_task_that_awaits_itself_panics_and_says_so() {
    let (mut runner, _told) = debugged();
    runner
        .run(async {
            let place: Rc<RefCell<Option<Task<()>>>> = Rc::default();
            let theirs = place.clone();
            let (tell, told) = channel();
            let task = spawn(async move {
                let mut itself = theirs.take().expect("put there below");
                let caught = contract::Panic::catch(|| {
                    let waker = std::task::Waker::noop();
                    std::pin::Pin::new(&mut itself).poll(&mut std::task::Context::from_waker(waker))
                });
                tell.send(caught.map(|_| ()).expect_err("it would wait for ever").message().to_owned())
                    .unwrap();
                itself.detach();
            });
            place.replace(Some(task));
            yield_now().await;
            assert!(told.recv().unwrap().starts_with("a task cannot await itself"));
        })
        .unwrap();
}

#[test]
fn a_task_that_is_destroyed_while_pending_is_reported_with_its_place() {
    let (mut runner, told) = debugged();
    runner
        .run(async {
            let stubborn =
                core_loop::finally((), async |()| pending::<()>().await, async |()| pending().await);
            spawn(stubborn).named("stubborn").detach();
            yield_now().await;
        })
        .unwrap();
    runner.close(Duration::ZERO);
    let seen = reports(&told, |report| matches!(report, DebugReport::DestroyedPending { .. }));
    let [DebugReport::DestroyedPending { task, .. }] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((&*task.name, task.spawned_at.file()), ("stubborn", file!()));
}

#[test]
fn a_handle_that_goes_unawaited_is_reported_and_a_detached_one_is_not() {
    let (mut runner, told) = debugged();
    runner
        .run(async {
            drop(spawn(yield_now()).named("forgotten"));
            spawn(yield_now()).named("detached").detach();
            drop(spawn(yield_now()).named("cancelled on drop").cancel_on_drop());
            let cancelled = spawn(yield_now()).named("cancelled");
            cancelled.cancel("enough");
            drop(cancelled);
            let ended = spawn(async {}).named("ended");
            yield_now().await;
            drop(ended);
            let _ = core_loop::gather((async {}, async {})).await;
        })
        .unwrap();
    runner.close(Duration::from_secs(10));
    let seen = reports(&told, |report| matches!(report, DebugReport::NeverAwaited { .. }));
    let [DebugReport::NeverAwaited { what: Awaitable::Task(task), .. }] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(task.name, "forgotten");
}

#[test]
fn a_handle_that_goes_with_a_cancelled_task_is_not_reported() {
    let (mut runner, told) = debugged();
    runner
        .run(async {
            let holder = spawn(async {
                let _later = spawn(pending::<()>());
                pending::<()>().await;
            });
            yield_now().await;
            yield_now().await;
            holder.cancel("before it could await");
            assert!(holder.await.is_err());
        })
        .unwrap();
    runner.close(Duration::from_secs(10));
    assert_eq!(reports(&told, |report| matches!(report, DebugReport::NeverAwaited { .. })), []);
}

#[test]
fn it_is_off_unless_asked_for_and_can_be_switched_while_the_loop_runs() {
    alone(
        "debug_mode::it_is_off_unless_asked_for_and_can_be_switched_while_the_loop_runs",
        "unset CORE_LOOP_DEBUG",
        || {
            crate::run(async {
                let lp = Loop::current();
                assert!(!lp.get_debug());
                let (tell, told) = channel();
                lp.set_debug_handler(move |report| drop(tell.send(report.clone())));
                lp.set_slow_callback_duration(SLOW);
                let slow = || spawn(async { burn(SLOW) });
                slow().await.unwrap();
                assert_eq!(reports(&told, is_slow), []);
                lp.set_debug(true);
                slow().await.unwrap();
                assert_ne!(reports(&told, is_slow), []);
                lp.set_debug(false);
                yield_now().await;
                drop(reports(&told, is_slow));
                slow().await.unwrap();
                assert_eq!(reports(&told, is_slow), []);
            });
        },
    );
}

#[test]
fn the_environment_switches_it_on_and_the_runner_has_the_last_word() {
    let test = "debug_mode::the_environment_switches_it_on_and_the_runner_has_the_last_word";
    alone(test, "export CORE_LOOP_DEBUG=1", || {
        crate::run(async { assert!(Loop::current().get_debug()) });
        let mut off = Runner::new(NativeDriver::new().unwrap()).debug(false);
        off.run(async { assert!(!Loop::current().get_debug()) }).unwrap();
    });
}

#[test]
fn an_environment_of_zero_is_off() {
    alone("debug_mode::an_environment_of_zero_is_off", "export CORE_LOOP_DEBUG=0", || {
        crate::run(async { assert!(!Loop::current().get_debug()) });
    });
}

#[test]
fn a_handler_that_panics_harms_neither_the_loop_nor_the_watchdog() {
    let (tell, told) = channel();
    let mut runner = Runner::new(NativeDriver::new().unwrap()).debug(true);
    runner.get_loop().set_debug_handler(move |report| {
        drop(tell.send(report.clone()));
        std::panic::resume_unwind(Box::new("the handler"));
    });
    runner
        .run(async {
            Loop::current().set_exception_handler(|_, _| ());
            Loop::current().set_slow_callback_duration(Duration::from_millis(1));
            let task = spawn(async move {
                let blocked = told.iter().filter(|report| matches!(report, DebugReport::Blocked { .. }));
                blocked.take(2).count()
            });
            assert_eq!(task.await.unwrap(), 2, "the watchdog has reported twice");
            sleep(Duration::from_millis(1)).await;
        })
        .unwrap();
}

#[test]
fn the_report_of_a_panic_that_nobody_awaited_says_where_its_task_was_spawned() {
    crate::run(async {
        let (tell, told) = channel();
        Loop::current().set_exception_handler(move |_, context| tell.send(context.to_string()).unwrap());
        spawn(async { std::panic::resume_unwind(Box::new("unseen")) }).named("unheard").detach();
        yield_now().await;
        yield_now().await;
        let text = told.recv().unwrap();
        assert!(text.contains("task `unheard` spawned at") && text.contains(file!()), "{text}");
    });
}
