#![doc = include_str!("../README.md")]

mod gate;
mod lanes;
mod seat;
mod stamp;
mod sync;
mod word;

#[cfg_attr(not(loom), expect(unreachable_pub, reason = "the models in tests/loom.rs look at it"))]
mod core;

#[cfg(not(loom))]
mod builder;
#[cfg(not(loom))]
mod pool;
#[cfg(not(loom))]
mod scope;
#[cfg(not(loom))]
mod stats;
#[cfg(not(loom))]
mod sys;
#[cfg(not(loom))]
mod threads;
#[cfg(not(loom))]
mod timers;

#[cfg(not(loom))]
pub use crate::core::blocking;
#[cfg(not(loom))]
pub use builder::{BuildError, Builder};
#[cfg(not(loom))]
pub use contract::{
    Attempt, Cancel, Drain, Executor, ExecutorExt, Fallible, Histogram, Job, JobError, Panic, Priority,
    Reject, Rejected, Report, Room, Shutdown, Stop, StopToken, Submit, When, as_completed, block_on,
    block_on_timeout, checkpoint, wait,
};
#[cfg(not(loom))]
pub use pool::ThreadPool;
#[cfg(not(loom))]
pub use scope::{Scope, ScopedJob};
#[cfg(not(loom))]
pub use stats::{Lane, Stats};
#[cfg(not(loom))]
pub use sys::Affinity;
#[cfg(not(loom))]
#[doc(hidden)]
pub use threads::thread_name;

/// What the models look at.
#[cfg(loom)]
#[doc(hidden)]
pub mod model {
    pub use crate::core::{Core, Hands, Limits, Refusal, Ticket, Worker, blocking};
}
