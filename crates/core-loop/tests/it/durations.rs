//! No time at all, and more than can be counted, where nothing but a bound is asked for. What waits is in the conformance
//! suite: `timer.zero_huge_and_past`.

use crate::run;
use core_loop::contract::{Drain, Shutdown};
use core_loop::{Loop, LoopPool, NativeDriver, Runner, spawn, to_thread, wait_until_idle, yield_now};
use std::num::NonZeroUsize;
use std::time::Duration;

const BOTH: [Duration; 2] = [Duration::ZERO, Duration::MAX];

fn runner() -> Runner {
    Runner::new(NativeDriver::new().expect("the native driver runs everywhere"))
}

#[test]
fn a_loop_and_a_pool_with_nothing_to_wait_for_close_cleanly_within_any_grace() {
    for grace in BOTH {
        let mut runner = runner();
        runner.run(async { yield_now().await }).expect("it runs");
        assert!(runner.close(grace).is_clean());
        let pool = LoopPool::builder().loops(NonZeroUsize::MIN).start(NativeDriver::new).expect("it starts");
        let job = pool.spawn(async { 7 }).expect("it is taken");
        assert_eq!(job.wait().expect("it ends"), 7);
        let report = pool.shutdown(Drain::Queued, grace);
        // Its output comes a moment before the end of the job.
        assert!(grace.is_zero() || report.is_clean(), "{report}");
        drop(pool);
    }
    let pool = LoopPool::builder().loops(NonZeroUsize::MIN).start(NativeDriver::new).expect("it starts");
    assert!(pool.close(Duration::MAX).is_clean());
}

#[test]
fn the_default_executor_is_shut_down_within_any_grace() {
    run(async {
        for grace in BOTH {
            let lp = Loop::current();
            lp.set_default_executor(std::sync::Arc::new(thread_executor::ThreadPool::default()));
            assert_eq!(to_thread(|| 7).await.expect("there is a thread"), 7);
            let report = lp.shutdown_default_executor(grace).await;
            // Its thread may be on its way home.
            assert!(grace.is_zero() || report.is_clean(), "{report}");
        }
    });
}

#[test]
fn every_step_may_count_as_slow_and_none() {
    for slow in BOTH {
        let mut runner = runner().debug(true);
        let lp = runner.get_loop().clone();
        lp.set_debug_handler(|_| ());
        lp.set_slow_callback_duration(slow);
        let output = runner.run(async {
            wait_until_idle().cushion(Duration::ZERO).await;
            spawn(async { 7 }).await
        });
        assert_eq!(output.expect("it runs").expect("it ends"), 7);
    }
}
