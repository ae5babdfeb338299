#![doc = include_str!("../README.md")]
// The models in tests/loom.rs take the files that they look at; the rest of the loop is not built for loom.
#![cfg(not(loom))]

mod callback;
mod clean_up;
mod close;
mod context;
mod current;
mod default_executor;
mod descriptor;
mod driven;
mod error;
mod exception;
mod finally;
mod gather;
mod handle;
mod inbox;
mod jobs;
mod lend;
mod native;
pub mod net;
mod offload;
mod readiness_thread;
mod runner;
mod running;
mod shared;
mod signal;
mod slab;
mod sleep;
mod sync;
mod sys;
mod task;
mod task_local;
mod thread_bound;
mod timeout;
mod timers;
mod turn;

pub use callback::{Handle, ThreadsafeHandle};
pub use context::{Context, Scope};
pub use contract;
pub use current::Loop;
pub use default_executor::ShutdownDefaultExecutor;
pub use descriptor::Descriptor;
pub use error::{CloseReport, Closed, Elapsed, JoinError, Reason, RunError};
pub use exception::ExceptionContext;
pub use finally::finally;
pub use gather::{Child, Children, Gather, Gathered, Siblings, gather};
pub use handle::{LoopHandle, Pinned, pinned};
pub use native::NativeDriver;
pub use offload::{BoxedWork, DefaultExecutor, ToThread, run_in_executor, to_thread};
pub use readiness_thread::ReadinessThread;
pub use runner::{Carry, GRACE, Runner, carry, run, run_on};
pub use signal::ctrl_c;
pub use sleep::{Sleep, sleep, sleep_until};
pub use task::{Task, YieldNow, spawn, yield_now};
pub use task_local::TaskLocal;
pub use timeout::{Timeout, timeout};
