//! A loop that nothing will ever wake.

use crate::bounded;
use core_loop::{JoinError, RunError, Runner, Stuck, finally, sleep, spawn, yield_now};
use loop_virtual::{Builder, VirtualDriver};
use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3600);

#[track_caller]
fn stuck<T>(outcome: Result<T, RunError>) -> Stuck {
    match outcome {
        Err(RunError::Stuck(stuck)) => stuck,
        Err(other) => panic!("it ended otherwise: {other}"),
        Ok(_) => panic!("it ended"),
    }
}

#[test]
fn a_deadlock_names_the_waiting_tasks_and_where_they_were_spawned() {
    let (stuck, lines) = bounded(|| {
        let lines = Cell::new((0, 0));
        let outcome = Builder::new().seed(7).run(async {
            sleep(HOUR).await;
            let first = line!() + 1;
            let ours = spawn(pending::<()>()).named("the one that waits");
            spawn(async {}).detach();
            let second = line!() + 1;
            spawn(pending::<()>()).detach();
            lines.set((first, second));
            ours.await
        });
        (stuck(outcome), lines.get())
    });
    let names: Vec<_> = stuck.waiting.iter().map(|task| task.name.as_str()).collect();
    assert_eq!(names.len(), 3, "{stuck}");
    assert_eq!(names[..2], ["Task-1", "the one that waits"]);
    let places: Vec<_> = stuck.waiting[1..].iter().map(|task| task.spawned_at.line()).collect();
    assert_eq!(places, [lines.0, lines.1]);
    assert!(stuck.waiting.iter().all(|task| task.spawned_at.file().ends_with(".rs")));
    let words = stuck.to_string();
    for word in ["deadlock", "after 3600s", "seed 7", "`the one that waits` spawned at ", "deadlock.rs:"] {
        assert!(words.contains(word), "{words}");
    }
}

#[test]
fn a_lock_that_is_waited_for_in_a_ring_is_a_deadlock() {
    let stuck = bounded(|| {
        stuck(loop_virtual::run(async {
            let locks = Arc::new([(); 2].map(|()| sync_primitives::Lock::new(())));
            let take = |first: usize| {
                let locks = locks.clone();
                async move {
                    let _one = locks[first].lock().await;
                    yield_now().await;
                    let _two = locks[1 - first].lock().await;
                }
            };
            core_loop::gather((take(0), take(1))).await
        }))
    });
    assert_eq!(stuck.waiting.len(), 3, "{stuck}");
}

#[test]
fn what_was_stuck_is_dropped_and_its_handles_say_so() {
    struct Told(Rc<Cell<u32>>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    bounded(|| {
        let dropped = Rc::new(Cell::new(0));
        let told = || Told(dropped.clone());
        let mut task = None;
        let outcome = loop_virtual::run(async {
            let (ours, theirs) = (told(), told());
            task = Some(spawn(async move {
                let _told = theirs;
                pending::<()>().await;
            }));
            pending::<()>().await;
            drop(ours);
        });
        stuck(outcome);
        assert_eq!(dropped.get(), 2);
        let outcome = contract::block_on(task.unwrap());
        assert!(matches!(outcome, Err(JoinError::Shutdown | JoinError::Cancelled(_))), "{outcome:?}");
    });
}

#[test]
fn a_heartbeat_does_not_hide_for_ever_that_main_is_stuck() {
    let stuck = bounded(|| {
        let outcome = Builder::new().patience(Duration::from_millis(50)).run(async {
            let heartbeat = async {
                loop {
                    sleep(Duration::from_secs(1)).await;
                }
            };
            spawn(heartbeat).named("heartbeat").detach();
            pending::<()>().await;
        });
        stuck(outcome)
    });
    assert!(stuck.why.starts_with("runaway: for 50ms of real time"), "{stuck}");
    assert_eq!(stuck.waiting[1].name, "heartbeat");
}

#[test]
fn a_task_that_only_yields_does_not_hide_for_ever_that_main_is_stuck() {
    let stuck = bounded(|| {
        let outcome = Builder::new().patience(Duration::from_millis(50)).run(async {
            let yielding = async {
                loop {
                    yield_now().await;
                }
            };
            spawn(yielding).detach();
            // With a timer armed, the loop looks at its clock in every turn.
            sleep(HOUR).await;
        });
        stuck(outcome)
    });
    assert!(stuck.why.starts_with("runaway"), "{stuck}");
}

#[test]
fn a_task_that_computes_for_longer_than_the_patience_is_no_runaway() {
    let patience = Duration::from_millis(10);
    bounded(move || {
        let outcome = Builder::new().patience(patience).run(async {
            for _ in 0..3 {
                sleep(HOUR).await;
                let begin = Instant::now();
                while begin.elapsed() < 2 * patience {}
            }
        });
        outcome.unwrap();
    });
}

#[test]
fn a_runner_runs_again_after_a_deadlock() {
    bounded(|| {
        let mut runner = Runner::new(VirtualDriver::new());
        stuck(runner.run(pending::<()>()));
        assert_eq!(runner.run(async { 7 }).unwrap(), 7);
        assert!(runner.close(HOUR).is_clean());
    });
}

#[test]
fn a_close_whose_clean_ups_hang_takes_its_grace_in_virtual_time() {
    bounded(|| {
        let mut runner = Runner::new(VirtualDriver::new());
        runner
            .run(async {
                let stubborn = finally((), async |()| pending::<()>().await, async |()| pending().await);
                spawn(stubborn).named("stubborn").detach();
                core_loop::Loop::current().set_exception_handler(|_, _| ());
                yield_now().await;
            })
            .unwrap();
        let (lp, real) = (runner.get_loop().clone(), Instant::now());
        let begin = lp.time();
        let report = runner.close(24 * HOUR);
        assert_eq!(report.dropped.iter().map(|task| &*task.name).collect::<Vec<_>>(), ["stubborn"]);
        assert_eq!(lp.time(), begin + 24 * HOUR);
        assert!(real.elapsed() < HOUR);
    });
}
