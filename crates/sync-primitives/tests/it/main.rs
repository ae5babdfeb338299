//! The primitives, tried from outside: by a tiny event loop of one thread, and by many threads.
#![allow(clippy::duplicate_mod, reason = "both kinds of a primitive are tried by the same files")]

mod allocations;
mod bad_input;
mod barrier;
mod blocking;
mod bounded_semaphore;
mod capacity_limiter;
mod compiles;
mod condition;
mod dropped;
mod foreign;
mod harness;
mod limited;
mod linearizable;
mod local;
mod random;
mod shared;
mod threads;
