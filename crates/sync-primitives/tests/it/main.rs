//! The primitives, tried from outside: by a tiny event loop of one thread, and by many threads.

mod allocations;
mod barrier;
mod bounded_semaphore;
mod budget;
mod cancel;
mod capacity_limiter;
mod compiles;
mod condition;
mod event;
mod harness;
mod items;
mod limited;
mod lock;
mod orders;
mod queue;
mod random;
mod semaphore;
mod threads;
