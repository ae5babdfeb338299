//! The loop on tokio.

mod suite;
