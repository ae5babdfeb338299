//! What the stress catches, and how it says so.

use crate::broken_loops::{Broken, Bug as DriverBug};
use crate::thread_per_worker::{Bug, Workers};
use conformance::{Bench, Executors, Miss, Stress, Stressed, Subject};
use core_loop::NativeDriver;
use std::time::Duration;

/// Of which nothing is left to chance.
const OPERATIONS: u64 = 50_000;

fn workers(bug: Bug) -> Subject<Executors> {
    Subject::executor(format!("{bug:?}"), move || Ok(Bench::closures(Workers::with(2, bug)).workers(2)))
        .limit(Duration::from_secs(3))
}

/// Whether the machine gives what is broken a chance to show is left to it, but not with every seed.
const SEEDS: u64 = 20;

/// What a stress that must fail says, with the first seed that shows it.
fn failure(stress: impl Fn(Stress) -> Result<Stressed, Miss>) -> String {
    (1..=SEEDS)
        .find_map(|seed| match stress(Stress::new(OPERATIONS, seed)) {
            Ok(_) => None,
            Err(Miss::Fail(why)) => Some(why),
            Err(other) => panic!("{other:?}"),
        })
        .expect("it is caught")
}

#[test]
fn a_driver_that_forgets_wakes_from_other_threads_is_caught_under_stress() {
    let forgetful = || Broken::new(DriverBug::ForgetsForeignWakes);
    let why = failure(|stress| {
        Subject::driver("forgetful", forgetful).limit(Duration::from_secs(3)).stress(stress)
    });
    assert!(why.contains("something is lost") && why.contains("STRESS_SEED="), "{why}");
}

#[test]
fn a_pool_that_loses_work_is_caught_under_stress() {
    let why = failure(|stress| workers(Bug::LosesWork).stress(stress));
    assert!(why.contains("something is lost") && why.contains("STRESS_SEED="), "{why}");
}

#[test]
fn a_pool_deaf_to_shutdown_is_caught_under_stress() {
    let why = failure(|stress| workers(Bug::DeafToShutdown).stress(stress));
    assert!(why.contains("work was accepted after the shutdown"), "{why}");
}

#[test]
fn a_pool_that_cancels_what_it_should_drain_is_caught_under_stress() {
    let why = failure(|stress| workers(Bug::CancelsWhatItShouldDrain).stress(stress));
    assert!(why.contains("gave Err(Shutdown { started: false })"), "{why}");
}

#[test]
fn a_stress_does_as_much_as_it_is_asked_for_in_rounds_and_tells_how_things_ended() {
    let stressed =
        Subject::driver("native", NativeDriver::new).stress(Stress::new(5000, 7)).expect("it holds");
    assert!(stressed.operations >= 5000 && stressed.rounds >= 1);
    let words = stressed.to_string();
    assert!(words.contains(" operations in ") && words.contains(" tasks finished"), "{words}");
}
