//! The raw columns: what each runtime does without the loop, seen by running it.
//!
//! Some of what they do ends the process, or never ends. So every observation has a process of its own: this program starts
//! itself again as `observe RUNTIME DIFFERENCE`, and whoever watches gives it a deadline.
#![cfg_attr(
    not(all(feature = "tokio", feature = "smol", feature = "glommio")),
    allow(dead_code, reason = "a build without some of the runtimes has less to look at")
)]

mod column;
#[cfg(feature = "glommio")]
mod glommio;
mod kit;
mod offload;
mod order;
#[cfg(test)]
mod ours;
mod process;
mod shutdown;
#[cfg(feature = "smol")]
mod smol;
mod tasks;
mod time;
#[cfg(feature = "tokio")]
mod tokio;

pub(crate) use column::{OURS, Table};

use std::time::Duration;

/// A runtime as it comes.
trait Raw: 'static {
    type Handle<T: Send + 'static>: 'static;

    /// Differences that cannot be asked of it, with the reason.
    const EXEMPT: &'static [(&'static str, &'static str)] = &[];

    /// A new runtime, run until `main` ends, then dropped.
    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T;
    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Handle<T>;
    fn detach<T: Send + 'static>(handle: Self::Handle<T>);
    /// An error is one that the runtime gives as a value.
    async fn join<T: Send + 'static>(handle: Self::Handle<T>) -> Result<T, Refused>;
    async fn cancel<T: Send + 'static>(handle: Self::Handle<T>) -> Option<T>;
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static;
    fn yield_now() -> impl Future<Output = ()> + Send + 'static;
    /// The runtime's own call for work that blocks.
    fn offload<T: Send + 'static>(
        job: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Refused>> + 'static;
    /// Receives `count` items that wait in the runtime's own channel.
    fn receive(count: usize) -> impl Future<Output = ()> + 'static;
}

/// An output that the runtime refuses with an error.
#[derive(Debug)]
struct Refused;

/// Something in which the runtimes differ.
pub(crate) struct Difference {
    /// As on the command line; in the matrix `raw.` stands before it.
    pub(crate) id: &'static str,
    pub(crate) sentence: &'static str,
    /// What our loop does, on every runtime.
    pub(crate) ours: &'static str,
    /// The behaviour that proves it, where there is one.
    pub(crate) behaviour: Option<&'static str>,
    observe: fn() -> String,
}

/// Everything that is looked at, observed on `R`.
fn differences<R: Raw>() -> Vec<Difference> {
    let mut all = tasks::differences::<R>();
    all.extend(order::differences::<R>());
    all.extend(time::differences::<R>());
    all.extend(offload::differences::<R>());
    all.extend(shutdown::differences::<R>());
    all
}

/// A runtime that is observed.
pub(crate) struct Runtime {
    /// As on the command line, and the name of its column.
    pub(crate) name: &'static str,
    /// The driver of ours that it carries.
    pub(crate) carries: &'static str,
    /// Its tasks run on several threads, so one look is not enough.
    threads: bool,
    differences: fn() -> Vec<Difference>,
    exempt: &'static [(&'static str, &'static str)],
    /// Why it cannot run in this build or on this machine.
    obstacle: fn() -> Option<String>,
}

impl Runtime {
    const fn new<R: Raw>(name: &'static str, carries: &'static str) -> Self {
        let differences = differences::<R>;
        Self { name, carries, threads: false, differences, exempt: R::EXEMPT, obstacle: || None }
    }

    const fn on_threads(self) -> Self {
        Self { threads: true, ..self }
    }

    #[cfg(feature = "glommio")]
    const fn unless(self, obstacle: fn() -> Option<String>) -> Self {
        Self { obstacle, ..self }
    }
}

#[cfg(feature = "glommio")]
const GLOMMIO: Runtime = Runtime::new::<glommio::Glommio>("raw-glommio", "glommio").unless(glommio::obstacle);

/// Left out of this build.
#[cfg(not(feature = "glommio"))]
const GLOMMIO: Runtime = Runtime {
    name: "raw-glommio",
    carries: "glommio",
    threads: false,
    differences: Vec::new,
    exempt: &[],
    obstacle: || Some("this program was built without it; build with `--features glommio`".to_owned()),
};

pub(crate) const RUNTIMES: &[Runtime] = &[
    #[cfg(feature = "tokio")]
    Runtime::new::<tokio::Local>("raw-tokio-local", "tokio"),
    #[cfg(feature = "tokio")]
    Runtime::new::<tokio::Threads>("raw-tokio-threads", "tokio").on_threads(),
    #[cfg(feature = "smol")]
    Runtime::new::<smol::Local>("raw-smol-local", "smol"),
    #[cfg(feature = "smol")]
    Runtime::new::<smol::Global>("raw-smol-global", "smol").on_threads(),
    GLOMMIO,
];

/// The differences, whatever the runtime.
fn all() -> Vec<Difference> {
    (RUNTIMES[0].differences)()
}

/// What `observe RUNTIME DIFFERENCE` says, in the process that was started for it.
pub(crate) fn observe(runtime: &str, difference: &str) -> Result<String, String> {
    let runtime = RUNTIMES.iter().find(|known| known.name == runtime).ok_or_else(|| {
        let known: Vec<_> = RUNTIMES.iter().map(|known| known.name).collect();
        format!("there is no raw runtime `{runtime}`; known are {}", known.join(", "))
    })?;
    let differences = (runtime.differences)();
    let difference = differences.iter().find(|known| known.id == difference).ok_or_else(|| {
        let known: Vec<_> = differences.iter().map(|known| known.id).collect();
        format!("there is no difference `{difference}`; known are {}", known.join(", "))
    })?;
    Ok((difference.observe)())
}

#[cfg(test)]
mod tests {
    use super::{RUNTIMES, all, observe};
    use std::collections::BTreeSet;

    #[test]
    fn every_difference_is_observed_on_each_runtime_or_says_why_not() {
        let first: Vec<_> = all().iter().map(|known| known.id).collect();
        assert!(first.len() >= 12, "{first:?}");
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len(), "an id twice: {first:?}");
        for runtime in RUNTIMES {
            let ids: Vec<_> = (runtime.differences)().iter().map(|known| known.id).collect();
            if ids.is_empty() {
                assert!((runtime.obstacle)().is_some(), "{} says nothing", runtime.name);
                continue;
            }
            assert_eq!(ids, first, "{}", runtime.name);
            for (id, why) in runtime.exempt {
                assert!(first.contains(id) && !why.is_empty(), "{}: {id}: {why}", runtime.name);
            }
        }
    }

    #[test]
    fn the_behaviours_that_prove_our_side_exist() {
        use conformance::{Executors, Kind, Loops};
        let mut known: Vec<_> = Loops::behaviours().iter().map(|behaviour| behaviour.id).collect();
        known.extend(Executors::behaviours().iter().map(|behaviour| behaviour.id));
        for difference in all() {
            let proven = difference.behaviour.is_none_or(|behaviour| known.contains(&behaviour));
            assert!(proven, "{}: there is no behaviour {:?}", difference.id, difference.behaviour);
        }
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        let refusal = observe("raw-tokyo", "first_poll").unwrap_err();
        assert!(refusal.contains("`raw-tokyo`; known are raw-tokio-local, "), "{refusal}");
        let refusal = observe("raw-smol-local", "last_poll").unwrap_err();
        assert!(refusal.contains("`last_poll`; known are drop_of_a_handle, "), "{refusal}");
    }
}
