#![doc = include_str!("../README.md")]

pub mod block;
pub mod budget;
pub mod current;
#[cfg(unix)]
pub mod driver;
mod error;
mod executor;
mod ext;
mod fallible;
mod guest;
mod histogram;
mod job;
mod many;
mod map;
mod panic;
pub mod role;
mod room;
mod shutdown;
pub mod spin;
mod stop;
mod sync;

pub use block::{block_on, block_on_timeout};
#[cfg(unix)]
pub use driver::{
    Direction, Driver, Io, Listener, Profile, Reactor, Readiness, Sockets, Stream, Token, Unavailable,
};
pub use error::{CodecError, Death, Exit, JobError, OutOfMemory, Side};
pub use executor::{Executor, Priority, Reject, Rejected, Submit};
pub use ext::{ExecutorExt, Run, Submitting};
pub use fallible::{Attempt, Fallible};
pub use guest::{GuestError, Trap};
pub use histogram::Histogram;
pub use job::{Cancel, Control, Job, Promise, Runnable, Watch};
pub use many::{AsCompleted, NextCompleted, Wait, When, as_completed, wait};
pub use map::{Blocking, BlockingUnordered, Map, MapUnordered, NextResult, NextUnordered};
pub use panic::Panic;
pub use room::{Place, Room, Slots};
pub use shutdown::{Drain, Report, Shutdown, Straggler};
pub use stop::{Stop, StopToken, checkpoint};
