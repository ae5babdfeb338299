//! What `on_every_runtime!` makes of a test, and what makes one fail.

mod fails;
mod passes;
mod seeds;
mod virtual_time;
