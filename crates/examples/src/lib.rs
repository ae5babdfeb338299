//! One idiom a file: how asyncio's ways look here, each with the Python above it.
//!
//! Each has a program of its name in `src/bin`, which says what it prints: `cargo run -p examples --bin hello`.
//! All take `--runtime native|tokio|smol|glommio`; what they print does not change with it.

pub mod args;
pub mod blocked_loop;
pub mod cancel_cleanup;
pub mod compare;
pub mod echo;
pub mod executor_while_printing;
pub mod from_a_thread;
pub mod hello;
pub mod limited;
pub mod own_executor;
pub mod producers_consumers;
pub mod runtime;
pub mod three_pools;
pub mod timeouts;
