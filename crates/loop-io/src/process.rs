//! Child processes: started, fed, listened to, waited for; asyncio's subprocesses.
//!
//! A child is reaped as soon as it ends, whether anybody waits or not, and whatever becomes of its handle and its loop. No
//! handler of SIGCHLD is installed.

mod child;
mod command;
mod communicate;
mod handle;
mod orphans;
mod protocol;
mod stdio;
mod sys;

pub use command::Command;
pub use communicate::Output;
pub use handle::Process;
pub use protocol::{SubprocessProtocol, SubprocessTransport};
pub use stdio::Stdio;
