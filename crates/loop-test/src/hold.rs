//! Running one test on one runtime, and everything that makes it fail.

use crate::{Outcome, Runtime};
use contract::Unavailable;
use core_loop::{Elapsed, Runner, timeout};
use std::cell::RefCell;
use std::env;
use std::ops::Range;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

/// How long a test may take; only a hang takes that long.
const LIMIT_SECS: u64 = 60;
/// Another one.
const LIMIT_VARIABLE: &str = "LOOP_TEST_LIMIT_SECS";

/// How long the loop may take to close.
const GRACE: Duration = Duration::from_secs(10);

/// How many seeds a runtime that has any is tried with.
const SEEDS: u64 = 50;
/// Another number.
const SEEDS_VARIABLE: &str = "LOOP_TEST_SEEDS";
/// One seed alone.
const SEED_VARIABLE: &str = "LOOP_TEST_SEED";

/// As [`hold`], unless `runtime` is one of `skips`, which say why: what [`on_every_runtime!`](crate::on_every_runtime) makes of
/// each test. The skip is printed, and is no failure anywhere.
///
/// # Panics
///
/// As [`hold`] does, and for a skip without a reason.
#[track_caller]
pub fn hold_unless<T: Outcome>(
    skips: &[(&Runtime, &str)],
    test: &str,
    runtime: &Runtime,
    body: impl AsyncFn() -> T,
) {
    match skips.iter().find(|(skipped, _)| std::ptr::eq(*skipped, runtime)) {
        None => hold(test, runtime, body),
        Some((_, why)) => {
            assert!(!why.trim().is_empty(), "{test}: a skip without a reason");
            conformance::skipped(&format!("{test} on {}", runtime.name()), why);
        }
    }
}

/// Runs `body` on `runtime`, on a loop of its own.
///
/// `test` is what a skip calls it. On a runtime with seeds it runs once for each.
///
/// # Panics
///
/// If the test fails (the crate's page says what counts as a failure), if an environment variable cannot be understood, and
/// under `CONFORMANCE_STRICT=1` if the runtime cannot run here.
#[track_caller]
pub fn hold<T: Outcome>(test: &str, runtime: &Runtime, body: impl AsyncFn() -> T) {
    let seeds = if runtime.is_seeded() { seeds() } else { 0..1 };
    assert!(!seeds.is_empty(), "{SEEDS_VARIABLE} is 0: zero tests run is a failure");
    for seed in seeds {
        let _tells = TellsSeed(runtime.is_seeded().then_some(seed));
        match attempt(runtime, seed, &body) {
            Err(unavailable) => {
                return conformance::cannot_run(&format!("{test} on {}", runtime.name()), &unavailable);
            }
            Ok(problems) => {
                assert!(problems.is_empty(), "{test} on {}: {}", runtime.name(), problems.join("\n"));
            }
        }
    }
}

/// Runs the test once. Gives what went wrong; a panic of the test goes on.
fn attempt<T: Outcome>(
    runtime: &Runtime,
    seed: u64,
    body: &impl AsyncFn() -> T,
) -> Result<Vec<String>, Unavailable> {
    let driver = runtime.make(seed)?;
    // Only a clock that jumps gives a token. There a timer is no limit: it would be over at once, and hide a deadlock. The
    // driver knows by itself when nothing can happen any more.
    let jumps = driver.reactor().outside(Location::caller()).is_some();
    let mut runner = Runner::boxed(driver);
    let unobserved = Rc::new(RefCell::new(Vec::new()));
    let notes = unobserved.clone();
    let note =
        move |context: &dyn ToString| notes.borrow_mut().push(format!("unobserved: {}", context.to_string()));
    runner.get_loop().set_exception_handler(move |_, context| note(context));
    let limit = limit();
    let ended = runner.run(async { if jumps { Ok(body().await) } else { timeout(limit, body()).await } });
    let report = runner.close(GRACE);
    let mut problems = unobserved.take();
    match ended {
        Err(error) => problems.insert(0, error.to_string()),
        Ok(Err(Elapsed)) => problems.insert(
            0,
            format!("it did not end within {limit:?}; {LIMIT_VARIABLE} gives it more, if that is how long it takes"),
        ),
        Ok(Ok(outcome)) => problems.splice(0..0, outcome.check().err()).for_each(drop),
    }
    if !report.is_clean() {
        problems.push(format!("the loop did not close cleanly: {report}"));
    }
    Ok(problems)
}

pub(crate) fn limit() -> Duration {
    Duration::from_secs(number(LIMIT_VARIABLE).unwrap_or(LIMIT_SECS))
}

fn seeds() -> Range<u64> {
    match number(SEED_VARIABLE) {
        Some(seed) => seed..seed.saturating_add(1),
        None => 0..number(SEEDS_VARIABLE).unwrap_or(SEEDS),
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{variable}={text}: {error}; it takes a whole number")))
}

/// Says under which seed a test failed, when it unwinds.
struct TellsSeed(Option<u64>);

impl Drop for TellsSeed {
    fn drop(&mut self) {
        if let Some(seed) = self.0
            && std::thread::panicking()
        {
            // The harness calls the thread of a test by its name.
            let thread = std::thread::current();
            let only = match thread.name() {
                Some(test) if test != "main" => format!(" cargo test -- --exact {test}"),
                _ => String::new(),
            };
            eprintln!("it failed under seed {seed}; to repeat it: {SEED_VARIABLE}={seed}{only}");
        }
    }
}
