//! The primitives, tried from outside: by a tiny event loop of one thread, and by many threads.

mod allocations;
mod budget;
mod cancel;
mod compiles;
mod event;
mod harness;
mod limited;
mod lock;
mod queue;
mod random;
mod semaphore;
mod threads;
