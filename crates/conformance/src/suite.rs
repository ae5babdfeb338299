//! The suite as tests of a backend: one `#[test]` a behaviour.

use crate::{Kind, Miss, Outcome, Stress, Stressed, Subject};
use std::fmt;
use std::io::Write;

/// Set to anything, it makes a subject that cannot run here a failure.
const STRICT: &str = "CONFORMANCE_STRICT";

/// Makes each behaviour a `#[test]` of its name, for a [`Subject`] of [`Loops`](crate::Loops),
/// [`Executors`](crate::Executors) or [`Primitives`](crate::Primitives). Twice in one file, it needs a module around each.
///
/// A skip is written to standard error with its reason and passes; under `CONFORMANCE_STRICT=1` a subject that cannot run
/// here fails.
///
/// # Examples
///
/// ```
/// mod threads {
///     use conformance::{Bench, Subject};
/// #   use contract::{Executor, Job, Place, Rejected, Room, Submit, Shutdown, Drain, Report};
/// #   struct ThreadPerJob;
/// #   impl<F: FnOnce() -> u64 + Send + 'static> Executor<F> for ThreadPerJob {
/// #       type Output = u64;
/// #       fn try_submit_with(&self, work: F, options: Submit) -> Result<Job<u64>, Rejected<F>> {
/// #           let (runnable, job) = Job::package(work, &options, Place::none(), ());
/// #           std::thread::spawn(move || runnable.run());
/// #           Ok(job)
/// #       }
/// #       fn room(&self) -> Room { Room::unbounded() }
/// #   }
/// #   impl Shutdown for ThreadPerJob {
/// #       fn shutdown(&self, _: Drain, _: std::time::Duration) -> Report { Report::default() }
/// #   }
///
///     conformance::suite!(executors: Subject::executor("a thread per job", || Ok(Bench::closures(ThreadPerJob)))
///         .skip("executor.submit_after_shutdown", "it owns nothing that could be shut down"));
/// }
/// ```
#[macro_export]
macro_rules! suite {
    (loops: $subject:expr $(,)?) => {
        fn conformance_subject() -> $crate::Subject<$crate::Loops> {
            $subject
        }
        $crate::loop_behaviours!($crate::__tests,);
        $crate::__stress!();
    };
    (executors: $subject:expr $(,)?) => {
        fn conformance_subject() -> $crate::Subject<$crate::Executors> {
            $subject
        }
        $crate::executor_behaviours!($crate::__tests,);
        $crate::__stress!();
    };
    (primitives: $subject:expr $(,)?) => {
        fn conformance_subject() -> $crate::Subject<$crate::Primitives> {
            $subject
        }
        $crate::primitive_behaviours!($crate::__tests,);
    };
}

/// Everything at once, at random.
#[doc(hidden)]
#[macro_export]
macro_rules! __stress {
    () => {
        #[test]
        fn under_stress_nothing_is_lost_and_everything_ends() {
            $crate::endure(conformance_subject().name(), |stress| conformance_subject().stress(stress));
        }
    };
}

/// One test a behaviour, one module an area.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ([] $($area:ident {
        $($(#[doc = $sentence:literal])+ $name:ident $level:ident $origin:literal $(adapted $reason:literal)?;)+
    })+) => {
        $(mod $area {
            $(#[test]
            fn $name() {
                let id = $crate::id(concat!(stringify!($area), ".", stringify!($name)));
                $crate::hold(&super::conformance_subject(), id);
            })+
        })+

        #[test]
        fn the_suite_tries_something() {
            $crate::tries_something(&conformance_subject());
        }
    };
}

/// Panics unless the behaviour `id` holds or is skipped with a reason.
#[doc(hidden)]
#[track_caller]
pub fn hold<K: Kind>(subject: &Subject<K>, id: &str) {
    let behaviour =
        K::behaviours().iter().find(|behaviour| behaviour.id == id).expect("the list is the same");
    match behaviour.try_on(subject) {
        Outcome::Pass => {}
        Outcome::Fail(why) => panic!("{}: {}\n{id}: {why}", subject.name(), behaviour.sentence),
        Outcome::Skip(why) => skipped(&format!("{id} on {}", subject.name()), &why),
    }
}

/// How much of the stress is part of an ordinary test run: about a second of it.
const OPERATIONS: u64 = 20_000;

/// Panics unless a short stress holds, or is skipped with a reason. `STRESS_OPS` and `STRESS_SEED` make it another.
#[doc(hidden)]
#[track_caller]
pub fn endure(name: &str, stress: impl FnOnce(Stress) -> Result<Stressed, Miss>) {
    match stress(Stress::new(OPERATIONS, 1).or_from_environment()) {
        Ok(stressed) => println!("{name}: {stressed}"),
        Err(Miss::Fail(why)) => panic!("{name} under stress: {why}"),
        Err(Miss::Skip(why)) => skipped(&format!("the stress on {name}"), &why),
    }
}

/// Panics if nothing would be tried: all behaviours are on the skip list, or the subject cannot run here although
/// everything must.
#[doc(hidden)]
#[track_caller]
pub fn tries_something<K: Kind>(subject: &Subject<K>) {
    let skipped = |id| subject.exception(id).is_some_and(|it| it.treatment == crate::Treatment::Skip);
    assert!(
        K::behaviours().iter().any(|behaviour| !skipped(behaviour.id)),
        "every behaviour is on the skip list of {}: zero tests run is a failure",
        subject.name()
    );
    if let Err(unavailable) = subject.make() {
        cannot_run(&format!("all of {}", subject.name()), &unavailable);
    }
}

/// For the tests of a backend: `test` cannot run here, because of `why`. It is skipped, or fails under
/// `CONFORMANCE_STRICT=1`.
///
/// # Panics
///
/// If that is set.
#[track_caller]
pub fn cannot_run(test: &str, why: &dyn fmt::Display) {
    assert!(std::env::var_os(STRICT).is_none(), "{why}");
    skipped(test, why);
}

/// Writes the one line of a skip. To standard error itself: the test harness swallows what a passing test prints, and a
/// skip must be seen.
pub fn skipped(test: &str, why: &dyn fmt::Display) {
    let _unheard = writeln!(std::io::stderr(), "skipped {test}: {why}");
}
