//! One idiom a file: how asyncio's ways look here, each with the Python above it.
//!
//! Each has a program of its name in `src/bin`, which says what it prints: `cargo run -p examples --bin hello`.
//! All take `--runtime native|tokio|smol|glommio`; what they print does not change with it.

pub mod args;
pub mod compare;
pub mod echo;
pub mod hello;
pub mod runtime;
