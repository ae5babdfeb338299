//! The loop on smol.

mod host;
mod suite;
