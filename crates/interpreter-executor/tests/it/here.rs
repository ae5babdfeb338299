//! Calls without a hop.

use crate::guests::{COUNTER, ECHO, ENDLESS};
use crate::{NONE, loaded, threads};
use interpreter_executor::{GuestError, JobError, Reuse};

#[test]
fn a_call_runs_here_and_no_thread_is_started() {
    let (pool, module) = loaded(threads(1), ECHO);
    assert_eq!(module.call("echo", ["here"]).run_here(10_000).expect("an output"), b"here");
    let echo = module.function::<(u32,), u32>("echo").expect("it is there");
    assert_eq!(echo.call((7,)).run_here(10_000).expect("an output"), 7);
    assert_eq!(pool.stats().threads, 0);
}

#[test]
fn a_call_that_runs_here_is_bounded_by_its_fuel() {
    let (_pool, module) = loaded(threads(1), ENDLESS);
    for fuel in [0, 1, 1000, 1_000_000] {
        let outcome = module.call("spin", NONE).run_here(fuel);
        let Err(JobError::Guest(error)) = outcome else { panic!("it never ends") };
        assert_eq!(error, GuestError::OutOfFuel { limit: fuel });
    }
    assert!(module.call("hello", NONE).run_here(1000).is_ok());
}

#[test]
fn calls_here_reuse_an_instance_of_their_own() {
    let (pool, module) = loaded(threads(1).reuse(Reuse::Pinned), COUNTER);
    assert_eq!(crate::output(&pool, module.call("count", NONE)), [1]);
    assert_eq!(module.call("count", NONE).run_here(1000).expect("an output"), [1]);
    assert_eq!(module.call("count", NONE).run_here(1000).expect("an output"), [2]);
    assert_eq!(crate::output(&pool, module.call("count", NONE)), [2]);
}

#[test]
fn a_call_here_outlives_its_pool() {
    let (pool, module) = loaded(threads(1), ECHO);
    drop(pool);
    assert_eq!(module.call("echo", ["still"]).run_here(10_000).expect("an output"), b"still");
}
