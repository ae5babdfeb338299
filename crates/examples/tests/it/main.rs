//! Each example prints what it says it prints, on every runtime, and so does the Python above it.

mod command_line;
mod compare;
mod echo;
mod everywhere;
mod http;
mod interrupted;
mod metrics;
mod one_loop_per_core;
mod own_executor;
mod program;
mod programs;
mod python;
