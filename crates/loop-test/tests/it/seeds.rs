//! A runtime whose schedule a seed chooses runs a test once a seed.

use conformance::alone;
use contract::{Driver, Panic, Unavailable};
use loop_test::{Runtime, hold};
use std::sync::Mutex;

/// The seeds of all drivers that this thread's process has made.
static MADE: Mutex<Vec<u64>> = Mutex::new(Vec::new());

static TOY: Runtime = Runtime::seeded("toy", |seed| -> Result<Box<dyn Driver>, Unavailable> {
    MADE.lock().expect("nobody panics with it").push(seed);
    Ok(Box::new(core_loop::NativeDriver::new()?))
});

/// What was made since the last look.
fn made() -> Vec<u64> {
    std::mem::take(&mut *MADE.lock().expect("nobody panics with it"))
}

#[test]
fn a_test_runs_once_for_each_seed() {
    if alone("seeds::a_test_runs_once_for_each_seed", "unset LOOP_TEST_SEED LOOP_TEST_SEEDS") {
        hold("the test", &TOY, async || ());
        assert_eq!(made(), (0..50).collect::<Vec<_>>());
    }
}

#[test]
fn a_variable_says_how_many_and_the_first_failure_ends_it() {
    let name = "seeds::a_variable_says_how_many_and_the_first_failure_ends_it";
    if alone(name, "unset LOOP_TEST_SEED; export LOOP_TEST_SEEDS=7") {
        hold("the test", &TOY, async || ());
        assert_eq!(made(), (0..7).collect::<Vec<_>>());
        let failing =
            async || if MADE.lock().is_ok_and(|made| made.len() == 3) { Err("at the third") } else { Ok(()) };
        let panic = Panic::catch(|| hold("the test", &TOY, failing)).expect_err("it fails");
        assert_eq!(panic.message(), "the test on toy: \"at the third\"");
        assert_eq!(made(), [0, 1, 2]);
    }
}

#[test]
fn a_variable_repeats_one_seed() {
    if alone("seeds::a_variable_repeats_one_seed", "export LOOP_TEST_SEED=41") {
        hold("the test", &TOY, async || ());
        assert_eq!(made(), [41]);
    }
}

#[test]
fn no_seed_at_all_is_a_failure() {
    if alone("seeds::no_seed_at_all_is_a_failure", "unset LOOP_TEST_SEED; export LOOP_TEST_SEEDS=0") {
        let panic = Panic::catch(|| hold("the test", &TOY, async || ())).expect_err("it fails");
        assert!(panic.message().contains("zero tests"), "{panic}");
    }
}
