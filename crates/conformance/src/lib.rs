#![doc = include_str!("../README.md")]

mod alone;
mod behaviour;
mod bench;
mod catalogue;
mod differential;
mod echo;
mod executors;
mod gate;
mod loop_thread;
mod loops;
mod primitives;
mod raise;
mod run;
mod seccomp;
mod spy;
mod stress;
mod subject;
mod suite;
mod trace;
mod virtual_time;
mod work;

pub use alone::{
    alone, broken_pipe_kills_nobody, given_up_leaks_nothing, lack_of_descriptors, server_without_descriptors,
    standard_streams,
};
pub use behaviour::{Behaviour, Kind, Level, Miss, Verdict};
pub use bench::{Bench, BoxFuture, Closure, Prepare};
#[doc(hidden)]
pub use catalogue::id;
pub use echo::Echo;
pub use executors::Executors;
pub use gate::{Arrival, Gate, this_worker};
pub use loop_thread::LoopThread;
pub use loops::Loops;
pub use primitives::{
    AnyBarrier, AnyBoundedSemaphore, AnyCondition, AnyEvent, AnyLock, AnyQueue, AnySemaphore, AnyTurn, Held,
    Kit, LocalFuture, Primitives,
};
pub use run::Outcome;
pub use seccomp::forbid_system_call;
pub use stress::{Dice, Stress, Stressed};
pub use subject::{Exception, Subject, Treatment};
pub use suite::{cannot_run, skipped};
#[doc(hidden)]
pub use suite::{endure, hold, tries_something};
pub(crate) use trace::Trace;
pub use work::Work;
