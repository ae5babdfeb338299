//! The native driver, descriptors, sockets and signals of the loop.

mod descriptor;
mod native;
pub mod net;
mod readiness_thread;
mod signal;
mod stand_in;
mod sys;

pub use descriptor::Descriptor;
pub use native::NativeDriver;
pub use readiness_thread::ReadinessThread;
pub use signal::ctrl_c;
pub use stand_in::run;
pub(crate) use stand_in::{current_reactor, to_thread};
