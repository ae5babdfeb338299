//! Trying a behaviour: in a thread of its own, with a limit, and with what is known about the subject.

use crate::subject::Treatment;
use crate::{Behaviour, Kind, Miss, Subject, Verdict};
use contract::Panic;
use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How many behaviours [`Subject::failures`] tries at a time. Nearly all of them only wait, and those that hang do nothing
/// else.
const AT_A_TIME: usize = 24;

/// A limit is waited for in so many steps: while the machine stands still, at most one of them passes.
const TICKS: u32 = 100;

/// What came of trying one behaviour on one subject. Displayed as the cell of the matrix: `pass`, `fail: why`, `skip: why`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not, or it does where it is expected not to.
    Fail(String),
    /// It was not tried, or it failed as expected, for this reason.
    Skip(String),
}

/// How long what a behaviour waits for may take before it counts as lost. Only a hang takes that long.
const SOON: Duration = Duration::from_secs(60);

/// As long, where a failure is expected: nothing hangs on whether it is a late success.
const SOON_ENOUGH: Duration = Duration::from_secs(2);

thread_local! {
    static PATIENCE: Cell<Duration> = const { Cell::new(SOON) };
}

/// How long a job may take, in the behaviour that runs on this thread, before it counts as lost.
pub(crate) fn soon() -> Duration {
    PATIENCE.get()
}

impl<K: Kind> Behaviour<K> {
    /// Tries this behaviour on `subject`, in a thread of its own. A panic is a failure, and so is a hang: the thread is
    /// left behind then.
    #[must_use]
    pub fn try_on(&self, subject: &Subject<K>) -> Outcome {
        let exception = subject.exception(self.id);
        match exception.map(|exception| (exception.treatment, exception.reason)) {
            Some((Treatment::Skip, reason)) => Outcome::Skip(reason.to_owned()),
            Some((Treatment::Fails, reason)) => match self.attempt_on(subject, SOON_ENOUGH) {
                Outcome::Pass => Outcome::Fail(format!(
                    "it passes, but is listed as failing because {reason}: strike it off the list"
                )),
                Outcome::Fail(why) => Outcome::Skip(format!("fails as expected, because {reason} ({why})")),
                skipped @ Outcome::Skip(_) => skipped,
            },
            None => self.attempt_on(subject, SOON),
        }
    }

    fn attempt_on(&self, subject: &Subject<K>, patience: Duration) -> Outcome {
        let (attempt, limit, subject) = (self.attempt, subject.time_limit(), subject.clone());
        bounded(self.id, limit, move || {
            PATIENCE.set(patience);
            attempt(&subject)
        })
    }
}

/// Runs `attempt` in a thread of its own, for at most `limit`.
fn bounded(id: &str, limit: Duration, attempt: impl FnOnce() -> Verdict + Send + 'static) -> Outcome {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::Builder::new().name(id.to_owned()).spawn(move || {
        let verdict =
            Panic::catch(attempt).unwrap_or_else(|panic| Err(Miss::Fail(format!("it panicked: {panic}"))));
        // Whoever asked may have stopped waiting.
        let _unheard = sender.send(verdict);
    });
    if let Err(error) = thread {
        return Outcome::Fail(format!("no thread could be started for it: {error}"));
    }
    match within(&receiver, limit) {
        Ok(verdict) => verdict.into(),
        Err(RecvTimeoutError::Timeout) => Outcome::Fail(format!("it did not end within {limit:?}")),
        Err(RecvTimeoutError::Disconnected) => Outcome::Fail("its thread ended without an answer".to_owned()),
    }
}

/// What comes in time. A machine that stands still, or this process stopped, for a while takes none of the time away.
fn within<T>(receiver: &Receiver<T>, limit: Duration) -> Result<T, RecvTimeoutError> {
    for _ in 1..TICKS {
        match receiver.recv_timeout(limit / TICKS) {
            Err(RecvTimeoutError::Timeout) => {}
            ended => return ended,
        }
    }
    receiver.recv_timeout(limit / TICKS)
}

impl<K: Kind> Subject<K> {
    /// Tries every behaviour, one after another.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static Behaviour<K>, Outcome)> + '_ {
        K::behaviours().iter().map(|behaviour| (behaviour, behaviour.try_on(self)))
    }

    /// The ids of the behaviours that fail, in the order of the catalogue; many are tried at a time.
    #[must_use]
    pub fn failures(&self) -> Vec<&'static str> {
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(Vec::new());
        let try_some = || {
            while let Some(behaviour) = K::behaviours().get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Outcome::Fail(_) = behaviour.try_on(self) {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).push(behaviour.id);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..AT_A_TIME {
                scope.spawn(try_some);
            }
        });
        let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        K::behaviours().iter().map(|behaviour| behaviour.id).filter(|id| failed.contains(id)).collect()
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Ok(()) => Self::Pass,
            Err(Miss::Fail(why)) => Self::Fail(why),
            Err(Miss::Skip(why)) => Self::Skip(why),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("pass"),
            Self::Fail(why) => write!(f, "fail: {why}"),
            Self::Skip(why) => write!(f, "skip: {why}"),
        }
    }
}
