//! What CPython prints, line by line: each scenario is a Python script in `differential/`, what CPython printed for it, and
//! the same scenario here.
//!
//! A scenario prints with [`Log::line`]; [`replay`] compares. `cargo xtask conformance --record` repeats the recording.

use crate::behaviour::{Miss, Verdict, ensure, same};
use crate::loops::{GRACE, Loops};
use crate::{Subject, spy};
use core_loop::{Elapsed, JoinError, Runner, Task, TimeoutScope, timeout_scope};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

mod callbacks_timers;
mod condition_event_barrier;
mod contexts;
mod done_callbacks;
mod eager_tasks;
mod executors;
mod futures;
mod gather_wait_shield;
mod groups_asked;
mod lock_semaphore;
mod queues;
mod run_end;
mod run_forever_stop;
mod shields;
mod streams_process_teardown;
mod task_cancellation;
mod taskgroup;
mod teardown;
mod threads;
mod threadsafe_cancel;
mod ties;
mod timeout_scopes;
mod timeouts;
mod wait_as_completed;
mod wait_for;

pub(crate) use callbacks_timers::callbacks_timers;
pub(crate) use condition_event_barrier::condition_event_barrier;
pub(crate) use contexts::contexts;
pub(crate) use done_callbacks::done_callbacks;
pub(crate) use eager_tasks::eager_tasks;
pub(crate) use executors::executors;
pub(crate) use futures::futures;
pub(crate) use gather_wait_shield::gather_wait_shield;
pub(crate) use groups_asked::groups_asked;
pub(crate) use lock_semaphore::lock_semaphore;
pub(crate) use queues::queues;
pub(crate) use run_end::run_end;
pub(crate) use run_forever_stop::run_forever_stop;
pub(crate) use shields::shields;
pub(crate) use streams_process_teardown::streams_process_teardown;
pub(crate) use task_cancellation::task_cancellation;
pub(crate) use taskgroup::taskgroup;
pub(crate) use teardown::teardown;
pub(crate) use threads::threads;
pub(crate) use threadsafe_cancel::threadsafe_cancel;
pub(crate) use ties::ties;
pub(crate) use timeout_scopes::timeout_scopes;
pub(crate) use timeouts::timeouts;
pub(crate) use wait_as_completed::wait_as_completed;
pub(crate) use wait_for::wait_for;

const MS: Duration = Duration::from_millis(1);

/// A sleep that nobody waits for: the scenario cancels it.
const LONG: Duration = Duration::from_secs(10);

/// A loop that comes later than this may find two timers due at once.
const LATE: Duration = Duration::from_millis(10);

/// How many times slower the clock of each try is; the last try counts in any case. A busy machine that is often a little late
/// is in time for a slow clock, one that seldom stands still for long meets a short try that it leaves alone.
const TRIES: [u32; 16] = [1, 1, 2, 1, 4, 1, 1, 8, 1, 2, 4, 1, 1, 1, 8, 16];

/// What CPython printed for the script `$name`.
macro_rules! recorded {
    ($name:literal) => {
        include_str!(concat!("../../differential/", $name, ".expected"))
    };
}

use recorded;

/// Where a scenario prints; many hands write it, also those of coroutines that came from a thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn line(&self, words: impl fmt::Display) {
        self.lines().push(words.to_string());
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A callback that prints `words`.
    fn printing(&self, words: &'static str) -> impl FnOnce() + 'static {
        let log = self.clone();
        move || log.line(words)
    }

    /// `except CancelledError: log(words)`: prints when it is dropped, unless the body has [`ended`](Except::ended) before.
    fn on_cancel(&self, words: impl fmt::Display) -> Except {
        Except { log: self.clone(), words: words.to_string(), ended: Cell::new(false) }
    }

    /// Whether the lines are those that CPython printed; if not, the first that differs.
    fn compare(&self, recorded: &str) -> Verdict {
        let seen = self.lines();
        for (at, (seen, wanted)) in seen.iter().zip(recorded.lines()).enumerate() {
            ensure(seen == wanted, format!("line {}: saw `{seen}`, CPython printed `{wanted}`", at + 1))?;
        }
        same("the count of lines, beside CPython's", seen.len(), recorded.lines().count())
    }
}

/// Made by [`Log::on_cancel`].
struct Except {
    log: Log,
    words: String,
    ended: Cell<bool>,
}

impl Except {
    fn ended(&self) {
        self.ended.set(true);
    }
}

impl Drop for Except {
    fn drop(&mut self) {
        if !self.ended.get() {
            self.log.line(&self.words);
        }
    }
}

