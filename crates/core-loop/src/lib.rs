#![doc = include_str!("../README.md")]
// The models in tests/loom take the files that they look at; the rest of the loop is not built for loom.
#![cfg(not(loom))]

mod as_completed;
mod bells;
mod callback;
mod clean_up;
mod close;
mod context;
mod current;
mod deadline;
mod debug;
mod default_executor;
mod descriptor;
mod driven;
mod dump;
mod error;
mod exception;
mod finally;
mod future;
mod gather;
mod group;
mod handle;
mod idle;
mod inbox;
mod instrument;
mod interrupt;
mod introspect;
mod jobs;
mod lend;
mod memory;
mod moment;
mod native;
pub mod net;
mod offload;
mod outside;
mod parcel;
pub mod pipe;
mod pool;
mod readiness_thread;
mod runner;
mod running;
mod shared;
mod shield;
mod shutdown;
pub mod signal;
mod sigpipe;
mod sleep;
pub mod stream;
mod stuck;
mod sync;
mod sys;
mod task;
mod task_local;
mod thread_bound;
mod timeout;
mod timeout_scope;
mod timers;
mod turn;
mod verdict;
mod wait;
mod wait_for;
mod waitable;
mod watchers;
mod wrap_future;

pub use as_completed::{AsCompleted, AsCompletedWithin, NextCompleted, as_completed};
pub use callback::{Handle, ThreadsafeHandle};
pub use context::{Context, Scope};
pub use contract;
pub use current::Loop;
pub use deadline::Deadline;
pub use debug::{Awaitable, DebugReport, Doing, StepInfo, WhichTask, WhichThread};
pub use default_executor::ShutdownDefaultExecutor;
pub use descriptor::Descriptor;
pub use dump::{DumpSocket, dump_on_connect, dump_on_signal};
pub use error::{Cancelled, CloseReport, Closed, Elapsed, InvalidState, JoinError, Reason, RunError};
pub use exception::ExceptionContext;
pub use finally::finally;
pub use future::{Future, Promise};
pub use gather::{
    Child, Children, Gather, Gathered, Member, Order, Siblings, TryChildren, TryGathered, gather, try_gather,
};
pub use group::{
    ChildError, ChildTask, GroupClosed, GroupError, ScopedChild, ScopedGroup, StartError, TaskGroup,
    TaskStatus,
};
pub use handle::{LoopHandle, Pinned, pinned};
pub use idle::{WaitUntilIdle, wait_until_idle};
pub use instrument::{Instrument, Step, Turn};
pub use introspect::{Branch, Ps, PsTree, TaskInfo, TaskState, ps, pstree};
pub use native::NativeDriver;
pub use offload::{BoxedWork, DefaultExecutor, RunInExecutor, ToThread, run_in_executor, to_thread};
pub use outside::{Outside, outside};
pub use pool::{LoopLost, LoopPool, PoolBuilder, PoolLoop, PoolStartError, StartProblem};
pub use readiness_thread::ReadinessThread;
pub use runner::{Carry, GRACE, Runner, carry, run, run_on};
pub use shield::{Shield, shield};
pub use signal::ctrl_c;
pub use sleep::{Sleep, sleep, sleep_until};
pub use stuck::Stuck;
pub use task::{
    AnyTask, Task, YieldNow, all_tasks, cancellable, current_task, spawn, spawn_cooperative, spawn_eager,
    yield_now,
};
pub use task_local::TaskLocal;
pub use thread_bound::ThreadBound;
pub use timeout::{Timeout, timeout, timeout_at};
pub use timeout_scope::{TimeoutScope, timeout_scope, timeout_scope_cooperative};
pub use wait::{ReturnWhen, Wait, Waited, wait};
pub use wait_for::{WaitFor, wait_for};
pub use waitable::{CancelError, Waitable};
pub use wrap_future::wrap_future;
