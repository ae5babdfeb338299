//! The loop, tried from outside.

mod alone;
mod native;
mod net;
mod readiness_thread;
mod signal;
mod signal_fork;
