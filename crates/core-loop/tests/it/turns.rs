//! Turns: order, timers, wakes from other threads.

use crate::run;
use crate::trace::Trace;
use core_loop::{Loop, RunError, sleep, spawn, yield_now};
use std::time::{Duration, Instant};

#[test]
fn spawn_is_lazy_and_tasks_run_in_order_of_their_spawns() {
    run(async {
        let trace = Trace::default();
        for name in ["a", "b", "c"] {
            let trace = trace.clone();
            spawn(async move { trace.add(name) }).detach();
        }
        trace.add("main");
        yield_now().await;
        assert_eq!(trace.take(), "main a b c");
    });
}

// ANCHOR: turn
#[test]
fn what_a_turn_schedules_runs_in_the_next_turn() {
    run(async {
        let trace = Trace::default();
        let lp = Loop::current();
        let (inner, nested) = (lp.clone(), trace.clone());
        lp.call_soon(move || {
            nested.add("a");
            let late = nested.clone();
            inner.call_soon(move || late.add("child of a"));
        });
        let second = trace.clone();
        lp.call_soon(move || second.add("b"));
        yield_now().await;
        assert_eq!(trace.take(), "a b");
        yield_now().await;
        assert_eq!(trace.take(), "child of a");
    });
}
// ANCHOR_END: turn

#[test]
fn a_cancelled_callback_never_runs_not_even_in_the_same_turn() {
    run(async {
        let trace = Trace::default();
        let lp = Loop::current();
        let slot = std::rc::Rc::new(std::cell::RefCell::new(None::<core_loop::Handle>));
        let to_cancel = slot.clone();
        lp.call_soon(move || to_cancel.take().expect("it is registered").cancel());
        let never = trace.clone();
        let handle = lp.call_soon(move || never.add("never"));
        slot.replace(Some(handle.clone()));
        yield_now().await;
        assert!(handle.cancelled());
        assert_eq!(trace.take(), "");
    });
}

// ANCHOR: timers
#[test]
fn timers_fire_by_deadline_and_ties_by_arrival_after_what_is_ready() {
    run(async {
        let trace = Trace::default();
        let lp = Loop::current();
        let now = lp.time();
        for (name, ago) in [("one", 1), ("two", 2), ("two again", 2)] {
            let trace = trace.clone();
            lp.call_at(now - Duration::from_secs(ago), move || trace.add(name));
        }
        let soon = trace.clone();
        lp.call_soon(move || soon.add("soon"));
        // Two: the first puts this task before the timers, as in asyncio.
        yield_now().await;
        yield_now().await;
        assert_eq!(trace.take(), "soon two two again one");
    });
}
// ANCHOR_END: timers

#[test]
fn a_timer_is_never_early_and_a_loop_that_never_idles_still_sees_it() {
    run(async {
        let began = Instant::now();
        let waited = Duration::from_millis(5);
        let sleeper = spawn(sleep(waited));
        while !sleeper.done() {
            yield_now().await;
        }
        assert!(began.elapsed() >= waited);
    });
}

#[test]
fn a_sleep_of_nothing_is_one_yield_and_keeps_its_place() {
    run(async {
        let trace = Trace::default();
        for (name, zero) in [("a", true), ("b", false), ("c", true)] {
            let trace = trace.clone();
            spawn(async move {
                trace.add(name);
                if zero {
                    sleep(Duration::ZERO).await
                } else {
                    yield_now().await
                }
                trace.add(name);
            })
            .detach();
        }
        yield_now().await;
        yield_now().await;
        assert_eq!(trace.take(), "a b c a b c");
    });
}

#[test]
fn a_sleep_too_long_to_count_is_armed_and_dropped_without_harm() {
    run(async {
        let forever = spawn(sleep(Duration::MAX));
        yield_now().await;
        assert!(forever.cancel("enough"));
        assert!(forever.await.is_err());
    });
}

#[test]
fn a_wake_from_another_thread_reaches_a_loop_that_sleeps() {
    run(async {
        let lp = Loop::current();
        let trace = Trace::default();
        let handle = lp.handle();
        let (sender, receiver) = std::sync::mpsc::channel();
        let poster = std::thread::spawn(move || {
            for n in 0..3 {
                let sender = sender.clone();
                handle
                    .call_soon_threadsafe(move || sender.send(n).expect("main waits"))
                    .expect("the loop runs");
            }
        });
        let mut received = Vec::new();
        while received.len() < 3 {
            received.extend(receiver.try_iter());
            sleep(Duration::from_millis(1)).await;
        }
        poster.join().expect("it posted");
        assert_eq!(received, [0, 1, 2]);
        drop(trace);
    });
}

// ANCHOR: threadsafe
#[test]
fn callbacks_from_the_loops_own_thread_keep_their_order_among_all_callbacks() {
    run(async {
        let lp = Loop::current();
        let (sender, receiver) = std::sync::mpsc::channel();
        let send = |name: &'static str| {
            let sender = sender.clone();
            move || sender.send(name).expect("main waits")
        };
        lp.call_soon(send("a"));
        lp.handle().call_soon_threadsafe(send("b")).expect("the loop runs");
        lp.call_soon(send("c"));
        yield_now().await;
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    });
}
// ANCHOR_END: threadsafe

#[test]
fn a_loop_inside_a_loop_is_refused_and_the_outer_one_goes_on() {
    run(async {
        let nested = core_loop::run(async {});
        assert!(matches!(nested, Err(RunError::Nested)), "{nested:?}");
        yield_now().await;
    });
}

#[test]
fn free_functions_outside_a_loop_name_the_cure() {
    let panic = core_loop::contract::Panic::catch(|| drop(spawn(async {}))).expect_err("there is no loop");
    assert!(panic.message().contains("core_loop::run"), "{panic}");
    assert!(panic.location().is_some_and(|place| place.contains("turns.rs")), "{panic}");
}

#[test]
fn main_may_borrow_from_its_caller() {
    let mut words = vec!["borrowed"];
    run(async { words.push("and changed") });
    assert_eq!(words, ["borrowed", "and changed"]);
}

#[test]
fn a_panic_of_main_comes_out_after_the_close() {
    let trace = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let inside = trace.clone();
    let panic = core_loop::contract::Panic::catch(|| {
        run(async move {
            let guard = Closed(inside);
            spawn(async move {
                let _guard = guard;
                std::future::pending::<()>().await;
            })
            .detach();
            yield_now().await;
            panic!("out of main");
        })
    })
    .map(|(): ()| ())
    .expect_err("main panicked");
    assert_eq!(panic.message(), "out of main");
    assert_eq!(*trace.lock().expect("nobody panicked with it"), ["dropped"]);

    struct Closed(std::sync::Arc<std::sync::Mutex<Vec<&'static str>>>);
    impl Drop for Closed {
        fn drop(&mut self) {
            self.0.lock().expect("nobody panicked with it").push("dropped");
        }
    }
}