/// Tries `scenario` until the loop comes in time, and compares what it prints with what CPython printed.
///
/// The timers of a scenario are 20 ms apart. Where the machine stalls for that long two of them come due in one turn, and
/// the order is another one, also in CPython: such a trace shows nothing, and is tried again, also with a clock that goes
/// slower.
fn replay<T: fmt::Display>(
    subject: &Subject<Loops>,
    recorded: &str,
    scenario: impl AsyncFn(Log) -> Result<Option<T>, Miss>,
) -> Verdict {
    replay_by_hand(subject, recorded, |runner, log| runner.run(scenario(log.clone()))?)
}

/// The same for a scenario that runs the loop itself.
fn replay_by_hand<T: fmt::Display>(
    subject: &Subject<Loops>,
    recorded: &str,
    scenario: impl Fn(&mut Runner, &Log) -> Result<Option<T>, Miss>,
) -> Verdict {
    let mut late = Ok(());
    for slowed in TRIES {
        let (verdict, lateness) = replay_once(subject, recorded, slowed, &scenario)?;
        if verdict.is_ok() || lateness <= LATE {
            return verdict;
        }
        late = verdict;
    }
    late
}

/// Runs `scenario` on a fresh loop and closes the loop; what it gives is printed last. Says how late the loop came at worst.
fn replay_once<T: fmt::Display>(
    subject: &Subject<Loops>,
    recorded: &str,
    slowed: u32,
    scenario: impl Fn(&mut Runner, &Log) -> Result<Option<T>, Miss>,
) -> Result<(Verdict, Duration), Miss> {
    let log = Log::default();
    let (driver, watch) = spy::watch_slowed(subject.fresh()?, slowed);
    let mut runner = Runner::new(driver);
    let ended = scenario(&mut runner, &log);
    let report = runner.close(GRACE);
    if let Some(result) = ended? {
        log.line(result);
    }
    let clean = ensure(report.is_clean(), format!("the close reports: {report}"));
    Ok((log.compare(recorded).and(clean), watch.lateness()))
}

/// A `bool` as Python prints it.
fn py(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// Items as Python prints a list of them.
fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}

/// A text as Python prints it inside a list.
fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// `asyncio.wait(tasks)`: waits until all have ended, in whatever way.
async fn wait<T: 'static>(tasks: impl IntoIterator<Item = &mut Task<T>>) -> Vec<Result<T, JoinError>> {
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await);
    }
    outcomes
}

/// The names of tasks, sorted, as Python prints a list of them.
fn names<T: 'static>(tasks: &[&mut Task<T>]) -> String {
    let mut names: Vec<_> = tasks.iter().map(|task| quoted(&task.name())).collect();
    names.sort();
    list(names)
}

/// `async with asyncio.timeout(duration) as scope`: the scope can be asked afterwards.
async fn scoped<T>(
    duration: Duration,
    body: impl AsyncFnOnce(TimeoutScope) -> T,
) -> (TimeoutScope, Result<T, Elapsed>) {
    let kept = RefCell::new(None);
    let outcome = timeout_scope(duration, async |scope| {
        kept.replace(Some(scope.clone()));
        body(scope).await
    })
    .await;
    (kept.take().expect("a body is polled once, however little time it has"), outcome)
}

/// Whether a task ended by a cancel.
fn cancelled<T>(outcome: &Result<T, JoinError>) -> bool {
    matches!(outcome, Err(JoinError::Cancelled(_)))
}

#[cfg(test)]
mod tests {
    use super::{Log, list, quoted};
    use crate::Miss;

    fn log(lines: &[&str]) -> Log {
        let log = Log::default();
        lines.iter().for_each(|line| log.line(line));
        log
    }

    #[test]
    fn the_first_line_that_differs_is_told() {
        let Err(Miss::Fail(why)) = log(&["a", "x", "y"]).compare("a\nb\nc\n") else { panic!("they differ") };
        assert_eq!(why, "line 2: saw `x`, CPython printed `b`");
    }

    #[test]
    fn lines_that_are_missing_or_too_many_are_a_failure() {
        assert!(log(&["a"]).compare("a\nb\n").is_err());
        assert!(log(&["a", "b"]).compare("a\n").is_err());
        assert!(log(&["a", "b"]).compare("a\nb\n").is_ok());
    }

    #[test]
    fn lists_print_as_in_python() {
        assert_eq!(list(["a", "b"].map(quoted)), "['a', 'b']");
        assert_eq!(list::<u8>([]), "[]");
    }
}
