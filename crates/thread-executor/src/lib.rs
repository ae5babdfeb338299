#![doc = include_str!("../README.md")]

mod sync;

#[cfg_attr(not(loom), expect(unreachable_pub, reason = "the models in tests/loom.rs look at it"))]
mod queue;

#[cfg(not(loom))]
mod builder;
#[cfg(not(loom))]
mod pool;
#[cfg(not(loom))]
mod stats;
#[cfg(not(loom))]
mod threads;
#[cfg(not(loom))]
mod timers;

#[cfg(not(loom))]
pub use builder::Builder;
#[cfg(not(loom))]
pub use contract::{
    Cancel, Drain, Executor, ExecutorExt, Job, JobError, Panic, Reject, Rejected, Report, Room, Shutdown,
    Submit, block_on, block_on_timeout,
};
#[cfg(not(loom))]
pub use pool::ThreadPool;
#[cfg(not(loom))]
pub use stats::Stats;
#[cfg(not(loom))]
#[doc(hidden)]
pub use threads::thread_name;

/// What the models look at.
#[cfg(loom)]
#[doc(hidden)]
pub mod model {
    pub use crate::queue::{Counts, Crew, Queue, Refusal, Snapshot, Task, Ticket, Worker};
}
