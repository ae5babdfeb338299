//! The columns: what the behaviours are tried on, with what is known to be different about each.

use crate::processes;
use conformance::{Bench, Executors, Kind, Loops, Miss, Outcome, Stress, Subject};
use contract::Unavailable;
use core_loop::NativeDriver;
use std::num::NonZeroUsize;
use std::time::Duration;
use sync_primitives::Limited;
use thread_executor::ThreadPool;

/// A column that can be asked for.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    subject: fn() -> AnySubject,
}

/// Every column, drivers first.
pub(crate) const COLUMNS: &[Entry] = &[
    Entry { name: "native", subject: || AnySubject::Loop(Subject::driver("native", NativeDriver::new)) },
    Entry {
        name: "tokio",
        subject: || AnySubject::Loop(Subject::driver("tokio", loop_tokio::TokioDriver::new)),
    },
    Entry { name: "smol", subject: || AnySubject::Loop(Subject::driver("smol", loop_smol::SmolDriver::new)) },
    Entry { name: "glommio", subject: glommio },
    Entry { name: "threads", subject: || AnySubject::Executor(Subject::executor("threads", threads)) },
    Entry { name: "processes", subject: || AnySubject::Executor(processes::subject()) },
    Entry {
        name: "loop-handle",
        subject: || AnySubject::Executor(Subject::loop_handle("loop-handle", NativeDriver::new)),
    },
    Entry { name: "limited", subject: || AnySubject::Executor(Subject::executor("limited", limited)) },
];

enum AnySubject {
    Loop(Subject<Loops>),
    Executor(Subject<Executors>),
    /// Left out of this build.
    #[cfg_attr(
        feature = "glommio",
        expect(dead_code, reason = "only a build without a runtime leaves one out")
    )]
    Absent(&'static str),
}

#[cfg(feature = "glommio")]
fn glommio() -> AnySubject {
    AnySubject::Loop(Subject::driver("glommio", loop_glommio::GlommioDriver::new))
}

#[cfg(not(feature = "glommio"))]
fn glommio() -> AnySubject {
    AnySubject::Absent("this program was built without it; build with `--features glommio`")
}

/// How many workers the pools get.
const WORKERS: NonZeroUsize = NonZeroUsize::new(2).expect("two is not zero");

/// Permits of `Limited`: workers and a queue.
const PERMITS: NonZeroUsize = NonZeroUsize::new(100).expect("a hundred is not zero");

fn pool() -> ThreadPool {
    ThreadPool::new(WORKERS)
}

fn threads() -> Result<Bench, Unavailable> {
    Ok(Bench::closures(pool()).workers(WORKERS.get()))
}

fn limited() -> Result<Bench, Unavailable> {
    Ok(Bench::closures(Limited::new(pool(), PERMITS)).workers(WORKERS.get()))
}

/// What came of one column: an id and an outcome a row.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// `loop` or `executor`.
    pub(crate) subject: &'static str,
    pub(crate) cells: Vec<(&'static str, Outcome)>,
}

impl Column {
    /// Tries everything.
    pub(crate) fn run(entry: &'static Entry) -> Option<Self> {
        match (entry.subject)() {
            AnySubject::Loop(subject) => Some(Self::of(entry.name, &subject)),
            AnySubject::Executor(subject) => Some(Self::of(entry.name, &subject)),
            AnySubject::Absent(why) => {
                eprintln!("{}: no column: {why}", entry.name);
                None
            }
        }
    }

    fn of<K: Kind>(name: &'static str, subject: &Subject<K>) -> Self {
        let unavailable = subject.make().err().map(|unavailable| unavailable.to_string());
        let count = K::behaviours().len();
        let cells = K::behaviours().iter().enumerate().map(|(number, behaviour)| {
            let outcome = match &unavailable {
                Some(why) => Outcome::Skip(why.clone()),
                None => behaviour.try_on(subject),
            };
            eprintln!("{name} {}/{count} {}: {outcome}", number + 1, behaviour.id);
            (behaviour.id, outcome)
        });
        Self { name, subject: K::NAME, cells: cells.collect() }
    }

    pub(crate) fn failed(&self) -> bool {
        self.cells.iter().any(|(_, outcome)| matches!(outcome, Outcome::Fail(_)))
    }
}

/// How long a stress may go on without anything that ends: also under a tool that makes everything a hundred times slower.
const STALL: Duration = Duration::from_secs(120);

/// Puts one column under stress, and prints what came of it. `false` if it did not hold.
pub(crate) fn endure(entry: &Entry, stress: Stress) -> bool {
    let stressed = match (entry.subject)() {
        AnySubject::Loop(subject) => subject.limit(STALL).stress(stress),
        AnySubject::Executor(subject) => subject.limit(STALL).stress(stress),
        AnySubject::Absent(why) => Err(Miss::Skip(why.to_owned())),
    };
    let outcome = match &stressed {
        Ok(stressed) => stressed.to_string(),
        Err(Miss::Skip(why)) => format!("skip: {why}"),
        Err(Miss::Fail(why)) => format!("fail: {why}"),
    };
    println!("{}: {outcome}", entry.name);
    !matches!(stressed, Err(Miss::Fail(_)))
}
