//! The columns: what the behaviours are tried on, with what is known to be different about each.

use crate::{interpreters, pools, processes};
use conformance::{
    Bench, Executors, Kind, Kit, LoopThread, Loops, Miss, Outcome, Primitives, Stress, Subject,
};
use contract::Unavailable;
use core_loop::NativeDriver;
use loop_test::drivers;
use std::num::NonZeroUsize;
use std::time::Duration;
use sync_primitives::Limited;
use thread_executor::ThreadPool;

/// A column that can be asked for.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// The runtime that it stands on.
    pub(crate) runtime: Option<&'static str>,
    /// Whether the matrix shows it, or only whoever asks for it by name.
    pub(crate) shown: bool,
    /// A pool of others behind our trait.
    pub(crate) foreign: bool,
    subject: fn() -> AnySubject,
}

enum AnySubject {
    Loop(Subject<Loops>),
    Executor(Subject<Executors>),
    Primitive(Subject<Primitives>),
}

/// Three columns a runtime: the loop on it, the handle of that loop, and primitives between its tasks.
macro_rules! columns {
    ([$($runtime:literal $handle:literal $on:literal $driver:path;)+] $($others:expr),+ $(,)?) => {
        &[
            $(Entry::on($runtime, $runtime, || {
                AnySubject::Loop(with_exceptions(Subject::driver($runtime, $driver)))
            }),
            Entry::on($handle, $runtime, || {
                AnySubject::Executor(Subject::loop_handle($handle, $driver))
            }),
            Entry::on($on, $runtime, || {
                AnySubject::Primitive(Subject::primitives_on($on, $driver))
            }),)+
            $($others,)+
        ]
    };
}

/// What is known not to hold on one carrier.
fn with_exceptions(subject: Subject<Loops>) -> Subject<Loops> {
    if subject.name() != "smol" {
        return subject;
    }
    let why = "smol has one reactor a process, and its own thread may be the one that looks at it";
    subject.skip("idle.what_has_arrived_is_taken_first", why)
}

/// A column of an executor that stands on no runtime.
macro_rules! executor {
    ($name:literal $make:expr) => {
        Entry::alone($name, || AnySubject::Executor(Subject::executor($name, $make)))
    };
}

/// Every column; those of one kind stand in one table, in this order.
pub(crate) const COLUMNS: &[Entry] = columns! {
    [
        "native" "native-handle" "on-native" NativeDriver::new;
        "tokio" "tokio-handle" "on-tokio" drivers::tokio;
        "smol" "smol-handle" "on-smol" drivers::smol;
        "glommio" "glommio-handle" "on-glommio" drivers::glommio;
    ]
    Entry::on("virtual", "virtual", || {
        AnySubject::Loop(Subject::virtual_driver("virtual", || drivers::virtual_time(None), drivers::advance))
    }),
    Entry::on("on-virtual", "virtual", || {
        AnySubject::Primitive(Subject::primitives_on("on-virtual", || drivers::virtual_time(None)))
    }),
    executor!("threads" threads),
    executor!("interpreters" interpreters::bench),
    executor!("processes" processes::bench),
    executor!("limited" limited),
    executor!("limited-processes" || processes::limited(PERMITS)).unless_asked(),
    executor!("limited-handle" limited_handle).unless_asked(),
    executor!("one-thread" one_thread),
    Entry::alone("raw-tokio-blocking", || AnySubject::Executor(pools::tokio())).foreign(Some("tokio")),
    Entry::alone("raw-smol-blocking", || AnySubject::Executor(pools::smol())).foreign(Some("smol")),
    Entry::alone("raw-glommio-blocking", || AnySubject::Executor(pools::glommio())).foreign(Some("glommio")),
    Entry::alone("raw-rayon", || AnySubject::Executor(pools::rayon())).foreign(None),
    Entry::alone("no-runtime", || {
        AnySubject::Primitive(Subject::primitives("no-runtime", || Ok(Kit::ours())))
    }),
};

/// How many workers the pools get.
const WORKERS: NonZeroUsize = NonZeroUsize::new(2).expect("two is not zero");

/// Permits of `Limited`: workers and a queue.
const PERMITS: NonZeroUsize = NonZeroUsize::new(100).expect("a hundred is not zero");

fn pool() -> ThreadPool {
    ThreadPool::new(WORKERS)
}

fn threads() -> Result<Bench, Unavailable> {
    let bench = Bench::closures(pool()).workers(WORKERS.get());
    Ok(bench.prepared(|prepare| {
        let pool = ThreadPool::builder().threads(WORKERS).on_thread_start(move |_| prepare()).build();
        Ok(Bench::closures(pool).workers(WORKERS.get()))
    }))
}

fn limited() -> Result<Bench, Unavailable> {
    Ok(Bench::closures(Limited::new(pool(), PERMITS)).workers(WORKERS.get()))
}

fn limited_handle() -> Result<Bench, Unavailable> {
    Ok(Bench::futures(Limited::new(LoopThread::start(NativeDriver::new)?, PERMITS)))
}

/// The user's own executor.
#[cfg(feature = "own-executor")]
fn one_thread() -> Result<Bench, Unavailable> {
    Ok(Bench::closures(examples::own_executor::OneThread::start(PERMITS.get())).workers(1))
}

#[cfg(not(feature = "own-executor"))]
fn one_thread() -> Result<Bench, Unavailable> {
    let cure = "build it with `--features own-executor`";
    Err(Unavailable::new("one-thread", "this program was built without it", cure))
}

impl Entry {
    const fn on(name: &'static str, runtime: &'static str, subject: fn() -> AnySubject) -> Self {
        Self { name, runtime: Some(runtime), shown: true, foreign: false, subject }
    }

    const fn alone(name: &'static str, subject: fn() -> AnySubject) -> Self {
        Self { name, runtime: None, shown: true, foreign: false, subject }
    }

    /// A pool of others; of a runtime that is tried, if it belongs to one.
    const fn foreign(self, runtime: Option<&'static str>) -> Self {
        Self { foreign: true, runtime, ..self }
    }

    const fn unless_asked(self) -> Self {
        Self { shown: false, ..self }
    }
}

/// What came of one column: an id and an outcome a row.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// `loop`, `executor` or `primitive`.
    pub(crate) subject: &'static str,
    pub(crate) cells: Vec<(&'static str, Outcome)>,
}

impl Column {
    /// Tries everything.
    pub(crate) fn run(entry: &'static Entry) -> Self {
        match (entry.subject)() {
            AnySubject::Loop(subject) => Self::of(entry.name, &subject),
            AnySubject::Executor(subject) => Self::of(entry.name, &subject),
            AnySubject::Primitive(subject) => Self::of(entry.name, &subject),
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

/// Puts one column under stress, and prints what came of it; primitives have no stress of their own. `false` if it did not
/// hold.
pub(crate) fn endure(entry: &Entry, stress: Stress) -> bool {
    let stressed = match (entry.subject)() {
        AnySubject::Loop(subject) => subject.limit(STALL).stress(stress),
        AnySubject::Executor(subject) => subject.limit(STALL).stress(stress),
        AnySubject::Primitive(_) => return true,
    };
    let outcome = match &stressed {
        Ok(stressed) => stressed.to_string(),
        Err(Miss::Skip(why)) => format!("skip: {why}"),
        Err(Miss::Fail(why)) => format!("fail: {why}"),
    };
    println!("{}: {outcome}", entry.name);
    !matches!(stressed, Err(Miss::Fail(_)))
}
