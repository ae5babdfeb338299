#![doc = include_str!("../README.md")]

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("process-executor runs on 64-bit Linux only: it stands on pidfds, epoll and /proc");

mod arena;
mod blob;
mod builder;
mod call;
mod child;
mod chunks;
mod codec;
mod counters;
mod cx;
mod desk;
mod ear;
mod entry;
mod frame;
mod hook;
mod image;
mod inbox;
mod kin;
mod limits;
mod line;
mod oom;
mod part;
mod pending;
mod plain;
mod plan;
mod pool;
mod recycle;
mod ring;
mod segment;
mod start_error;
mod stock;
mod supervisor;
mod surroundings;
mod sync;
mod sys;
mod tail;
mod task;
mod token;
mod trampoline;
mod tray;
mod wire;
mod worker;

pub use blob::{Blob, BlobMut};
pub use builder::{Builder, Workers};
pub use call::{Call, call};
pub use chunks::MapChunks;
pub use contract::{
    Cancel, CodecError, Death, Drain, Executor, ExecutorExt, Exit, Histogram, Job, JobError, OutOfMemory,
    Panic, Reject, Rejected, Report, Shutdown, Side, Stop, StopToken, Submit, checkpoint,
};
pub use counters::Stats;
pub use cx::{JobCx, current};
pub use entry::init;
pub use limits::Limit;
pub use plain::Plain;
pub use pool::ProcessPool;
pub use recycle::Recycle;
pub use start_error::StartError;
pub use surroundings::{Stderr, Stdout};
pub use task::{Named, Task, Tasks, task, worker_main};
